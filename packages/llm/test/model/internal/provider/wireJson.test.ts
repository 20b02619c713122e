import { assert, describe, it } from "@effect/vitest"
import * as WireJson from "../../../../src/model/internal/provider/wireJson.ts"

const usageOf = (...events: ReadonlyArray<unknown>) =>
  events.reduce<object | undefined>(
    (before, now) => WireJson.usage(before, now as object | null | undefined),
    undefined
  )

describe("the usage of a reply", () => {
  it("is what its last events report", () => {
    assert.deepStrictEqual(usageOf({ input: 7, output: 1 }, { input: 7, output: 20 }), { input: 7, output: 20 })
  })

  it("keeps what a later event leaves out, or gives as zero, at any depth", () => {
    const whole = { input: 7, details: { cached: 3 }, output: 20 }
    for (const event of [undefined, null, {}, { input: 0 }, { details: null }, { details: { cached: 0 } }, "none"]) {
      assert.deepStrictEqual(usageOf(whole, event), whole)
    }
    assert.deepStrictEqual(usageOf({ input: 7, output: 1 }, { input: 0, output: 20 }), { input: 7, output: 20 })
    assert.deepStrictEqual(usageOf({ input: 0, output: 0 }, { input: 7 }), { input: 7, output: 0 })
  })
})
