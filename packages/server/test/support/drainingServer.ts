/**
 * A server as an application starts it: its own process, stopped by a signal. Prints its port on the first line. Its
 * argument is the drain timeout in milliseconds.
 */
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { NodeRuntime } from "@effect/platform-node"
import { Duration, Effect, Layer, Stream } from "effect"
import { HttpServer } from "effect/http"
import * as VoiceAgentApp from "../../src/node/VoiceAgentApp.ts"

const agent = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Welcome.")),
    UserTurnEnded: (event) => Stream.make(Event.sendText(`You said: ${Event.text(event)}`)),
    CallEnded: () => Stream.fromEffectDrain(Effect.sync(() => process.stdout.write("CallEnded\n")))
  })
)

const Listening = Layer.effectDiscard(
  Effect.map(HttpServer.HttpServer, ({ address }) => {
    process.stdout.write(`${"port" in address ? address.port : ""}\n`)
  })
)

Listening.pipe(
  Layer.provide(
    VoiceAgentApp.layerServer(() => Effect.succeed(agent), {
      settings: { port: 0, host: "127.0.0.1", drainTimeout: Duration.millis(Number(process.argv[2])) }
    })
  ),
  Layer.launch,
  NodeRuntime.runMain({ teardown: VoiceAgentApp.teardown })
)
