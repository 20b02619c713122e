/** The noise around a simulated caller, sample by sample. */
import * as Chance from "@antiphon/core/testing/Chance"
import * as AudioFormat from "../../../AudioFormat.ts"
import * as Resample from "../../../Resample.ts"
import * as CallerVoice from "../../CallerVoice.ts"
import type { Noise } from "../../Network.ts"

/** Makes a source of noise at the line's sample rate. */
export const make = (
  { kind, levelDbfs }: Noise,
  format: AudioFormat.AudioFormat,
  seed: number
): ((samples: number) => Float64Array) => {
  const chance = Chance.make(seed).split("noise")
  const next = sources[kind](chance, format.sampleRateHz)
  const rms = 32767 * 10 ** (levelDbfs / 20)
  return (samples) => {
    const made = new Float64Array(samples)
    for (let i = 0; i < samples; i++) made[i] = rms * next()
    return made
  }
}

type Source = (chance: Chance.Chance, rateHz: AudioFormat.SampleRateHz) => () => number

/** Noise sources with an RMS of 1. */
const sources: { readonly [Kind in Noise["kind"]]: Source } = {
  // The mean square of uniform noise is a third of its peak's square.
  hiss: (chance) => () => Math.sqrt(3) * (2 * chance.next() - 1),
  hum: (chance, rateHz) => {
    const hz = chance.int(90, 130)
    let at = 0
    return () => {
      const turn = (2 * Math.PI * hz * at++) / rateHz
      return Math.sin(turn) + 0.8 * Math.sin(2 * turn + 1) + 0.5 * Math.sin(3 * turn + 2)
    }
  },
  babble: (chance, rateHz) => {
    const loop = babble(chance, rateHz)
    const power = loop.reduce((sum, value) => sum + value * value, 0) / loop.length
    let at = 0
    return () => loop[at++ % loop.length]! / Math.sqrt(power)
  }
}

/** Number of people in a room, and the period after which they repeat themselves. */
const people = 6
const loopMs = 6000

const babble = (chance: Chance.Chance, rateHz: AudioFormat.SampleRateHz): Float64Array => {
  const loop = new Float64Array((loopMs * rateHz) / 1000)
  for (let person = 0; person < people; person++) {
    const voice = CallerVoice.made({ seed: chance.int(0, 1_000_000) })
    const words = chance.many(14, () => chance.pick(["la", "remo", "sati", "nolu", "me", "tasi", "o", "valu"]))
    const { samples } = voice.say(words.join(" "), chance.int(130, 200))
    const said = Resample.all(samples, CallerVoice.sampleRateHz, rateHz)
    const from = chance.int(0, loop.length - 1)
    for (let i = 0; i < said.length; i++) loop[(from + i) % loop.length]! += said[i]!
  }
  return loop
}
