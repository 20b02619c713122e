import { Agent, Event } from "@antiphon/core"
import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { assert, it } from "@effect/vitest"
import { Effect, Stream } from "effect"

const answer: Agent.Agent<string> = Agent.route({
  UserTurnEnded: (event) =>
    Event.text(event) === "Balance"
      ? Stream.concat(Stream.make(Event.sendText("Let me see. ")), Stream.fail("the bank is down"))
      : Stream.make(Event.sendText("You are welcome."))
})
const script = [Caller.says("Balance"), Caller.listens(), Caller.says("Thank you"), Caller.listens()]

it.effect("after a failed turn the caller hears an apology, the history has the failure, and the call continues", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(Agent.make(answer, { apology: "I cannot see that now." }), script)
    Expect.heard(call, "Let me see. I cannot see that now. You are welcome.")
    Expect.event(call, { _tag: "TurnFailed", message: "the bank is down" })
    Expect.endedBy(call, "caller")
    assert.throws(() => Expect.noFailure(call), /the bank is down/)
  })
)

it.effect("a failed turn ends the call if that is the policy", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(Agent.make(answer, { turnFailure: "close" }), script)
    Expect.endedBy(call, "failure", "the bank is down")
    assert.throws(() => Expect.scriptPlayed(call), /says “Thank you”/)
  })
)
