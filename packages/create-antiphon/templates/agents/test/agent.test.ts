import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { ScriptedModel } from "@antiphon/llm/testing"
import { it } from "@effect/vitest"
import { Effect } from "effect"
import agent from "../src/agent.ts"

it.effect("billing takes over, reads the invoices, and gives the call back", () =>
  Effect.gen(function* () {
    const model = ScriptedModel.make([
      ScriptedModel.toolCall("billing", {}),
      ScriptedModel.toolCall("list_invoices", {}),
      ScriptedModel.text("There is one invoice over eighty euros."),
      ScriptedModel.toolCall("hand_back", {}),
      ScriptedModel.text("What else can I do for you?")
    ])
    const call = yield* TestCall.run(agent, [
      Caller.listens(),
      Caller.says("I have a question about my invoice."),
      Caller.listens(),
      Caller.says("What do I owe?"),
      Caller.listens(),
      Caller.says("And I need an appointment."),
      Caller.listens()
    ]).pipe(Effect.provide(model.layer))
    Expect.heard(call, "I'll put you through to billing.")
    Expect.heard(call, "Billing, how can I help?")
    Expect.tool(call, "list_invoices", { result: [{ number: "2024-17", euros: 80 }] })
    Expect.heard(call, "eighty euros")
    Expect.heard(call, "What else can I do for you?")
  })
)
