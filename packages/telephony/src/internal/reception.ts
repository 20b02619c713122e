/** The server's reception for callers that authenticate in their own way. */
import type * as Calls from "@antiphon/server/Calls"
import * as Entrance from "@antiphon/server/Entrance"
import type * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Surroundings } from "../Answer.ts"

/**
 * The reception for requests that a carrier has signed. They have no server token, arrive under the host name of a tunnel or proxy, and
 * come from few addresses for many callers. So each socket counts as its own client, by its path, which contains a token.
 */
export const ofCarrier = (reception: Entrance.Reception): Entrance.Reception => ({
  ...ofKnown(reception),
  clientOf: ({ originalUrl }) => originalUrl
})

/** The reception for clients whose token was already checked. */
export const ofKnown = (reception: Entrance.Reception): Entrance.Reception => ({
  ...reception,
  settings: { ...reception.settings, token: undefined, nextToken: undefined, hosts: ["*"] }
})

/** Why calls are refused, for the log. */
export const reasons: Readonly<Record<Calls.Refusal, string>> = {
  Draining: "The server is stopping",
  Full: "Too many calls",
  Memory: "The server is short of memory",
  Rush: "Too many new calls",
  Client: "Too many calls of this client"
}

/** Layer of routes without a server that has them. */
export const layer = <E, R>(
  routes: (reception: Entrance.Reception) => Effect.Effect<void, E, R>,
  { record, settings }: Surroundings
): Layer.Layer<never, Config.ConfigError | E, HttpRouter.HttpRouter | Exclude<R, Scope.Scope>> =>
  Layer.effectDiscard(
    Effect.flatMap(Entrance.reception(settings), (reception) => routes({ ...reception, record }))
  ) as Layer.Layer<never, Config.ConfigError | E, HttpRouter.HttpRouter | Exclude<R, Scope.Scope>>
