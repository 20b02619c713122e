/**
 * Verifies that a request comes from the carrier: Twilio's HMAC over the address and the form, Telnyx's Ed25519 over
 * the body.
 *
 * Pure. Compares texts in constant time.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { createHash, createHmac, createPublicKey, timingSafeEqual, verify, type KeyObject } from "node:crypto"

/** Names and values of a form or a query, in their original order. */
export type Fields = ReadonlyArray<readonly [name: string, value: string]>

/** Whether two texts are equal. An empty text equals a missing one. */
export const equals = (given: string, expected: string): boolean =>
  expected !== "" && timingSafeEqual(digest(given), digest(expected))

// Hashed first, because the comparison requires equal lengths.
const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/**
 * The `X-Twilio-Signature` of a request: base64 of HMAC-SHA1 over the address, as Twilio called it, and the fields of its form
 * (none for GET, for JSON and for WebSockets) sorted by name.
 *
 * Source: Twilio, "Validating Signatures from Twilio"; compared with the `twilio` package 6.2.0.
 */
export const twilio = (authToken: string, url: string, fields: Fields = []): string => {
  const values = new Map<string, Set<string>>()
  for (const [name, value] of fields) values.set(name, (values.get(name) ?? new Set()).add(value))
  const form = [...values]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, some]) => [...some].toSorted().map((value) => name + value))
  return createHmac("sha1", authToken)
    .update(url + form.flat().join(""), "utf8")
    .digest("base64")
}

/**
 * Whether Twilio has signed a request for one of these addresses. Tries each with and without the port and a trailing
 * slash, because proxies and Twilio differ in both.
 */
export const isTwilio = (
  request: { readonly signature: string | undefined; readonly urls: ReadonlyArray<string>; readonly fields?: Fields },
  authToken: string
): boolean => {
  const { fields = [], signature, urls } = request
  if (signature === undefined || authToken === "") return false
  return [...new Set(urls.flatMap(spellings))].some((url) => equals(signature, twilio(authToken, url, fields)))
}

const ports: Readonly<Record<string, string>> = { "http:": "80", "https:": "443", "ws:": "80", "wss:": "443" }

/** The possible spellings of an address. */
const spellings = (url: string): ReadonlyArray<string> => {
  const [, scheme, host, rest] = /^(\w+:)\/\/([^/?#]*)(.*)$/.exec(url) ?? []
  if (scheme === undefined || host === undefined || rest === undefined) return [url]
  const port = /:\d+$/.exec(host)?.[0]
  const hosts = port === undefined ? [host, `${host}:${ports[scheme] ?? "443"}`] : [host, host.slice(0, -port.length)]
  const rests = /[?#]/.test(rest) ? [rest] : rest.endsWith("/") ? [rest, rest.slice(0, -1)] : [rest, `${rest}/`]
  return hosts.flatMap((host) => rests.map((rest) => `${scheme}//${host}${rest}`))
}

/** The public key of a Telnyx account: 32 bytes in base64, as Mission Control shows it. */
export const telnyxKey = (base64: string): Result.Result<KeyObject, "NotAKey"> => {
  const raw = Buffer.from(base64, "base64")
  if (raw.length !== 32) return Result.fail("NotAKey")
  return Result.try({
    try: () => createPublicKey({ key: Buffer.concat([ed25519Prefix, raw]), format: "der", type: "spki" }),
    catch: () => "NotAKey" as const
  })
}

/** Prefix of an Ed25519 key in Node's format (RFC 8410). */
const ed25519Prefix = Buffer.from("302a300506032b6570032100", "hex")

/** Maximum age of a Telnyx signature in seconds, which prevents replays. */
const telnyxToleranceS = 300

/**
 * Whether Telnyx has recently signed a body: Ed25519 over the time stamp, `|` and the body, in the headers
 * `telnyx-signature-ed25519` (base64) and `telnyx-timestamp` (seconds).
 */
export const isTelnyx = (
  request: {
    readonly signature: string | undefined
    readonly timestamp: string | undefined
    readonly body: string
  },
  key: KeyObject,
  nowMs: number
): boolean => {
  const { body, signature, timestamp } = request
  if (signature === undefined || timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > telnyxToleranceS) return false
  const signed = Buffer.from(signature, "base64")
  return signed.length === 64 && verify(null, Buffer.from(`${timestamp}|${body}`, "utf8"), key, signed)
}
