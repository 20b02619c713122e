/**
 * Mounts protocols on a router, as routes over which a platform reaches the calls of an agent.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { Reception } from "./CallHost.ts"
import * as RequestDriver from "./internal/requestDriver.ts"
import * as Upgrade from "./internal/upgrade.ts"
import type * as Protocol from "./Protocol.ts"

/** The routes of one protocol, or of several that belong together. */
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
    Effect.flatMap(HttpRouter.HttpRouter, (router) => router.add("*", path, Upgrade.make(protocol, reception)))
})

/**
 * Mounts a protocol whose calls are HTTP requests at a path. Requests with the same `Admitted.key` belong to one call,
 * which the first of them opens. The call ends when its protocol ends it, or after `idleTimeout` without a request
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
