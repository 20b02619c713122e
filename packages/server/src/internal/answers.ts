/** Responses shared by the routes of all protocols. */
import * as HttpServerResponse from "effect/http/HttpServerResponse"

/** A JSON response. */
export const respond = (status: number, body: object, headers: Record<string, string> = {}) =>
  HttpServerResponse.text(JSON.stringify(body), { status, headers, contentType: "application/json" })

export const notFound = respond(404, { detail: "Not Found" })
export const notAllowed = (allow: string) => respond(405, { detail: "Method Not Allowed" }, { allow })
export const badUpgrade = respond(400, { detail: "The connection could not be upgraded" })
export const badSubprotocol = respond(400, { detail: "The socket offers no subprotocol of this wire" })
export const bodyTooLong = respond(413, { detail: "The body is too long" })
// Closes the connection, because the rest of the body may still arrive on it.
export const bodyTooLate = respond(408, { detail: "The body did not come in time" }, { connection: "close" })
export const tooManyBodies = respond(
  503,
  { detail: "Too many requests at once" },
  { connection: "close", "retry-after": "5" }
)
export const badBody = respond(400, { detail: "The body could not be read" })
