/**
 * Brings protocols to a server: routes on a router, by which a platform reaches the calls of an agent.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Reception } from "./CallHost.ts"
import * as Answers from "./internal/answers.ts"
import * as Door from "./internal/door.ts"
import * as RequestDriver from "./internal/requestDriver.ts"
import * as SocketDriver from "./internal/socketDriver.ts"
import type * as Protocol from "./Protocol.ts"

/** Routes of one protocol, or of several that belong together. */
export interface Mount<out R = never> {
  /** One word, for logs. */
  readonly name: string
  /** Adds the routes for the agent of a reception. */
  readonly routes: (reception: Reception) => Effect.Effect<void, never, HttpRouter.HttpRouter | R>
}

/** Mounts a protocol whose calls are WebSockets at a path. */
export const socket = <State>(path: HttpRouter.PathInput, protocol: Protocol.Protocol<State>): Mount => ({
  name: protocol.name,
  routes: (reception) =>
    Effect.flatMap(HttpRouter.HttpRouter, (router) => router.add("*", path, upgrade(protocol, reception)))
})

/**
 * Mounts a protocol whose calls are HTTP requests at a path. Requests with the same `Admitted.key` belong to one call, which
 * the first of them opens. The call ends when its protocol ends it, and when it was idle for `idleTimeout`
 * (`ANTIPHON_LEASE_TIMEOUT` by default).
 */
export const requests = <State>(
  path: HttpRouter.PathInput,
  protocol: Protocol.Protocol<State>,
  options: { readonly idleTimeout?: Duration.Duration | undefined } = {}
): Mount => ({
  name: protocol.name,
  routes: (reception) =>
    Effect.gen(function* () {
      const router = yield* HttpRouter.HttpRouter
      const answer = RequestDriver.make({ protocol, reception, idleTimeout: options.idleTimeout })
      yield* router.add("*", path, (request) => Effect.flatMap(HttpRouter.params, (params) => answer(request, params)))
    })
})

/** Handles a request that asks for the socket of a protocol. */
export const upgrade =
  <State>(protocol: Protocol.Protocol<State>, reception: Reception) =>
  (request: HttpServerRequest): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpRouter.RouteContext> =>
    Effect.gen(function* () {
      if (!Door.isUpgrade(request)) return Answers.notFound
      const params = yield* HttpRouter.params
      const admitted = yield* Door.admit(protocol, reception, Door.wireRequest(request, params, ""))
      yield* Door.roomFor(reception)
      if (!offers(request, protocol.subprotocols)) return Answers.badSubprotocol
      const socket = yield* Effect.mapError(request.upgrade, () => Answers.badUpgrade)
      yield* Effect.mapError(
        SocketDriver.open(socket, { request, admitted, protocol, reception }),
        () => Answers.badUpgrade
      )
      return HttpServerResponse.empty()
    }).pipe(Effect.catch(Effect.succeed))

/** Whether a socket offers one of a wire's subprotocols first: the first is the one that a server agrees to. */
const offers = ({ headers }: HttpServerRequest, subprotocols: ReadonlyArray<string>): boolean =>
  subprotocols.length === 0 ||
  subprotocols.includes((headers["sec-websocket-protocol"] ?? "").split(",")[0]?.trim() ?? "")
