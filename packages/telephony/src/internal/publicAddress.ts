/** The address under which a carrier reaches this server: as it is configured, or as the request tells. */
import type { HttpServerRequest } from "effect/http/HttpServerRequest"

/** `https://host` and a path before ours, if a proxy adds one. Undefined: as the request tells. */
export type PublicUrl = string | undefined

const isLoopback = (host: string): boolean => /^(localhost|127\.|\[::1\])/.test(host)

const first = (header: string | undefined): string | undefined => header?.split(",")[0]?.trim() || undefined

/** The address of this server, without a slash at its end. */
export const of = (request: HttpServerRequest, publicUrl: PublicUrl): string => {
  if (publicUrl !== undefined) return publicUrl.replace(/(?<!\/)\/+$/, "")
  const { headers } = request
  const host = first(headers["x-forwarded-host"]) ?? headers.host ?? "localhost"
  // Carriers call no server without TLS: who says nothing of it is behind a tunnel that ends it.
  const scheme = first(headers["x-forwarded-proto"]) ?? (isLoopback(host) ? "http" : "https")
  return `${scheme === "ws" ? "http" : scheme === "wss" ? "https" : scheme}://${host}`
}

/** The same address for a WebSocket. */
export const socket = (url: string): string => url.replace(/^http/, "ws")

/** The path of a request with its query, as it was written. */
const pathOf = (request: HttpServerRequest): string => request.originalUrl.replace(/^\w+:\/\/[^/?]*/, "")

/** The addresses that a request may have been signed for. */
export const signed = (request: HttpServerRequest, publicUrl: PublicUrl): ReadonlyArray<string> => {
  const url = of(request, publicUrl) + pathOf(request)
  const other = url.startsWith("https:") ? url.replace(/^https/, "http") : url.replace(/^http/, "https")
  return [url, other].flatMap((each) => [each, socket(each)])
}
