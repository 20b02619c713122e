import { Agent, Event, Redaction } from "@antiphon/core"
import { VoiceAgentApp } from "@antiphon/server"
import { NodeRuntime } from "@effect/platform-node"
import { Stream } from "effect"

const agent = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Please tell me your account number.")),
    UserTurnEnded: (event) => Stream.make(Event.sendText(`You said: ${Event.text(event)}`))
  })
)

const redact: Redaction.Redaction = {
  phoneNumber: (number) => `${number.slice(0, 4)}…`,
  userText: Redaction.mask,
  agentText: (text) => text.replace(/\d/g, "0"),
  dtmf: () => "0",
  metadata: ["email"],
  tools: { charge_card: { args: ["number", "cvc"], result: Redaction.maskValue } }
}

NodeRuntime.runMain(VoiceAgentApp.serve(agent, { redact }), { teardown: VoiceAgentApp.teardown })
