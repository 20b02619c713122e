import { CallRequest } from "@antiphon/core"
import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { ScriptedModel } from "@antiphon/llm/testing"
import { it } from "@effect/vitest"
import { Effect } from "effect"
import { AiError } from "effect/ai"
import agent from "../fixtures/agent.ts"

const model = ScriptedModel.make([
  [ScriptedModel.text("Let me see. "), ScriptedModel.toolCall("find_table", { people: 2 }, { id: "t1" })],
  ScriptedModel.text("There is one at eight, and also one at nine, which would be at the window."),
  [ScriptedModel.text("I ask the kitchen."), ScriptedModel.toolCall("ask_kitchen", { dish: "Duck" }, { id: "t2" })],
  ScriptedModel.text("Duck is on tonight."),
  [ScriptedModel.text("Well"), ScriptedModel.fail(new AiError.UnknownError({ description: "overloaded" }))],
  [ScriptedModel.text("Goodbye."), ScriptedModel.toolCall("end_call", { reason: "done" }, { id: "t3" })]
])

const script = [
  Caller.listens(),
  Caller.says("A table for two"),
  Caller.bargesIn("Is there duck?", { afterWords: 8 }),
  Caller.listens(),
  Caller.hears(0),
  Caller.listens(),
  Caller.pauses("800 millis"),
  Caller.says("Hello?"),
  Caller.listens(),
  Caller.pauses("1 second"),
  Caller.says("Goodbye")
]

it.effect("behaves as on the call table-for-two of 2026-11-26T18:30", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(agent, script, {
      startsAt: Date.parse("2026-11-26T18:30:00.000Z"),
      request: CallRequest.make({ callId: "table-for-two", metadata: { vip: true } })
    })
    Expect.heard(call, "Good evening, this is the restaurant, what can I do for you?")
    Expect.heard(call, "Let me see. There is one at eight,")
    Expect.heard(call, "I ask the kitchen.")
    Expect.heard(call, "Duck is on tonight.")
    Expect.heard(call, "Well Sorry, I have trouble thinking right now. Could you say that again?")
    Expect.tool(call, "find_table", { args: { people: 2 } })
    Expect.tool(call, "ask_kitchen", { args: { dish: "Duck" } })
    Expect.tool(call, "end_call", { args: { reason: "done" } })
    Expect.endedBy(call, "agent")
    Expect.nothingLeft(call)
  }).pipe(Effect.provide(model.layer))
)
