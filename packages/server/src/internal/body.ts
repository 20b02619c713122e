/** Reads the bodies of requests: so long, in so much time, and so many at once. */
import type * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { MaxBodySize } from "effect/http/HttpIncomingMessage"
import type { HttpServerError } from "effect/http/HttpServerError"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Semaphore from "effect/Semaphore"
import type { Settings } from "../Settings.ts"
import * as Answers from "./answers.ts"

/** Reads a body as text, or fails with the answer. */
export type Reader = (request: Pick<HttpServerRequest, "text">) => Effect.Effect<string, HttpServerResponse>

/** Makes a reader. Bodies that are being read count like openings: whoever sends one slowly holds memory meanwhile. */
export const reader = (
  { maxOpenings, startTimeout }: Pick<Settings, "maxOpenings" | "startTimeout">,
  limit: ByteSize.ByteSize
): Reader => {
  const places = Semaphore.makeUnsafe(maxOpenings)
  return ({ text }) =>
    // In a fiber of its own: to interrupt the reading cuts off the connection, and with it the answer.
    Effect.forkDetach(Effect.mapError(Effect.provideService(text, MaxBodySize, limit), unreadable), {
      startImmediately: true
    }).pipe(
      Effect.flatMap(Fiber.join),
      Effect.timeoutOrElse({ duration: startTimeout, orElse: () => Effect.fail(Answers.bodyTooLate) }),
      places.withPermitsIfAvailable(1),
      Effect.flatMap((read) => (read._tag === "Some" ? Effect.succeed(read.value) : Effect.fail(Answers.tooManyBodies)))
    )
}

const unreadable = ({ reason }: HttpServerError): HttpServerResponse =>
  reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge" ? Answers.bodyTooLong : Answers.badBody
