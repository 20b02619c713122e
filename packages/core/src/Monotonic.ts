/**
 * Time for measuring durations. It never goes back, and it does not jump if the wall clock is set or the machine wakes up.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** Milliseconds since an arbitrary moment, with fractions. */
export const millis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000

/** The same for the current clock. */
export const now: Effect.Effect<number> = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1_000_000)

/** The shortest time that a clock can tell: a nanosecond. */
const shortest = 1e-6

/**
 * Milliseconds left until a time of `millis`, or 0 if it has come. Less than a nanosecond counts as 0: a sleep that short
 * takes no time, so a loop that slept for the rest would never end.
 */
export const left = (clock: Clock.Clock, until: number): number => {
  const left = until - millis(clock)
  return left < shortest ? 0 : left
}
