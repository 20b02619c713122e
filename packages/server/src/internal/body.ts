/** Reads request bodies, with limits on their length, their duration and their number at a time. */
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

/** Reads a body as text. Fails with a response. */
export type Reader = (request: Pick<HttpServerRequest, "text">) => Effect.Effect<string, HttpServerResponse>

/** Makes a reader. Bodies being read count as openings, because slow ones occupy memory. */
export const reader = (
  { maxOpenings, startTimeout }: Pick<Settings, "maxOpenings" | "startTimeout">,
  limit: ByteSize.ByteSize
): Reader => {
  const places = Semaphore.makeUnsafe(maxOpenings)
  return ({ text }) =>
    // Reads in a separate fiber, because interrupting the read would close the connection before the response.
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
