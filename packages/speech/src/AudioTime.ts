/**
 * Time on a stream of audio: milliseconds counted from its samples, and never read from a clock.
 *
 * Sample 0 is at 0 ms. Packets that arrive late, early or in bursts change nothing: the same samples have the same times.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** Milliseconds since the first sample of a stream. Not always whole: one sample at 44100 Hz lasts 0.0227 ms. */
export const AudioTime = Schema.Finite.pipe(Schema.brand("@antiphon/speech/AudioTime"))
export type AudioTime = typeof AudioTime.Type

/** Takes a number of milliseconds for a time. The number must be finite. */
export const make = (ms: number): AudioTime => ms as AudioTime

/** The time of the first sample. */
export const zero: AudioTime = make(0)

/** The time at which a sample begins. Count samples, and convert the total: sums of rounded times drift. */
export const fromSamples = (samples: number, sampleRateHz: number): AudioTime => make((samples * 1000) / sampleRateHz)

/** The number of the sample that is nearest to a time. */
export const toSamples = (time: AudioTime, sampleRateHz: number): number => Math.round((time * sampleRateHz) / 1000)

/** A time that is some milliseconds later, or earlier if `ms` is negative. */
export const plus = (time: AudioTime, ms: number): AudioTime => make(time + ms)

/** Milliseconds from one time to a later one. */
export const elapsed = (from: AudioTime, to: AudioTime): number => to - from
