/** A clock whose wall time can be moved, as when the system sets its time or wakes up; time that passes goes on as before. */
import type { Clock } from "effect"
import { Effect } from "effect"

export const shifted = (clock: Clock.Clock) => {
  let offset = 0
  const millis = () => clock.currentTimeMillisUnsafe() + offset
  const nanos = () => clock.currentTimeNanosUnsafe() + BigInt(offset) * 1_000_000n
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: clock.monotonicTimeNanos,
    sleep: (duration: Parameters<Clock.Clock["sleep"]>[0]) => clock.sleep(duration),
    /** Moves the wall time by this many milliseconds. */
    shift: (byMs: number) => {
      offset += byMs
    }
  } satisfies Clock.Clock & { readonly shift: (byMs: number) => void }
}
