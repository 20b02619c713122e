/** Turns a request into what a protocol sees, and refusals of the protocol and the server into responses. */
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import type * as Calls from "../Calls.ts"
import type { Reception } from "../CallHost.ts"
import type * as Protocol from "../Protocol.ts"
import * as Answers from "./answers.ts"

/** The request as seen by protocols. */
export const wireRequest = (
  request: HttpServerRequest,
  params: Protocol.WireRequest["params"],
  body: string
): Protocol.WireRequest => ({ method: request.method, url: request.url, params, headers: request.headers, body })

/** Fails with a response if the request is not the platform's. */
export const admit = <State>(
  protocol: Protocol.Protocol<State>,
  reception: Pick<Reception, "refused">,
  request: Protocol.WireRequest
): Effect.Effect<Protocol.Admitted, HttpServerResponse> => unlessRefused(reception, protocol.admit(request))

/** Turns the refusal of a protocol into a response, and counts it. */
export const unlessRefused = <A>(
  reception: Pick<Reception, "refused">,
  decision: Effect.Effect<A, Protocol.Refused>
): Effect.Effect<A, HttpServerResponse> =>
  Effect.catch(decision, ({ detail, status }) =>
    Effect.andThen(reception.refused(status, detail), Effect.fail(Answers.respond(status, { detail })))
  )

const refusals: { readonly [Reason in Calls.Refusal]: { readonly status: number; readonly detail: string } } = {
  Draining: { status: 503, detail: "Server is shutting down" },
  Full: { status: 503, detail: "Too many calls" },
  Memory: { status: 503, detail: "Too little memory" },
  Rush: { status: 503, detail: "Too many new calls" },
  Client: { status: 429, detail: "Too many calls of this client" }
}

/** Fails with a response if no call of this client may be opened now. */
export const roomFor = (
  reception: Pick<Reception, "calls" | "refused">,
  client: string
): Effect.Effect<void, HttpServerResponse> =>
  Effect.flatMap(reception.calls.refusalOf(client), (reason) => {
    if (reason === undefined) return Effect.void
    const { detail, status } = refusals[reason]
    return Effect.andThen(
      reception.refused(status, detail),
      Effect.fail(Answers.respond(status, { detail }, { "retry-after": "5" }))
    )
  })

export const isUpgrade = (request: HttpServerRequest): boolean => request.headers.upgrade?.toLowerCase() === "websocket"
