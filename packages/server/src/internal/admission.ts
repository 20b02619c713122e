/** Decides who may open a call, by the request's token and the page it comes from. */
import * as Redacted from "effect/Redacted"
import { createHash, timingSafeEqual } from "node:crypto"
import { isIP } from "node:net"
import type { Settings } from "../Settings.ts"

/** The parts of a request that admission reads. Header names are in lower case. */
interface Request {
  readonly headers: { readonly [name: string]: string | undefined }
}

/** Options of admission. Without a token or a list of host names, the request's host name is not checked. */
export type Rules = Pick<Settings, "allowedOrigins" | "token"> & Partial<Pick<Settings, "nextToken" | "hosts">>

/** Detail of the refusal of a request under an unknown host name. */
export const hostNotAllowed = "Host not allowed"

export interface Refusal {
  readonly status: number
  readonly detail: string
}

/** Returns the status and detail of the refusal, or undefined if the request is admitted. */
export const refusal = (request: Request, rules: Rules): Refusal | undefined =>
  hasToken(request, rules) ? refusalOfPage(request, rules) : { status: 401, detail: "Unauthorized" }

/** Whether a request carries one of the valid tokens. */
const hasToken = (request: Request, { nextToken, token }: Rules): boolean => {
  const good = [token, nextToken].filter((token) => token !== undefined)
  if (good.length === 0) return true
  const text = given(request)
  // Always compares with both, so that the duration reveals nothing.
  return good.map((token) => sameText(text, Redacted.value(token))).includes(true)
}

/** Refuses a request because of its origin: it comes from another page, or uses a host name that anyone could own. */
export const refusalOfPage = ({ headers }: Request, rules: Rules): Refusal | undefined => {
  const { host, origin } = headers
  const { allowedOrigins, hosts, nextToken, token } = rules
  if (token === undefined && nextToken === undefined && hosts !== undefined && !isKnown(host, hosts)) {
    return { status: 403, detail: hostNotAllowed }
  }
  if (origin === undefined || allowedOrigins.includes("*") || allowedOrigins.includes(origin)) return undefined
  const page = URL.parse(origin)
  return page !== null && /^https?:$/.test(page.protocol) && page.host === host
    ? undefined
    : { status: 403, detail: "Origin not allowed" }
}

/**
 * Whether a host name is safe from DNS rebinding: an address, a name without a dot, such as `localhost` or the name of
 * a container, or a name on the list. Anyone can point their own domain at 127.0.0.1, so that their page has the
 * server's origin, but no one can own a name without a dot.
 */
const isKnown = (host: string | undefined, hosts: ReadonlyArray<string>): boolean => {
  if (hosts.includes("*")) return true
  // A URL would accept more, such as a name behind an @.
  const url =
    host === undefined || !/^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d+)?$/i.test(host) ? null : URL.parse(`http://${host}`)
  if (url === null) return false
  const { hostname } = url
  return (
    !hostname.replace(/\.$/, "").includes(".") ||
    hostname.endsWith(".localhost") ||
    isIP(hostname.replace(/^\[|\]$/g, "")) !== 0 ||
    hosts.some((name) => name.toLowerCase() === hostname || name.toLowerCase() === url.host)
  )
}

/** Whether an address to listen on is only reachable from this machine. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d+){3}$/.test(host)

const given = ({ headers }: Request): string =>
  headers.authorization === undefined ? protocolToken(headers) : bearer(headers.authorization)

const bearer = (header: string): string => /^Bearer +(.+)$/i.exec(header)?.[1]?.trim() ?? ""

/**
 * Reads the token from a second subprotocol, `antiphon.bearer.<base64url>`: subprotocols are the only header of a
 * socket that a browser lets a page set.
 */
const protocolToken = (headers: Request["headers"]): string => {
  const [first, second, ...more] = (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim())
  // The first subprotocol is echoed to the client, so it must not be the secret.
  if (first !== "antiphon" || more.length > 0) return ""
  const [, encoded = ""] = /^antiphon\.bearer\.([\w-]+)$/.exec(second ?? "") ?? []
  return Buffer.from(encoded, "base64url").toString("utf8")
}

// An empty token never matches. Both sides are hashed first, so that the comparison takes the same time for any
// lengths.
const sameText = (given: string, token: string): boolean =>
  token !== "" && timingSafeEqual(digest(given), digest(token))
const digest = (text: string): Buffer => createHash("sha256").update(text).digest()
