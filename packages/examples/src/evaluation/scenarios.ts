import { Agent } from "@antiphon/core"
import { LlmAgent, VoiceTool } from "@antiphon/llm"
import * as EndCall from "@antiphon/llm/tool/EndCall"
import { Evaluation, Judge, Persona } from "@antiphon/llm/testing"
import { Effect, Schema } from "effect"

/** The agent under test. */
export class Shop extends Agent.Service<Shop>()("examples/Shop") {}

const openingHours = VoiceTool.loopback(
  "opening_hours",
  {
    description: "Tells when the shop is open.",
    parameters: { day: Schema.Literals(["weekday", "saturday", "sunday"]) }
  },
  ({ day }) => Effect.succeed(day === "sunday" ? "closed" : "nine to six")
)

export const ShopLive = Agent.layer(
  Shop,
  LlmAgent.make({
    systemPrompt: "You answer the phone of a bicycle shop, in one or two short sentences.",
    introduction: "Bicycle shop, good morning!",
    tools: [openingHours, EndCall.make()]
  })
)

const ada: Persona.Persona = {
  name: "Ada",
  goal: "Learn whether the shop is open on Sunday, and if not, when it is.",
  facts: ["Her bicycle has a flat tyre.", "She is free at weekends only."]
}

const judge = Judge.all([
  Persona.goalReached,
  Judge.make({
    context: "The agent of a bicycle shop. It looks opening hours up with a tool.",
    criteria: [
      { name: "true", description: "Every opening time that the agent tells was a result of the tool." },
      { name: "brief", description: "The agent's answers are as short as on a phone.", passAt: 0.7 }
    ]
  }),
  Judge.check({ name: "looked up", description: "The tool was called." }, (call) => ({
    passed: call.some((line) => line._tag === "ToolCalled" && line.name === "opening_hours"),
    reason: "opening_hours is the only source of the hours"
  }))
])

export const evaluation = {
  name: "bicycle shop",
  runs: 20,
  concurrency: 5,
  requires: { rate: 0.9, failures: 1 },
  scenarios: [
    Evaluation.persona(Shop, ada, judge, { name: "opening hours" }),
    Evaluation.persona(Shop, { ...ada, temper: "impatient" }, judge, { name: "opening hours, in a hurry" })
  ]
}
