import { Agent, Event } from "@antiphon/core"
import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { it } from "@effect/vitest"
import { Effect, Stream } from "effect"

const menu = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("For sales press one, for anything else hold the line.")),
    UserDtmfSent: ({ button }) =>
      button === "1"
        ? Stream.make(Event.sendText("One moment. "), Event.transferCall("+33123456789"))
        : Stream.make(Event.sendText(`Nobody is at ${button}.`)),
    UserCustomSent: ({ metadata }) => Stream.make(Event.sendText(`Welcome back, ${metadata.name}.`))
  }),
  { run: ["CallStarted", "UserDtmfSent", "UserCustomSent"], cancel: ["UserTurnStarted", "UserDtmfSent"] }
)

it.effect("a key is answered while the menu is read, and the call is transferred once the answer was spoken", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(menu, [Caller.hears("press"), Caller.presses("91"), Caller.listens()])
    Expect.event(call, { _tag: "UserDtmfSent", button: "9" })
    Expect.heard(call, /Nobody is at 9\. One moment\.$/)
    Expect.endedBy(call, "transfer", "+33123456789")
  })
)

it.effect("the application's own data reaches the agent", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(menu, [Caller.listens(), Caller.sends({ name: "Ada" }), Caller.listens()])
    Expect.heard(call, "Welcome back, Ada.")
  })
)
