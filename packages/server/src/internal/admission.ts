/** Decides who may open a call, by the request's token and the page it comes from. */
import * as Redacted from "effect/Redacted"
import { createHash, timingSafeEqual } from "node:crypto"
import type { Settings } from "../Settings.ts"

/** The parts of a request that admission reads. Header names are in lower case. */
interface Request {
  readonly headers: { readonly [name: string]: string | undefined }
}

/** Returns the status and detail of the refusal, or undefined if the request is admitted. */
export const refusal = (
  request: Request,
  { allowedOrigins, token }: Pick<Settings, "allowedOrigins" | "token">
): { readonly status: number; readonly detail: string } | undefined => {
  if (token !== undefined && !sameText(given(request), Redacted.value(token))) {
    return { status: 401, detail: "Unauthorized" }
  }
  const { host, origin } = request.headers
  if (origin === undefined || allowedOrigins.includes("*") || allowedOrigins.includes(origin)) return undefined
  return URL.canParse(origin) && new URL(origin).host === host
    ? undefined
    : { status: 403, detail: "Origin not allowed" }
}

/** Whether an address to listen on is reached from this machine alone. */
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

// An empty token admits nobody. Both sides are hashed first, so that the comparison takes the same time for any
// lengths.
const sameText = (given: string, token: string): boolean =>
  token !== "" && timingSafeEqual(digest(given), digest(token))
const digest = (text: string): Buffer => createHash("sha256").update(text).digest()
