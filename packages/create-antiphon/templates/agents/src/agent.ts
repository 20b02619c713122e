import { Agent } from "@antiphon/core"
import { LlmAgent } from "@antiphon/llm"
import { AgentAsHandoff, EndCall, VoiceTool } from "@antiphon/llm/tools"
import { Effect, Layer, Schema } from "effect"
import { Billing } from "./Billing.ts"
import { Invoices } from "./Invoices.ts"

const findSlots = VoiceTool.background(
  "find_slots",
  {
    description: "Looks for free slots on a day. It takes a while; go on talking.",
    parameters: { day: Schema.String },
    announce: "I am looking for a slot."
  },
  ({ day }) => Effect.delay(Effect.succeed(`${day}: ten o'clock and half past three`), "3 seconds")
)

const reception = LlmAgent.make({
  systemPrompt: "You are the receptionist of a clinic. Book appointments. Short sentences.",
  introduction: "Saint Mary clinic, hello!",
  tools: [
    findSlots,
    EndCall.make(),
    AgentAsHandoff.makeReturning(Billing, { name: "billing", handoffMessage: "I'll put you through to billing. " })
  ]
})

/** The agent that answers, with everything it needs. `antiphon dev` finds it as the default export of this module. */
export default Agent.provide(reception, Billing.layer.pipe(Layer.provide(Invoices.layer)))
