import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { HttpServerRequest } from "effect/http"
import * as PublicAddress from "../../src/internal/publicAddress.ts"

const request = (headers: Record<string, string>, path = "/twilio?x=1") =>
  HttpServerRequest.fromWeb(new Request(`http://localhost:8000${path}`, { headers }))
const none = { publicUrl: undefined, processUrl: undefined }

describe("publicAddress", () => {
  const rows: ReadonlyArray<readonly [Record<string, string>, string]> = [
    [{ host: "localhost:8000" }, "http://localhost:8000"],
    [{ host: "127.0.0.1:8000" }, "http://127.0.0.1:8000"],
    // A tunnel that terminates TLS without saying so.
    [{ host: "a.example.com" }, "https://a.example.com"],
    [
      { host: "localhost:8000", "x-forwarded-host": "a.example.com", "x-forwarded-proto": "https" },
      "https://a.example.com"
    ],
    [{ host: "a.example.com", "x-forwarded-proto": "https, http" }, "https://a.example.com"],
    [{ host: "a.example.com", "x-forwarded-proto": "wss" }, "https://a.example.com"]
  ]
  for (const [headers, address] of rows) {
    it(`is ${address} for ${JSON.stringify(headers)}`, () =>
      assert.strictEqual(PublicAddress.of(request(headers), none), address))
  }

  it("is the configured one, and otherwise that of the process", () => {
    const local = request({ host: "localhost:8000" })
    const publicUrl = "https://a.example.com/phone"
    assert.strictEqual(PublicAddress.of(local, { ...none, publicUrl }), publicUrl)
    const processUrl = "https://p1.example.com"
    assert.strictEqual(PublicAddress.of(local, { publicUrl, processUrl }), processUrl)
    const signed = PublicAddress.signed(local, { publicUrl, processUrl })
    assert.includeMembers(
      [...signed],
      [
        "https://a.example.com/phone/twilio?x=1",
        "wss://a.example.com/phone/twilio?x=1",
        "https://p1.example.com/twilio?x=1"
      ]
    )
    assert.isFalse(signed.some((url) => url.includes("localhost")))
  })

  it.effect("prefers options to the environment, and drops a trailing slash", () =>
    Effect.gen(function* () {
      const env = ConfigProvider.layer(ConfigProvider.fromUnknown({ ANTIPHON_PUBLIC_URL: "https://env.example.com/" }))
      const load = (options: Parameters<typeof PublicAddress.load>[0]) =>
        Effect.provide(PublicAddress.load(options), env)
      assert.strictEqual((yield* load({})).publicUrl, "https://env.example.com")
      assert.strictEqual((yield* load({ publicUrl: "https://b.example.com//" })).publicUrl, "https://b.example.com")
    })
  )
})
