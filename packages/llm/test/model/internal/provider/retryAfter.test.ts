import { assert, describe, it } from "@effect/vitest"
import * as RetryAfter from "../../../../src/model/internal/provider/retryAfter.ts"

const said = (message: string) => RetryAfter.millis(undefined, { error: { message } })

describe("when to retry", () => {
  for (const [sentence, millis] of [
    ["Rate limit reached. Please try again in 1.5s.", 1500],
    ["Please try again in 20ms. Visit the console.", 20],
    ["Limit 100000, Used 99000. Please try again in 7m12.5s.", 432_500],
    ["Please retry after 26 seconds.", 26_000],
    ["Please try again in 1h2m3s.", 3_723_000],
    ["Please retry your request later, or try again in 2s.", 2000],
    ["Quota resets in 2 minutes.", 120_000],
    ["You are limited. Try again in about 5 secs", 5000],
    ["Please wait 20 seconds before the next request.", 20_000],
    ["Please wait for at least 1 hour", 3_600_000],
    ["Retrying in 3 min 10 sec is advised", 190_000],
    ["Please retry in 12.34s.", 12_340],
    ["Please try again later.", undefined],
    ["Please wait until the queue of 20 is empty.", undefined],
    ["Try again in 20 models.", undefined]
  ] as const) {
    it(`"${sentence}" is ${millis}`, () => assert.strictEqual(said(sentence), millis))
  }

  it("headers come before words, and milliseconds before seconds", () => {
    const body = { error: { message: "try again in 9s" } }
    const after = (headers: Record<string, string>) => RetryAfter.millis(new Headers(headers), body)
    assert.strictEqual(after({ "retry-after-ms": "250", "retry-after": "1" }), 250)
    assert.strictEqual(after({ "retry-after": "1.5" }), 1500)
    const date = "Sun, 29 Nov 2026 06:00:00 GMT"
    assert.strictEqual(after({ "retry-after": "Sun, 29 Nov 2026 06:00:07 GMT", date }), 7000)
    assert.strictEqual(after({ "retry-after": "soon" }), 9000)
    assert.strictEqual(after({ "retry-after": "-1" }), 9000)
  })

  it("Google's details come before the sentence", () => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.07s" }]
    const body = [{ error: { message: "Please retry in 1s.", details } }]
    assert.strictEqual(RetryAfter.millis(undefined, body), 34_070)
  })
})
