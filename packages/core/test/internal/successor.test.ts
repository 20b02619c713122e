import { assert, describe, it } from "@effect/vitest"
import { successor } from "../../src/internal/successor.ts"

const id = (group: string) => `0b7c1d2e-3f40-4a51-8b62-${group}`

describe("successor", () => {
  it("counts in the last group alone, with its carries, and starts again after the last", () => {
    const pairs = [
      ["000000000000", "000000000001"],
      ["0000000000f9", "0000000000fa"],
      ["00000000000f", "000000000010"],
      ["c0ffee0fffff", "c0ffee100000"],
      ["ffffffffffff", "000000000000"]
    ] as const
    for (const [one, next] of pairs) assert.strictEqual(successor(id(one)), id(next))
  })

  it("counts on, one by one", () => {
    let at = id("0000000000f0")
    for (let i = 0; i < 1000; i++) at = successor(at)
    assert.strictEqual(at, id((0xf0 + 1000).toString(16).padStart(12, "0")))
  })
})
