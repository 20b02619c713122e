import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { ScriptedModel } from "@antiphon/llm/testing"
import { it } from "@effect/vitest"
import { Effect } from "effect"
import agent from "../src/agent.ts"

it.effect("the model gets the opening hours, and tells them", () =>
  Effect.gen(function* () {
    const model = ScriptedModel.make([
      ScriptedModel.toolCall("opening_hours", { day: "saturday" }),
      ScriptedModel.text("On Saturdays we are open from nine to six.")
    ])
    const script = [Caller.listens(), Caller.says("Are you open on Saturday?"), Caller.listens()]
    const call = yield* TestCall.run(agent, script).pipe(Effect.provide(model.layer))
    Expect.tool(call, "opening_hours", { args: { day: "saturday" }, result: "nine to six" })
    Expect.heard(call, "from nine to six")
  })
)

it.effect("nobody waits in silence while a repair is looked up", () =>
  Effect.gen(function* () {
    const model = ScriptedModel.make([
      ScriptedModel.toolCall("find_repair", { number: "4711" }),
      ScriptedModel.text("It will be done on Friday.")
    ])
    const script = [Caller.listens(), Caller.says("How far is repair 4711?"), Caller.hears("Friday")]
    const call = yield* TestCall.run(agent, script).pipe(Effect.provide(model.layer))
    Expect.heard(call, "I am looking that up.")
    Expect.heard(call, "Friday")
    Expect.waitAtMost(call, "4 seconds")
  })
)
