import { Agent, Event } from "@antiphon/core"
import { VoiceAgentApp } from "@antiphon/server"
import { NodeRuntime } from "@effect/platform-node"
import { Stream } from "effect"

const agent = Agent.route({
  CallStarted: () => Stream.make(Event.sendText("Hello! Say something.")),
  UserTurnEnded: (event) => Stream.make(Event.sendText(`You said: ${Event.text(event)}`))
})

NodeRuntime.runMain(VoiceAgentApp.serve(agent), { teardown: VoiceAgentApp.teardown })
