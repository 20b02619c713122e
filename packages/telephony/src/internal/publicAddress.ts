/** The public address of this server: configured, or taken from the request. */
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Credentials from "./credentials.ts"

/** Configured addresses: `https://host`, and the path that a proxy puts before ours. */
export interface Addresses {
  /** The address that webhooks are sent to. Undefined to use what the request says. */
  readonly publicUrl: string | undefined
  /** The address of this process alone, if others share the public one. */
  readonly processUrl: string | undefined
}

const isLoopback = (host: string): boolean => /^(localhost|127\.|\[::1\])/.test(host)

const first = (header: string | undefined): string | undefined => header?.split(",")[0]?.trim() || undefined

/** The address for streams and callbacks of a call, without a trailing slash. */
export const of = (request: HttpServerRequest, { processUrl, publicUrl }: Addresses): string =>
  processUrl ?? publicUrl ?? told(request)

/** The address that a request says it was sent to. */
const told = (request: HttpServerRequest): string => {
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
export const signed = (request: HttpServerRequest, { processUrl, publicUrl }: Addresses): ReadonlyArray<string> =>
  [publicUrl ?? told(request), ...(processUrl === undefined ? [] : [processUrl])].flatMap((address) => {
    const url = address + pathOf(request)
    const other = url.startsWith("https:") ? url.replace(/^https/, "http") : url.replace(/^http/, "https")
    return [url, other].flatMap((each) => [each, socket(each)])
  })

/** Loads the addresses from options and the environment, without trailing slashes. */
export const load = (options: {
  readonly publicUrl?: string | undefined
  readonly processUrl?: string | undefined
}): Effect.Effect<Addresses> =>
  Effect.gen(function* () {
    const trimmed = (url: string | undefined) => url?.replace(/(?<!\/)\/+$/, "")
    return {
      publicUrl: trimmed(options.publicUrl ?? (yield* Credentials.variable("ANTIPHON_PUBLIC_URL"))),
      processUrl: trimmed(options.processUrl)
    }
  })
