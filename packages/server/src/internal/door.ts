/** Turns a request into what a protocol sees, and refusals of the protocol and the server into responses. */
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import type { Reception } from "../CallHost.ts"
import type * as Protocol from "../Protocol.ts"
import * as Answers from "./answers.ts"

/** A request as protocols see it. */
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
): Effect.Effect<Protocol.Admitted, HttpServerResponse> =>
  Effect.catch(protocol.admit(request), ({ detail, status }) =>
    Effect.andThen(reception.refused(status, detail), Effect.fail(Answers.respond(status, { detail })))
  )

const reasons = { Draining: "Server is shutting down", Full: "Too many calls" } as const

/** Fails with a response if no call may be opened now. */
export const roomFor = (reception: Pick<Reception, "calls" | "refused">): Effect.Effect<void, HttpServerResponse> =>
  Effect.flatMap(reception.calls.refusal, (reason) =>
    reason === undefined
      ? Effect.void
      : Effect.andThen(
          reception.refused(503, reasons[reason]),
          Effect.fail(Answers.respond(503, { detail: reasons[reason] }, { "retry-after": "5" }))
        )
  )

export const isUpgrade = (request: HttpServerRequest): boolean => request.headers.upgrade?.toLowerCase() === "websocket"
