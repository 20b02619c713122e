/** Who comes in: turns a request into what a protocol sees, and what the protocol and the server refuse into an answer. */
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

/** The answer to a request that its protocol refuses. */
export const refused = ({ detail, status }: Protocol.Refused): HttpServerResponse => Answers.respond(status, { detail })

/** Fails with an answer if no call may be opened now. */
export const roomFor = (reception: Reception): Effect.Effect<void, HttpServerResponse> =>
  Effect.flatMap(reception.calls.refusal, (reason) =>
    reason === undefined ? Effect.void : Effect.fail(Answers.unavailable(reason))
  )

export const isUpgrade = (request: HttpServerRequest): boolean => request.headers.upgrade?.toLowerCase() === "websocket"
