import { Expect, Rules, SimulatedCaller, TestCall } from "@antiphon/core/testing"
import { LlmAgent, VoiceTool } from "@antiphon/llm"
import { PromptRules, ScriptedModel } from "@antiphon/llm/testing"
import { it } from "@effect/vitest"
import { Effect } from "effect"
import { concierge } from "../../src/start/background.ts"

it.effect("whatever callers do, the concierge keeps the rules of a call", () =>
  Rules.check(concierge, { calls: 50, seed: 1 })
)

const openingHours = VoiceTool.loopback("opening_hours", {}, () =>
  Effect.delay(Effect.succeed("nine to six"), "2 seconds")
)
const shop = LlmAgent.make({ systemPrompt: "You answer the phone of a shop.", tools: [openingHours] })

it.effect("an agent with a model keeps them too, with prompts every provider accepts", () => {
  const reply: ScriptedModel.Reply = ({ prompt }) =>
    prompt.content.at(-1)?.role === "tool"
      ? ScriptedModel.text("From nine to six.", { every: "50 millis" })
      : ScriptedModel.toolCall("opening_hours", {})
  return Rules.check(shop, {
    calls: 50,
    phrases: ["Are you open?", "Until when?", "Thank you"],
    also: [PromptRules.check],
    provide: () => ScriptedModel.make(Array.from({ length: 100 }, () => reply)).layer
  })
})

it.effect("the caller of a seed can be replayed as a script and a phone in a test of its own", () =>
  Effect.gen(function* () {
    const { phone, script, seed } = SimulatedCaller.make(7, { tempers: ["impatient"], phrases: ["A table for two"] })
    const call = yield* TestCall.run(concierge, script, { phone, seed })
    Expect.waitAtMost(call, "5 seconds")
    Expect.nothingLeft(call)
  })
)
