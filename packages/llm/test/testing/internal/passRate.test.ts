import { assert, describe, it } from "@effect/vitest"
import * as PassRate from "../../../src/testing/internal/passRate.ts"

const round = (value: number) => Math.round(value * 10_000) / 10_000

describe("passRate", () => {
  // Newcombe 1998, table I, method 3 (score, without continuity correction): 95 % intervals to four digits.
  for (const [passed, judged, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718]
  ] as const) {
    it(`gives Newcombe's interval for ${passed} of ${judged}`, () => {
      const rate = PassRate.make(passed, judged)
      assert.deepStrictEqual([round(rate.low), round(rate.high)], [low, high])
      assert.strictEqual(rate.rate, passed / judged)
    })
  }

  it("ends at exactly 1 if all passed, and at exactly 0 if none did", () => {
    for (const judged of [1, 3, 10, 99, 1000]) {
      assert.strictEqual(PassRate.make(judged, judged).high, 1)
      assert.strictEqual(PassRate.make(0, judged).low, 0)
      assert.approximately(PassRate.make(judged, judged).low, 1 - PassRate.make(0, judged).high, 1e-12)
    }
  })

  it("is unknown if nothing was judged", () => {
    assert.deepStrictEqual(PassRate.make(0, 0), { passed: 0, judged: 0, rate: null, low: 0, high: 1 })
  })
})
