/**
 * Time within an audio stream: milliseconds counted from its samples, never read from a clock.
 *
 * Sample 0 is at 0 ms. When packets arrive makes no difference: late or in bursts, the same samples have the same
 * times.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** Milliseconds since the first sample of a stream. Not always whole: one sample at 44100 Hz lasts 0.0227 ms. */
export const AudioTime = Schema.Finite.pipe(Schema.brand("@antiphon/speech/AudioTime"))
export type AudioTime = typeof AudioTime.Type

/** Makes a time from milliseconds, which must be finite. */
export const make = (ms: number): AudioTime => ms as AudioTime

/** The time of the first sample. */
export const zero: AudioTime = make(0)

/** The time at which a sample begins. Convert a total count of samples: adding up rounded times would drift. */
export const fromSamples = (samples: number, sampleRateHz: number): AudioTime => make((samples * 1000) / sampleRateHz)

/** The index of the sample nearest to a time. */
export const toSamples = (time: AudioTime, sampleRateHz: number): number => Math.round((time * sampleRateHz) / 1000)

/** The time `ms` milliseconds later, or earlier if `ms` is negative. */
export const plus = (time: AudioTime, ms: number): AudioTime => make(time + ms)

/** Milliseconds from one time to a later one. */
export const elapsed = (from: AudioTime, to: AudioTime): number => to - from
