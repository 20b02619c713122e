import { Agent, Event } from "@antiphon/core"
import { ProcessMetrics, Prometheus, ServerMetrics, Telemetry } from "@antiphon/operate"
import { Calls, VoiceAgentApp } from "@antiphon/server"
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Stream } from "effect"

const agent = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Hello! Say something.")),
    UserTurnEnded: (event) => Stream.make(Event.sendText(`You said: ${Event.text(event)}`))
  })
)

const server = VoiceAgentApp.layerServer(agent, { routes: Prometheus.layerFromConfig() })

/** The metrics of the server and of its process. */
const beside = Layer.merge(ServerMetrics.layer(Effect.map(Calls.Calls, ({ health }) => health)), ProcessMetrics.layer())

const main = beside.pipe(Layer.provideMerge(server), Layer.provide(Telemetry.layerFromConfig()))

NodeRuntime.runMain(Layer.launch(main), { teardown: VoiceAgentApp.teardown })
