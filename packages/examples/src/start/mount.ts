import { Agent, Event } from "@antiphon/core"
import { VoiceAgentApp } from "@antiphon/server"
import { NodeRuntime } from "@effect/platform-node"
import { Context, Effect, Layer, Stream } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"

// A service of your application, as it is.
class Orders extends Context.Service<Orders, { readonly open: (phone: string) => Effect.Effect<number> }>()(
  "app/Orders"
) {
  static readonly layer = Layer.succeed(Orders, { open: () => Effect.succeed(2) })
}

// An agent is a Layer too: it needs `Orders`, and the compiler says so where it is missing.
class Support extends Agent.Service<Support>()("app/Support") {
  static readonly layer = Agent.layer(Support, (request) =>
    Effect.gen(function* () {
      const orders = yield* Orders
      const greeting = Effect.map(orders.open(request.from), (n) => Event.sendText(`You have ${n} open orders.`))
      return Agent.make(Agent.route({ CallStarted: () => Stream.fromEffect(greeting) }))
    })
  )
}

const Routes = Layer.mergeAll(
  HttpRouter.add("GET", "/health", HttpServerResponse.text("ok")),
  VoiceAgentApp.layer(Support.factory)
)

// Calls end well, the process is guarded, and sockets have the limits of the settings.
Layer.merge(VoiceAgentApp.drain, VoiceAgentApp.guard).pipe(
  Layer.provide(HttpRouter.serve(Routes)),
  Layer.provide(VoiceAgentApp.layerHttpServer({ port: Number(process.env.PORT ?? 8000) })),
  Layer.provide(Support.layer),
  Layer.provide(Orders.layer),
  Layer.launch,
  NodeRuntime.runMain({ teardown: VoiceAgentApp.teardown })
)
