/**
 * Time that is only good for durations: it never goes back, and a step of the wall clock, as when a machine sets its time or
 * wakes up, does not move it.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** Milliseconds of a clock since some moment, with fractions. */
export const millis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000

/** The same for the current clock. */
export const now: Effect.Effect<number> = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1_000_000)

/** The shortest time that a clock can tell: a nanosecond. */
const shortest = 1e-6

/**
 * Milliseconds left until a time of `millis`; 0 once it has come. A rest that is shorter than any clock can tell counts as
 * nothing, because a sleep of that length would take no time, and whoever looks again after it would never get on.
 */
export const left = (clock: Clock.Clock, until: number): number => {
  const left = until - millis(clock)
  return left < shortest ? 0 : left
}
