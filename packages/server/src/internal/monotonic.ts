/** Monotonic time: good for durations only. It never goes back, and ignores changes of the wall clock. */
import type { Clock } from "effect/Clock"

/** Milliseconds of the monotonic clock, with fractions. */
export const millis = (clock: Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
