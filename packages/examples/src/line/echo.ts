import { Agent, Event } from "@antiphon/core"
import { LlmAgent } from "@antiphon/llm"
import { EndCall, VoiceTool } from "@antiphon/llm/tools"
import { Schema, Stream } from "effect"

const say = (text: string) => Stream.make(Event.sendText(text))

/** Hands the call to an agent without a model, which lives inside the tool. */
const echo = VoiceTool.handoff(
  "echo",
  {
    description: "Echoes whatever the user says from now on, with a prefix.",
    parameters: { prefix: Schema.String.annotate({ description: "Said before each echoed message" }) }
  },
  ({ prefix }) =>
    Agent.route({
      AgentHandedOff: () => say(`Echo mode activated! I'll prefix everything with '${prefix}'.`),
      UserTurnEnded: (event) => say(`${prefix}: ${Event.text(event)}`)
    })
)

export const agent = LlmAgent.make({
  systemPrompt: "Once the user says `I'm ready to talk to myself`, call the echo tool.",
  introduction: "Hello! I'm your echo agent. How can I help you today?",
  tools: [EndCall.make(), echo]
})
