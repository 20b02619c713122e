/**
 * Logs what goes wrong on a call. A caller can make an agent fail as often as they like, so the lines of one call are
 * limited: twenty at once, then one every ten seconds, which counts those that were left out.
 */
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Monotonic from "../../Monotonic.ts"

/** Lines that may be written at once. */
const burst = 20
/** Time after which one more line may be written. */
const intervalMs = 10_000

/** Logs a complaint about the call, with its cause. */
export type Complaints = (
  level: "Error" | "Warn",
  message: string,
  ...cause: ReadonlyArray<Cause.Cause<unknown>>
) => Effect.Effect<void>

export const make = (): Complaints => {
  let allowance = burst
  let at: number | undefined
  let leftOut = 0
  return (level, message, ...cause) =>
    Effect.flatMap(Clock.Clock, (clock) => {
      const now = Monotonic.millis(clock)
      allowance = Math.min(burst, allowance + (now - (at ?? now)) / intervalMs)
      at = now
      if (allowance < 1) {
        leftOut++
        return Effect.void
      }
      allowance--
      const more = leftOut === 0 ? "" : ` (${leftOut} more lines about this call were left out)`
      leftOut = 0
      // A cause may hold an error that throws when it is looked at.
      return Effect.catchDefect(Effect.logWithLevel(level)(message + more, ...cause), () =>
        Effect.logWithLevel(level)(message + more)
      )
    })
}
