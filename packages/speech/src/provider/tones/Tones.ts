/**
 * A deterministic voice for tests: it plays a tone for each word, with word times exact to the sample.
 *
 * @since 0.1.0
 */
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../AudioFormat.ts"
import * as AudioTime from "../../AudioTime.ts"
import * as Pcm from "../../Pcm.ts"
import type * as SpokenAudio from "../../SpokenAudio.ts"

/** How the tones sound. */
export interface Options {
  /** Defaults to `pcm_16000`. */
  readonly format?: AudioFormat.AudioFormat | undefined
  /** How long a word takes in milliseconds, including the silence after it. Defaults to 250. */
  readonly wordMs?: number | undefined
  /** Silence after the tone of each word, in milliseconds. Defaults to 50. */
  readonly gapMs?: number | undefined
}

/** Speaks a text, one word per element. The pitch of a word depends only on its letters. */
export const speak = (text: string, options: Options = {}): Stream.Stream<SpokenAudio.SpokenAudio> =>
  Stream.fromIterable(parts(text, options)).pipe(Stream.rechunk(1))

/** Returns all elements of {@link speak} at once. */
export const parts = (text: string, options: Options = {}): ReadonlyArray<SpokenAudio.SpokenAudio> => {
  const { format = AudioFormat.pcm16000, gapMs = 50, wordMs = 250 } = options
  const rateHz = format.sampleRateHz
  const wordSamples = Math.round((wordMs * rateHz) / 1000)
  const toneSamples = Math.max(0, wordSamples - Math.round((gapMs * rateHz) / 1000))
  return (text.match(/\S+/g) ?? []).map((word, i) => {
    const time = AudioTime.fromSamples(i * wordSamples, rateHz)
    const samples = new Int16Array(wordSamples)
    samples.set(tone(pitchHz(word), rateHz, toneSamples))
    return {
      audio: Pcm.encodeFrame(format, samples, time),
      words: [{ text: word, start: time, end: AudioTime.plus(time, (toneSamples * 1000) / rateHz) }]
    }
  })
}

/** Returns the pitch of a word, between 200 and 800 Hz. */
export const pitchHz = (word: string): number =>
  200 + (Array.from(word).reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) >>> 0, 7) % 601)

const amplitude = 8000
/** Each tone fades in and out over 5 ms, so that it does not click. */
const slopeMs = 5

const tone = (hz: number, rateHz: number, length: number): Int16Array => {
  const slope = (slopeMs * rateHz) / 1000
  return Int16Array.from({ length }, (_, i) => {
    const loudness = Math.min(1, i / slope, (length - i) / slope)
    return Math.round(amplitude * loudness * Math.sin((2 * Math.PI * hz * i) / rateHz))
  })
}
