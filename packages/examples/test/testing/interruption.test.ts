import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { it } from "@effect/vitest"
import { Effect } from "effect"
import { clerk } from "../../src/start/interruption.ts"

it.effect("a barge-in at 137 ms does not cut off the notice, and nothing more is said", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(clerk, [
      Caller.bargesIn("Skip it", { at: "137 millis" }, { endpointing: "300 millis" }),
      Caller.listens()
    ])
    Expect.event(call, { _tag: "UserTurnStarted" }, "137 millis")
    Expect.heard(call, "This call is recorded.", "50 millis")
    Expect.notHeard(call, "three offers")
    Expect.nothingLeft(call)
  })
)

it.effect("after a barge-in at the ninth word the history has what was heard up to there", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(clerk, [Caller.bargesIn("Which offers?", { afterWords: 9 }), Caller.listens()])
    Expect.event(call, { _tag: "AgentTextSent", content: "This call is recorded. We have three offers for" })
    Expect.heard(call, "I had got to: This call is recorded. We have three offers for")
  })
)
