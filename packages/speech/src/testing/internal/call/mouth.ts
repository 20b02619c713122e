/**
 * What the microphone of a simulated caller takes: sounds at their times, one over the other, and which words are in them.
 *
 * Times are milliseconds of the call, samples are 16 bits at 16 kHz until they are taken in the format of the line.
 */
import * as AudioFormat from "../../../AudioFormat.ts"
import * as Pcm from "../../../Pcm.ts"
import * as Resample from "../../../Resample.ts"
import { sampleRateHz, type Word } from "../../CallerVoice.ts"

/** Something that was said, with the times of its words in the call. */
export interface Utterance {
  readonly from: number
  readonly to: number
  readonly words: ReadonlyArray<Word>
  /** Whether nobody recognises it: a noise. */
  readonly isNoise: boolean
}

export interface Mouth {
  /** Puts a sound into what is to come. Returns when it is over. */
  readonly add: (from: number, samples: Int16Array, words?: ReadonlyArray<Word>) => Utterance
  /** Puts a sound into what is to come that has the rate of the line. */
  readonly mix: (from: number, samples: Int16Array, gain: number) => void
  /** Takes what there is between two times, in the format of the line. What was taken is gone. */
  readonly take: (from: number, to: number) => Uint8Array
  readonly utterances: ReadonlyArray<Utterance>
}

interface Sound {
  /** The place of its first sample in the call, at the rate of the line. */
  readonly first: number
  readonly samples: Int16Array
  readonly gain: number
}

/** Makes a mouth. `noise` makes so many samples of the noise around it. */
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
