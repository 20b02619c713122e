/**
 * The microphone of a simulated caller: mixes sounds at their times, and tracks the words in them.
 *
 * Times are milliseconds of the call; samples are 16 bits at 16 kHz until they are taken in the format of the line.
 */
import * as AudioFormat from "../../../AudioFormat.ts"
import * as Pcm from "../../../Pcm.ts"
import * as Resample from "../../../Resample.ts"
import { sampleRateHz, type Word } from "../../CallerVoice.ts"

/** An utterance, with the times of its words in the call. */
export interface Utterance {
  readonly from: number
  readonly to: number
  readonly words: ReadonlyArray<Word>
  /** Whether it is noise, which the recogniser ignores. */
  readonly isNoise: boolean
}

export interface Mouth {
  /** Schedules a sound. Returns when it ends. */
  readonly add: (from: number, samples: Int16Array, words?: ReadonlyArray<Word>) => Utterance
  /** Schedules a sound that has the line's sample rate. */
  readonly mix: (from: number, samples: Int16Array, gain: number) => void
  /** Removes and returns the audio between two times, in the format of the line. */
  readonly take: (from: number, to: number) => Uint8Array
  readonly utterances: ReadonlyArray<Utterance>
}

interface Sound {
  /** The position of its first sample in the call, at the line's sample rate. */
  readonly first: number
  readonly samples: Int16Array
  readonly gain: number
}

/** Makes a microphone. `noise` returns this many samples of background noise. */
export const make = (format: AudioFormat.AudioFormat, noise?: (samples: number) => Float64Array): Mouth => {
  const perMs = format.sampleRateHz / 1000
  const placeOf = (ms: number) => Math.round(ms * perMs)
  let sounds: ReadonlyArray<Sound> = []
  const utterances: Array<Utterance> = []
  const mix = (from: number, samples: Int16Array, gain: number) => {
    sounds = [...sounds, { first: placeOf(from), samples, gain }]
  }
  return {
    utterances,
    mix,
    add: (from, samples, words = []) => {
      mix(from, Resample.all(samples, sampleRateHz, format.sampleRateHz), 1)
      const utterance: Utterance = {
        from,
        to: from + (samples.length * 1000) / sampleRateHz,
        words: words.map((word) => ({ ...word, from: from + word.from, to: from + word.to })),
        isNoise: words.length === 0
      }
      utterances.push(utterance)
      return utterance
    },
    take: (from, to) => {
      const [first, end] = [placeOf(from), placeOf(to)]
      const around = noise?.(end - first)
      const sum = around ?? new Float64Array(end - first)
      for (const sound of sounds) {
        const [begin, stop] = [Math.max(first, sound.first), Math.min(end, sound.first + sound.samples.length)]
        for (let at = begin; at < stop; at++) sum[at - first]! += sound.gain * sound.samples[at - sound.first]!
      }
      sounds = sounds.filter((sound) => sound.first + sound.samples.length > end)
      return Pcm.encode(
        format,
        Int16Array.from(sum, (value) => Math.max(-32768, Math.min(32767, Math.round(value))))
      )
    }
  }
}
