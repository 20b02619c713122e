/**
 * A background sound under a voice: an office, music on hold, typing.
 *
 * The sound is a loop of samples at the rate of the voice. It goes on while nobody speaks, so a mixer is asked for every
 * frame that leaves, with or without a voice in it. Sums that do not fit into 16 bits saturate, they never wrap around.
 *
 * @since 0.1.0
 */
import * as Level from "./Level.ts"

/** What a mixer is made of. */
export interface Options {
  /** One round of the sound. If empty, there is no sound. */
  readonly background: Int16Array
  /** How loud the sound is, in decibels relative to how it was recorded. By default -12. */
  readonly gainDb?: number | undefined
  /** How much quieter the sound is while there is a voice, in decibels. By default 0. */
  readonly duckDb?: number | undefined
  /** Whether the sound begins again when it ends. By default it does. */
  readonly loop?: boolean | undefined
}

/** A background sound, and how far it has been played. One for each call. */
export interface Mixer {
  /** Mixes the next samples of the sound under a voice. The voice is not changed. */
  readonly under: (voice: Int16Array) => Int16Array
  /** The next samples of the sound alone. */
  readonly alone: (length: number) => Int16Array
}

/** Makes a mixer that begins with the first sample of the sound. */
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

/** The nearest value that 16 bits can hold. */
export const saturate = (value: number): number => (value > 32767 ? 32767 : value < -32768 ? -32768 : value)
