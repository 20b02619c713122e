/**
 * Voices of simulated callers, and the noises that callers make. Samples are 16 bits at 16 kHz.
 *
 * `made` builds speech from pulses and resonances: it is not intelligible, but it has a pitch, syllables and pauses
 * between words, so a voice detector takes it for speech, and it needs no file or engine. `recorded` plays samples of
 * real people.
 *
 * @since 0.1.0
 */
import * as Chance from "@antiphon/core/testing/Chance"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Pcm from "../Pcm.ts"
import * as Resample from "../Resample.ts"
import type { SpokenAudio } from "../SpokenAudio.ts"

/** The rate of all samples here. */
export const sampleRateHz = 16_000

/** A word in samples, in milliseconds from their beginning. */
export interface Word {
  readonly text: string
  readonly from: number
  readonly to: number
}

/** An utterance. */
export interface Said {
  readonly samples: Int16Array
  readonly words: ReadonlyArray<Word>
}

/** A voice. It says the same text the same way each time. */
export interface CallerVoice {
  readonly name: string
  readonly say: (text: string, wordsPerMinute: number) => Said
}

/** The sound of a made voice. Missing options are drawn from the seed. */
export interface Options {
  readonly seed?: number | undefined
  /** Pitch, from about 80 (a low voice) to 300. */
  readonly pitchHz?: number | undefined
  /** Peak, in dB below full scale. -10 by default. */
  readonly levelDbfs?: number | undefined
}

/** Makes a voice from pulses and resonances. */
export const made = (options: Options = {}): CallerVoice => {
  const seed = options.seed ?? 1
  const chance = Chance.make(seed).split("voice")
  const pitchHz = options.pitchHz ?? chance.int(90, 230)
  // A shorter throat has higher resonances.
  const throat = 0.85 + 0.3 * ((pitchHz - 80) / 220)
  const peak = 32767 * 10 ** ((options.levelDbfs ?? -10) / 20)
  return {
    name: `made ${seed}`,
    say: (text, wordsPerMinute) => {
      const texts = text.match(/\S+/gu) ?? []
      const wordMs = 60_000 / wordsPerMinute
      const samples = new Int16Array(Math.round((texts.length * wordMs * sampleRateHz) / 1000))
      const words = texts.map((word, index): Word => {
        const from = index * wordMs
        const to = from + wordMs * spokenShare
        const sounds = soundsOf(word)
        const isLast = index === texts.length - 1
        speak(samples, {
          from,
          to,
          sounds,
          throat,
          peak,
          pitchHz: pitchHz * (isLast ? 0.9 : 1 + 0.05 * Math.sin(index))
        })
        return { text: word, from, to }
      })
      return { samples, words }
    }
  }
}

/** Makes a voice from recorded utterances by text. Dies on a text that was not recorded. */
export const recorded = (name: string, utterances: { readonly [text: string]: Said }): CallerVoice => ({
  name,
  say: (text) => {
    const said = utterances[text]
    if (said === undefined) throw new Error(`The voice ${name} has no recording of “${text}”.`)
    return said
  }
})

/**
 * Synthesises some texts beforehand with a real voice such as flite: `spoken("slt", texts, (text) =>
 * flite.speak(text))`. The result can say only these texts, at the voice's own pace.
 */
export const spoken = <E, R>(
  name: string,
  texts: ReadonlyArray<string>,
  speak: (text: string) => Stream.Stream<SpokenAudio, E, R>
): Effect.Effect<CallerVoice, E, R> =>
  Effect.map(
    Effect.forEach(texts, (text) =>
      Effect.map(Stream.runCollect(speak(text)), (parts) => [text, saidOf(parts)] as const)
    ),
    (said) => recorded(name, Object.fromEntries(said))
  )

const saidOf = (parts: ReadonlyArray<SpokenAudio>): Said => {
  const samples = parts.map(({ audio }) => Resample.all(Pcm.decode(audio), audio.format.sampleRateHz, sampleRateHz))
  const all = new Int16Array(samples.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of samples) {
    all.set(part, at)
    at += part.length
  }
  const words = parts.flatMap(({ words }) =>
    words.map(({ end, start, text }): Word => ({ text, from: start, to: end }))
  )
  return { samples: all, words }
}

/** Makes an utterance from a recording without word times: the words divide its duration evenly. */
export const timed = (text: string, samples: Int16Array): Said => {
  const texts = text.match(/\S+/gu) ?? []
  const loud = 0.02 * 32767
  const first = samples.findIndex((sample) => Math.abs(sample) > loud)
  const last = samples.findLastIndex((sample) => Math.abs(sample) > loud)
  const [from, to] = [first, last + 1].map((sample) => (sample * 1000) / sampleRateHz) as [number, number]
  const each = (to - from) / Math.max(1, texts.length)
  return {
    samples,
    words: texts.map((word, index) => ({ text: word, from: from + index * each, to: from + (index + 1) * each }))
  }
}

