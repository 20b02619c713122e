/** Time that is only good for durations: it never goes back, and a step of the wall clock does not move it. */
import type { Clock } from "effect/Clock"

/** Milliseconds of the monotonic clock, with fractions. */
export const millis = (clock: Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
