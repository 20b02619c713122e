/** Reads the query of a request. */
import type { HttpServerRequest } from "effect/http/HttpServerRequest"

/** The fields of the query. Never fails, because a client may send an address that is none. */
export const of = ({ originalUrl }: Pick<HttpServerRequest, "originalUrl">): URLSearchParams =>
  new URLSearchParams(/\?([^#]*)/.exec(originalUrl)?.[1] ?? "")
