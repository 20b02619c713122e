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

const server = VoiceAgentApp.layerServer(agent, { routes: Prometheus.layerHttp() })

/** What stands beside the server: its metrics, and the guard over what goes wrong outside of every call. */
const beside = Layer.mergeAll(
  ServerMetrics.layer(Effect.map(Calls.Calls, ({ health }) => health)),
  ProcessMetrics.layer(),
  VoiceAgentApp.guard
)

const main = beside.pipe(Layer.provideMerge(server), Layer.provide(Telemetry.layerFromConfig()))

NodeRuntime.runMain(Layer.launch(main), { teardown: VoiceAgentApp.teardown })
