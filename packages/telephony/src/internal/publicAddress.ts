/** The public address of this server: configured, or taken from the request. */
import type { HttpServerRequest } from "effect/http/HttpServerRequest"

/** `https://host`, and the path that a proxy puts before ours. Undefined to use what the request says. */
export type PublicUrl = string | undefined

const isLoopback = (host: string): boolean => /^(localhost|127\.|\[::1\])/.test(host)

const first = (header: string | undefined): string | undefined => header?.split(",")[0]?.trim() || undefined

/** The address of this server, without a trailing slash. */
export const of = (request: HttpServerRequest, publicUrl: PublicUrl): string => {
  if (publicUrl !== undefined) return publicUrl.replace(/(?<!\/)\/+$/, "")
  const { headers } = request
  const host = first(headers["x-forwarded-host"]) ?? headers.host ?? "localhost"
  // Carriers require TLS. If no header says so, a tunnel terminates it.
  const scheme = first(headers["x-forwarded-proto"]) ?? (isLoopback(host) ? "http" : "https")
  return `${scheme === "ws" ? "http" : scheme === "wss" ? "https" : scheme}://${host}`
}

/** The same address with the WebSocket scheme. */
export const socket = (url: string): string => url.replace(/^http/, "ws")

/** Path and query of a request, unchanged. */
const pathOf = (request: HttpServerRequest): string => request.originalUrl.replace(/^\w+:\/\/[^/?]*/, "")

/** Addresses that the signature of a request may cover. */
export const signed = (request: HttpServerRequest, publicUrl: PublicUrl): ReadonlyArray<string> => {
  const url = of(request, publicUrl) + pathOf(request)
  const other = url.startsWith("https:") ? url.replace(/^https/, "http") : url.replace(/^http/, "https")
  return [url, other].flatMap((each) => [each, socket(each)])
}
