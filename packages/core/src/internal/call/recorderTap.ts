/** Notes for a recorder what happens on a call. A call without a recorder does not run any of this. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Event from "../../Event.ts"
import type { Listener } from "./listener.ts"

/** Notes when a turn starts, and how it ends. */
export const turn =
  (recorder: Listener | undefined, turn: number, trigger: Event.Input) =>
  <E, R>(self: Effect.Effect<void, E, R>): Effect.Effect<void, E, R> =>
    recorder === undefined
      ? self
      : Effect.suspend(() => {
          recorder.note({ _tag: "TurnStarted", turn, trigger: trigger.eventId })
          return Effect.onExit(self, (exit) =>
            Effect.sync(() => recorder.note({ _tag: "TurnEnded", turn, outcome: outcomeOf(exit) }))
          )
        })

const outcomeOf = (exit: Exit.Exit<void, unknown>): "Finished" | "Failed" | "Interrupted" => {
  if (Exit.isSuccess(exit)) return "Finished"
  return Cause.hasInterruptsOnly(exit.cause) ? "Interrupted" : "Failed"
}

/** Notes outputs that go to the harness, or are only recorded. */
export const outputs = (
  recorder: Listener | undefined,
  kind: "Sent" | "Kept",
  outputs: ReadonlyArray<Event.Output>,
  turn: number
): void => {
  if (recorder === undefined) return
  for (const output of outputs) recorder.note({ _tag: kind, turn, output })
}
