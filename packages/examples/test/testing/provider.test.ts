import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { LlmAgent, ModelPlan } from "@antiphon/llm"
import { ScriptedModel } from "@antiphon/llm/testing"
import { it } from "@effect/vitest"
import { Effect } from "effect"

const agent = LlmAgent.make({ systemPrompt: "You answer the phone of a shop." })

it.effect("a provider that dies in mid-sentence goes unnoticed: another one continues the sentence", () =>
  Effect.gen(function* () {
    const words = { every: "50 millis" } as const
    const dying = ScriptedModel.make([
      ScriptedModel.dieAfter(4, ScriptedModel.text("We are open until six o'clock.", words))
    ])
    const backup = ScriptedModel.make([ScriptedModel.text("until six o'clock.", words)])
    const plan = ModelPlan.make({ name: "first", model: dying.layer }, { name: "second", model: backup.layer })

    const call = yield* TestCall.run(agent, [Caller.says("How long are you open?"), Caller.listens()]).pipe(
      Effect.provide(ModelPlan.layer(plan))
    )
    Expect.heard(call, "We are open until six o'clock.")
    Expect.waitAtMost(call, "500 millis")
    Expect.noFailure(call)
  })
)
