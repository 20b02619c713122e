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
