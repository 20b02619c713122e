/**
 * Turns an HTTP request into the socket of a call: admits it, checks that there is room and that the subprotocol is the
 * wire's, and hands the socket to its driver.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Reception } from "../CallHost.ts"
import type * as Protocol from "../Protocol.ts"
import * as Answers from "./answers.ts"
import * as Door from "./door.ts"
import * as SocketDriver from "./socketDriver.ts"

/** Makes the final decision about an admitted request, once there is room for its call. */
export type Redeem = (admitted: Protocol.Admitted) => Effect.Effect<void, Protocol.Refused>

/** Handles the requests for a protocol's socket. */
export const make =
  <State>(protocol: Protocol.Protocol<State>, reception: Reception, redeem: Redeem = () => Effect.void) =>
  (request: HttpServerRequest): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpRouter.RouteContext> =>
    Effect.gen(function* () {
      if (!Door.isUpgrade(request)) return Answers.notFound
      const params = yield* HttpRouter.params
      const admitted = yield* Door.admit(protocol, reception, Door.wireRequest(request, params, ""))
      const client = reception.clientOf(request)
      yield* Door.roomFor(reception, client)
      if (!offers(request, protocol.subprotocols)) return Answers.badSubprotocol
      yield* Door.unlessRefused(reception, redeem(admitted))
      const socket = yield* Effect.mapError(request.upgrade, () => Answers.badUpgrade)
      yield* Effect.mapError(
        SocketDriver.open(socket, { request, admitted, client, protocol, reception }),
        () => Answers.badUpgrade
      )
      return HttpServerResponse.empty()
    }).pipe(Effect.catch(Effect.succeed))

/** Whether the first subprotocol offered is one of the wire's: the server agrees to the first. */
const offers = ({ headers }: HttpServerRequest, subprotocols: ReadonlyArray<string>): boolean =>
  subprotocols.length === 0 ||
  subprotocols.includes((headers["sec-websocket-protocol"] ?? "").split(",")[0]?.trim() ?? "")
