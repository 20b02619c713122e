import { assert, describe, it } from "@effect/vitest"
import * as Phone from "../../../../src/testing/internal/phone/phone.ts"

describe("Phone.wordMs", () => {
  it("is in whole milliseconds, and at least one", () => {
    assert.deepStrictEqual([160, 190, 60_000, 120_000].map(Phone.wordMs), [375, 316, 1, 0.5])
  })

  it("throws for a rate at which nothing is ever said", () => {
    for (const pace of [0, -1, Number.NaN]) assert.throws(() => Phone.wordMs(pace), RangeError)
  })
})
