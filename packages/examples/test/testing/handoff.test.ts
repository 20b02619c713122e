import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { LlmAgent } from "@antiphon/llm"
import * as AgentAsHandoff from "@antiphon/llm/tool/AgentAsHandoff"
import { ScriptedModel } from "@antiphon/llm/testing"
import { it } from "@effect/vitest"
import { Effect } from "effect"

const mechanic = LlmAgent.make({ systemPrompt: "You are the mechanic.", introduction: "Workshop, hello." })
const frontDesk = LlmAgent.make({
  systemPrompt: "You are the front desk.",
  tools: [AgentAsHandoff.make(mechanic, { name: "workshop", handoffMessage: "I put you through. " })]
})

it.effect("another agent takes over, knows what was said, and has every later turn", () =>
  Effect.gen(function* () {
    const model = ScriptedModel.make([
      ScriptedModel.toolCall("workshop", {}),
      ScriptedModel.text("Bring it in tomorrow.")
    ])
    const call = yield* TestCall.run(frontDesk, [
      Caller.says("My chain is broken"),
      Caller.listens(),
      Caller.says("When can you mend it?"),
      Caller.listens()
    ]).pipe(Effect.provide(model.layer))
    Expect.heard(call, "I put you through. Workshop, hello. Bring it in tomorrow.")
    Expect.prompt(call, 1, "You are the front desk.")
    Expect.prompt(call, 2, /You are the mechanic\.[^]*My chain is broken/)
  })
)

it.effect("an agent that cannot be reached leaves the call with the current one", () =>
  Effect.gen(function* () {
    const closed = AgentAsHandoff.make(() => Effect.fail("nobody is there"), { name: "workshop" })
    const model = ScriptedModel.make([
      ScriptedModel.toolCall("workshop", {}),
      ScriptedModel.text("The workshop is closed. Can I help you?"),
      ScriptedModel.text("I have noted it.")
    ])
    const call = yield* TestCall.run(LlmAgent.make({ systemPrompt: "You are the front desk.", tools: [closed] }), [
      Caller.says("My chain is broken"),
      Caller.listens(),
      Caller.says("Tell them, please"),
      Caller.listens()
    ]).pipe(Effect.provide(model.layer))
    Expect.tool(call, "workshop", { result: "error: nobody is there" })
    Expect.heard(call, "Can I help you? I have noted it.")
    Expect.prompt(call, 3, "You are the front desk.")
    Expect.noFailure(call)
  })
)
