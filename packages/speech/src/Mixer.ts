/**
 * Mixes a background sound under a voice: an office, hold music, typing.
 *
 * The background has the sample rate of the voice, and continues while nobody speaks: pass every outgoing frame through
 * the mixer, and use `alone` if there is no voice. Sums that do not fit into 16 bits saturate instead of wrapping
 * around.
 *
 * @since 0.1.0
 */
import * as Level from "./Level.ts"

/** The background sound, and how loud it is. */
export interface Options {
  /** Samples of the sound. Empty for no background. */
  readonly background: Int16Array
  /** Gain of the background, in decibels. Defaults to -12. */
  readonly gainDb?: number | undefined
  /** Extra attenuation under a voice, in decibels. Defaults to 0. */
  readonly duckDb?: number | undefined
  /** Whether to start over at the end of the sound. Defaults to true. */
  readonly loop?: boolean | undefined
}

/** Plays the background of one call, and remembers the position in it. */
export interface Mixer {
  /** Returns the voice with the next samples of the background mixed in. Leaves `voice` unchanged. */
  readonly under: (voice: Int16Array) => Int16Array
  /** Returns the next samples of the background by itself. */
  readonly alone: (length: number) => Int16Array
}

/** Makes a mixer that starts at the beginning of the background. */
export const make = (options: Options): Mixer => {
  const { background, gainDb = -12, duckDb = 0, loop = true } = options
  const full = Level.gain(gainDb)
  const ducked = Level.gain(gainDb - duckDb)
  let at = 0

  const next = (): number => {
    if (at >= background.length) {
      if (!loop || background.length === 0) return 0
      at = 0
    }
    return background[at++]!
  }

  const mix = (length: number, voice: Int16Array | undefined): Int16Array => {
    const samples = new Int16Array(length)
    const factor = voice === undefined ? full : ducked
    for (let i = 0; i < length; i++) samples[i] = saturate((voice?.[i] ?? 0) + Math.round(next() * factor))
    return samples
  }

  return { under: (voice) => mix(voice.length, voice), alone: (length) => mix(length, undefined) }
}

/** Clamps a value to 16 bits. */
const saturate = (value: number): number => (value > 32767 ? 32767 : value < -32768 ? -32768 : value)
