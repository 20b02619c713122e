/**
 * Verifies that a request comes from a carrier: Twilio signs the address and form with HMAC, Telnyx the body with Ed25519.
 *
 * Pure. Signatures are compared in constant time.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { createHmac, createPublicKey, verify, type KeyObject } from "node:crypto"
import * as Secret from "./internal/secret.ts"

/** Names and values of a form or query, in any order. */
export type Fields = ReadonlyArray<readonly [name: string, value: string]>

/**
 * Computes the `X-Twilio-Signature` of a request: base64 of HMAC-SHA1 over the address as Twilio called it, followed by the
 * fields of its form sorted by name. GET requests, JSON bodies and WebSockets have no fields.
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
 * Checks whether Twilio signed a request for one of these addresses. Each address is tried with and without its port and with
 * and without a trailing slash, because proxies and Twilio do not agree on them.
 */
export const isTwilio = (
  request: { readonly signature: string | undefined; readonly urls: ReadonlyArray<string>; readonly fields?: Fields },
  authToken: string
): boolean => {
  const { fields = [], signature, urls } = request
  if (signature === undefined || authToken === "") return false
  return [...new Set(urls.flatMap(spellings))].some((url) => Secret.equals(signature, twilio(authToken, url, fields)))
}

const ports: Readonly<Record<string, string>> = { "http:": "80", "https:": "443", "ws:": "80", "wss:": "443" }

/** Spellings of one address. */
const spellings = (url: string): ReadonlyArray<string> => {
  const [, scheme, host, rest] = /^(\w+:)\/\/([^/?#]*)(.*)$/.exec(url) ?? []
  if (scheme === undefined || host === undefined || rest === undefined) return [url]
  const port = /:\d+$/.exec(host)?.[0]
  const hosts = port === undefined ? [host, `${host}:${ports[scheme] ?? "443"}`] : [host, host.slice(0, -port.length)]
  const rests = /[?#]/.test(rest) ? [rest] : rest.endsWith("/") ? [rest, rest.slice(0, -1)] : [rest, `${rest}/`]
  return hosts.flatMap((host) => rests.map((rest) => `${scheme}//${host}${rest}`))
}

/** Reads the public key of a Telnyx account: 32 bytes in base64, as Mission Control shows it. */
export const telnyxKey = (base64: string): Result.Result<KeyObject, "NotAKey"> => {
  const raw = Buffer.from(base64, "base64")
  if (raw.length !== 32) return Result.fail("NotAKey")
  return Result.try({
    try: () => createPublicKey({ key: Buffer.concat([ed25519Prefix, raw]), format: "der", type: "spki" }),
    catch: () => "NotAKey" as const
  })
}

/** DER header of an Ed25519 public key (RFC 8410). */
const ed25519Prefix = Buffer.from("302a300506032b6570032100", "hex")

/** Oldest Telnyx signature that is accepted, in seconds, so that a recorded request cannot be replayed later. */
const telnyxToleranceS = 300

/**
 * Checks whether Telnyx signed a body within the last five minutes. The signature is Ed25519 over the time stamp, `|` and the
 * body; it comes in `telnyx-signature-ed25519` (base64), with the time stamp in `telnyx-timestamp` (seconds).
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
