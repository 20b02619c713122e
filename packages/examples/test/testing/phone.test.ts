import { Agent, Event } from "@antiphon/core"
import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { it } from "@effect/vitest"
import { Effect, Stream } from "effect"

const teller = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Your balance is 27 euros. Can I do anything else for you?")),
    UserTurnEnded: (_, turn) => {
      const heard = turn.history.events.findLast((event) => event._tag === "AgentTextSent")
      return Stream.make(Event.sendText(`I said: ${heard?.content ?? "nothing"}`))
    }
  })
)
const script = [Caller.bargesIn("What?", { afterWords: 7 }), Caller.listens()]

it.effect("lost acknowledgements cost their own words, and no more", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(teller, script, { phone: { loses: ({ index }) => index === 2 || index === 3 } })
    Expect.heard(call, "I said: Your balance euros. Can I")
  })
)

it.effect("a number that is read out in words does not cost what follows", () =>
  Effect.gen(function* () {
    const phone: TestCall.Phone = { distorts: ({ text }) => (text === "27" ? "twenty-seven" : undefined) }
    const call = yield* TestCall.run(teller, script, { phone })
    Expect.heard(call, /I said: Your balance is (27|twenty-seven) euros. Can I/)
  })
)

it.effect("a slow voice is waited for", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(teller, [Caller.listens()], {
      phone: { wordsPerMinute: 60, firstSound: "250 millis" }
    })
    Expect.heard(call, "balance", "1250 millis")
  })
)
