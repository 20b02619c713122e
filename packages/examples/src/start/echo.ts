import { Agent, Event } from "@antiphon/core"
import { VoiceAgentApp } from "@antiphon/server"
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Stream } from "effect"

const agent = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Hello! Say something.")),
    UserTurnEnded: (event) => Stream.make(Event.sendText(`You said: ${Event.text(event)}`))
  })
)

NodeRuntime.runMain(
  VoiceAgentApp.serve(() => Effect.succeed(agent)),
  { teardown: VoiceAgentApp.teardown }
)
