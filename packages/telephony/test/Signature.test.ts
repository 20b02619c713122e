import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { generateKeyPairSync, sign } from "node:crypto"
import * as Signature from "../src/Signature.ts"

// Made with the `twilio` package 6.2.0.
const form = [
  ["To", "+15550002222"],
  ["CallSid", "CA123"],
  ["From", "+15550001111"]
] as const
const url = "https://example.com/voice?x=1"
const ofForm = "2+Rry1J2c1VhdlT1PO1hEAVor/4="
const ofSocket = "7PR3qMkpDyEJtMrVOY/LDyNq8J8="

describe("Signature of Twilio", () => {
  it("equals the one Twilio's own package makes", () => {
    assert.strictEqual(Signature.twilio("12345", url, form), ofForm)
    assert.strictEqual(Signature.twilio("12345", "wss://example.com/media"), ofSocket)
  })

  it("counts a repeated value once, in order", () => {
    const twice = [
      ["A", "2"],
      ["A", "1"],
      ["A", "2"]
    ] as const
    const once = [
      ["A", "1"],
      ["A", "2"]
    ] as const
    assert.strictEqual(Signature.twilio("12345", url, twice), Signature.twilio("12345", url, once))
  })

  const accepted = (urls: ReadonlyArray<string>, signature: string | undefined = ofForm, token = "12345") =>
    Signature.isTwilio({ signature, urls, fields: form }, token)

  it("is accepted with and without the port, and for any of the addresses", () => {
    assert.isTrue(accepted([url]))
    assert.isTrue(accepted(["https://example.com:443/voice?x=1"]))
    assert.isTrue(accepted(["http://localhost/voice?x=1", url]))
    const withSlash = Signature.twilio("12345", "wss://example.com/media/")
    assert.isTrue(Signature.isTwilio({ signature: withSlash, urls: ["wss://example.com/media"] }, "12345"))
  })

  it("is rejected for another address, form or token, or if it is missing", () => {
    assert.isFalse(accepted(["https://example.com/voice?x=2"]))
    assert.isFalse(accepted(["https://example.org/voice?x=1"]))
    assert.isFalse(Signature.isTwilio({ signature: ofForm, urls: [url], fields: [...form, ["More", "1"]] }, "12345"))
    assert.isFalse(accepted([url], ofForm, "12346"))
    assert.isFalse(accepted([url], ""))
    assert.isFalse(Signature.isTwilio({ signature: undefined, urls: [url], fields: form }, "12345"))
    assert.isFalse(accepted([url], Signature.twilio("", url, form), ""))
  })
})

describe("Signature of Telnyx", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("base64")
  const key = Result.getOrThrow(Signature.telnyxKey(raw))
  const nowMs = 1_700_000_000_000
  const signed = (body: string, timestamp: string) =>
    sign(null, Buffer.from(`${timestamp}|${body}`), privateKey).toString("base64")
  const body = '{"data":{"event_type":"call.initiated"}}'
  const timestamp = "1700000000"

  it("is accepted for the signed body, within five minutes", () => {
    const request = { signature: signed(body, timestamp), timestamp, body }
    assert.isTrue(Signature.isTelnyx(request, key, nowMs))
    assert.isTrue(Signature.isTelnyx(request, key, nowMs + 299_000))
    assert.isFalse(Signature.isTelnyx(request, key, nowMs + 301_000))
    assert.isFalse(Signature.isTelnyx({ ...request, body: `${body} ` }, key, nowMs))
    assert.isFalse(Signature.isTelnyx({ ...request, timestamp: "1700000001" }, key, nowMs))
    assert.isFalse(Signature.isTelnyx({ ...request, signature: undefined }, key, nowMs))
    assert.isFalse(Signature.isTelnyx({ ...request, signature: "AAAA" }, key, nowMs))
    assert.isFalse(Signature.isTelnyx({ ...request, timestamp: "later" }, key, nowMs))
  })

  it("requires a key of 32 bytes", () => {
    assert.isTrue(Result.isFailure(Signature.telnyxKey("c2hvcnQ=")))
    assert.isTrue(Result.isFailure(Signature.telnyxKey("")))
  })
})
