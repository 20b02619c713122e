import { Agent, Event } from "@antiphon/core"
import { ProcessMetrics, Prometheus, ServerMetrics, Telemetry } from "@antiphon/operate"
import { Calls, Health, Supervisor, VoiceAgentApp } from "@antiphon/server"
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Stream } from "effect"

const agent = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Hello! Say something.")),
    UserTurnEnded: (event) => Stream.make(Event.sendText(`You said: ${Event.text(event)}`))
  })
)

/** The metrics of the server and of its process. */
const beside = Layer.merge(ServerMetrics.layer(Effect.map(Calls.Calls, ({ health }) => health)), ProcessMetrics.layer())

const server = beside.pipe(
  Layer.provideMerge(VoiceAgentApp.layerServer(agent)),
  Layer.provide(Telemetry.layerFromConfig())
)

/** As many processes as `ANTIPHON_PROCESSES` says. The supervisor sums up what each of them shows. */
const main = Supervisor.run(Layer.launch(server)).pipe(Effect.provideService(Health.MetricsPage, Prometheus.format))

NodeRuntime.runMain(main, { teardown: VoiceAgentApp.teardown })
