import { LlmAgent, ModelPlan, Models, VoiceTool } from "@antiphon/llm"
import * as EndCall from "@antiphon/llm/tool/EndCall"
import { VoiceAgentApp } from "@antiphon/server"
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Schema } from "effect"

const openingHours = VoiceTool.loopback(
  "opening_hours",
  {
    description: "Tells when the shop is open.",
    parameters: { day: Schema.Literals(["weekday", "saturday", "sunday"]) }
  },
  ({ day }) => Effect.succeed(day === "sunday" ? "closed" : "nine to six")
)

const agent = LlmAgent.make({
  systemPrompt: "You answer the phone of a bicycle shop, in one or two short sentences.",
  introduction: "Bicycle shop, good morning!",
  tools: [openingHours, EndCall.make()]
})

// The caller does not notice which of the two answers, not even if the first one dies in mid-sentence.
const Model = ModelPlan.layer(
  ModelPlan.make(
    { name: "first", model: Models.fromString("anthropic/claude-haiku-4-5"), firstTokenDeadline: "3 seconds" },
    { name: "second", model: Models.fromString("openai/gpt-4.1-mini") }
  )
)

VoiceAgentApp.serve(agent).pipe(Effect.provide(Model), NodeRuntime.runMain({ teardown: VoiceAgentApp.teardown }))