/**
 * A cough: a burst of noise, followed by clearing the throat. Contains no words, but a voice detector may take it for
 * speech.
 */
export const cough = (chance: Chance.Chance, levelDbfs = -12): Int16Array => {
  const peak = 32767 * 10 ** (levelDbfs / 20)
  const burstMs = chance.int(110, 170)
  const samples = new Int16Array((600 * sampleRateHz) / 1000)
  const throat = { throat: 1, peak, pitchHz: chance.int(80, 140), sounds: [vowels["a"]!, vowels["u"]!] }
  speak(samples, { ...throat, from: 220, to: 220 + chance.int(220, 320) })
  let low = 0
  for (let i = 0; i < (burstMs * sampleRateHz) / 1000; i++) {
    low += 0.35 * (2 * chance.next() - 1 - low)
    samples[i] = Math.round(peak * 1.6 * low * Math.exp((-4000 * i) / (burstMs * sampleRateHz)))
  }
  return samples
}

/** The share of a word's duration that has sound. */
const spokenShare = 0.85

/** A vowel, or a hiss. */
type Sound = readonly [first: number, second: number] | "hiss"

/** The first two resonances of vowels, in Hz (Peterson and Barney, 1952, men). */
const vowels: { readonly [letter: string]: Sound } = {
  a: [730, 1090],
  e: [530, 1840],
  i: [270, 2290],
  o: [570, 840],
  u: [300, 870],
  y: [390, 1990],
  m: [250, 1100],
  n: [280, 1700]
}

const soundsOf = (word: string): ReadonlyArray<Sound> => {
  const sounds: Array<Sound> = []
  for (const letter of word.toLowerCase()) {
    const sound = vowels[letter] ?? (/[sfxzct]/.test(letter) ? "hiss" : undefined)
    if (sound !== undefined && sound !== sounds.at(-1)) sounds.push(sound)
  }
  return sounds.some((sound) => sound !== "hiss") ? sounds : [...sounds, vowels["e"]!]
}

interface Stretch {
  readonly from: number
  readonly to: number
  readonly sounds: ReadonlyArray<Sound>
  readonly throat: number
  readonly peak: number
  readonly pitchHz: number
}

/** A hiss is shorter than a vowel. */
const weightOf = (sound: Sound): number => (sound === "hiss" ? 0.4 : 1)

const speak = (into: Int16Array, { from, peak, pitchHz, sounds, throat, to }: Stretch): void => {
  const first = Math.round((from * sampleRateHz) / 1000)
  const length = Math.min(into.length, Math.round((to * sampleRateHz) / 1000)) - first
  const total = sounds.reduce((sum, sound) => sum + weightOf(sound), 0)
  const raw = new Float64Array(length)
  const noise = Chance.make(first)
  const filters = [resonator(), resonator(), resonator()]
  let at = 0
  let phase = 0
  for (const sound of sounds) {
    const end = Math.min(length, Math.round(at + (length * weightOf(sound)) / total))
    const [one, two] = sound === "hiss" ? [2500, 4500] : sound
    for (; at < end; at++) {
      phase += (pitchHz * (1 + 0.03 * Math.sin((2 * Math.PI * 5 * at) / sampleRateHz))) / sampleRateHz
      const isPulse = phase >= 1
      if (isPulse) phase -= 1
      const source =
        sound === "hiss" ? 0.15 * (2 * noise.next() - 1) : (isPulse ? 1 : 0) + 0.01 * (2 * noise.next() - 1)
      raw[at] =
        filters[0]!(source, one * throat, 80) +
        0.6 * filters[1]!(source, two * throat, 100) +
        0.25 * filters[2]!(source, 2700 * throat, 150)
    }
  }
  const loudest = raw.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9)
  const slope = 0.02 * sampleRateHz
  for (let i = 0; i < length; i++) {
    const fade = Math.min(1, i / slope, (length - i) / slope)
    into[first + i] = Math.round((peak * fade * raw[i]!) / loudest)
  }
}

/** A filter with two poles: one resonance of the throat. */
const resonator = () => {
  let [before, last] = [0, 0]
  return (input: number, hz: number, widthHz: number): number => {
    const r = Math.exp((-Math.PI * widthHz) / sampleRateHz)
    const next = input + 2 * r * Math.cos((2 * Math.PI * hz) / sampleRateHz) * last - r * r * before
    before = last
    last = next
    return next
  }
}
