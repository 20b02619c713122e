import { Agent, Event } from "@antiphon/core"
import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { it } from "@effect/vitest"
import { Effect, Stream } from "effect"

const reception = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Hello, how can I help you?")),
    UserTurnEnded: (event) => {
      if (/japanese/i.test(Event.text(event)))
        return Stream.make(Event.updateCall({ language: "ja" }), Event.sendText("こんにちは。ご予約ですか。"))
      return Stream.make(Event.sendText("かしこまりました。"))
    }
  })
)

it.effect("the language changes before its first word is spoken, and words without spaces count as words", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(reception, [
      Caller.says("Japanese please"),
      Caller.listens(),
      Caller.says("二人です"),
      Caller.bargesIn("ありがとう", { afterWords: 1 }),
      Caller.listens()
    ])
    Expect.output(call, { _tag: "AgentUpdateCall", language: "ja" }, "750 millis")
    Expect.heard(call, "こんにちは", "750 millis")
    Expect.event(call, { _tag: "UserTextSent", content: "二人です" })
    Expect.event(call, { _tag: "AgentTextSent", content: "かしこ" })
  })
)
