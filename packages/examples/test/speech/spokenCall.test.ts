import { Agent, Event } from "@antiphon/core"
import { Expect } from "@antiphon/core/testing"
import { Caller, SpokenRules, TestCall } from "@antiphon/speech/testing"
import { describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"

const story = "There was a king who had three daughters and a horse that could talk about nothing but oats."
const teller = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText(story)),
    UserTurnEnded: (event) => Stream.make(Event.sendText(`You asked: ${Event.text(event)}`))
  })
)

describe("a storyteller on the telephone", () => {
  it.effect("continues after a cough, and answers a question at once", () =>
    Effect.gen(function* () {
      const script = [
        Caller.hears("king"),
        Caller.coughs,
        Caller.hears("horse"),
        Caller.says("What did it talk about?"),
        Caller.listens()
      ]
      const call = yield* TestCall.run(teller, script, {
        noise: { kind: "babble", levelDbfs: -50 },
        network: { jitterMs: 120, loss: 0.02 }
      })
      // On such a line a word may be lost.
      Expect.heard(call, /You asked: What did it .*about\?/)
      Expect.notHeard(call, "oats")
      Expect.waitAtMost(call, "2 seconds")
    })
  )

  it.effect("keeps the rules with any caller, on any line", () => SpokenRules.check(teller, { calls: 5 }), 60_000)
})
