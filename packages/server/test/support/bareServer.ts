/** A server in an application that starts it with a mere `Effect.runFork`, so that nothing listens to signals. */
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { Effect, Stream } from "effect"
import * as VoiceAgentApp from "../../src/node/VoiceAgentApp.ts"

const agent = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Welcome.")),
    UserTurnEnded: (event) => Stream.make(Event.sendText(`You said: ${Event.text(event)}`))
  })
)

Effect.runFork(VoiceAgentApp.serve(() => Effect.succeed(agent)))
