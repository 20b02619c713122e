/** The answers that routes of every protocol give. */
import * as HttpServerResponse from "effect/http/HttpServerResponse"

/** An answer of JSON. */
export const respond = (status: number, body: object, headers: Record<string, string> = {}) =>
  HttpServerResponse.text(JSON.stringify(body), { status, headers, contentType: "application/json" })

export const notFound = respond(404, { detail: "Not Found" })
export const notAllowed = (allow: string) => respond(405, { detail: "Method Not Allowed" }, { allow })
export const badUpgrade = respond(400, { detail: "The connection could not be upgraded" })
export const badSubprotocol = respond(400, { detail: "The socket offers no subprotocol of this wire" })
export const bodyTooLong = respond(413, { detail: "The body is too long" })
export const badBody = respond(400, { detail: "The body could not be read" })
