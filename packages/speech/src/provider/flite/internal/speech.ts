/** Speaks a text clause by clause, in the requested format. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../../AudioFormat.ts"
import * as AudioTime from "../../../AudioTime.ts"
import * as Pcm from "../../../Pcm.ts"
import * as Resample from "../../../Resample.ts"
import type * as SpokenAudio from "../../../SpokenAudio.ts"
import * as Clauses from "./clauses.ts"
import type * as Synthesis from "./synthesis.ts"
import type { Say } from "./thread.ts"

interface Manner {
  readonly format: AudioFormat.AudioFormat
  readonly voice: string
  readonly stretch: number
}

/** Requests each clause only when it is pulled. */
export const speak = <E>(
  say: Say<E>,
  text: string,
  { format, stretch, voice }: Manner
): Stream.Stream<SpokenAudio.SpokenAudio, E> =>
  Stream.suspend(() => {
    let samples = 0
    return Stream.fromIterable(Clauses.of(text)).pipe(
      Stream.mapEffect((clause) =>
        Effect.map(say({ ...clause, voice, stretch }), (said) => {
          const part = partOf(said, format, AudioTime.fromSamples(samples, format.sampleRateHz))
          samples += part.audio.bytes.length / AudioFormat.bytesPerSample(format)
          return part
        })
      )
    )
  })

/** Converts a clause to the requested format, and shifts its times to its place in the utterance. */
const partOf = (
  said: Synthesis.Said,
  format: AudioFormat.AudioFormat,
  time: AudioTime.AudioTime
): SpokenAudio.SpokenAudio => {
  const at = (seconds: number) => AudioTime.plus(time, seconds * 1000)
  // Each clause starts and ends in silence, so it can be resampled on its own.
  const samples = Resample.all(said.samples, said.sampleRateHz === 8000 ? 8000 : 16000, format.sampleRateHz)
  return {
    audio: Pcm.encodeFrame(format, samples, time),
    words: said.words.map(({ end, segments, start, text }) => ({
      text,
      start: at(start),
      end: at(end),
      phonemes: segments.map(({ end, start, symbol }) => ({ symbol, start: at(start), end: at(end) }))
    }))
  }
}
