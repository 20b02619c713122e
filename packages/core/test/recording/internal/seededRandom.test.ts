import { assert, describe, it } from "@effect/vitest"
import * as SeededRandom from "../../../src/recording/internal/seededRandom.ts"

const draws = (seed: number, turn: number, messages: number, count = 4) => {
  const random = SeededRandom.make(seed, turn, messages)
  return Array.from({ length: count }, () => random.nextDoubleUnsafe())
}

describe("seededRandom", () => {
  it("draws the same numbers for the same request", () => {
    assert.deepStrictEqual(draws(4_000_000_000, 3, 7), draws(4_000_000_000, 3, 7))
  })

  it("draws other numbers for another call, another turn and another prompt", () => {
    const seen = new Set<number>()
    for (const seed of [0, 1, 2 ** 31, 2 ** 32 - 1]) {
      for (let turn = 0; turn < 20; turn++) {
        for (let messages = 0; messages < 20; messages++)
          for (const drawn of draws(seed, turn, messages)) seen.add(drawn)
      }
    }
    assert.strictEqual(seen.size, 4 * 20 * 20 * 4)
  })

  it("spreads evenly over its whole range", () => {
    const buckets = Array.from({ length: 16 }, () => 0)
    for (const drawn of draws(1, 2, 3, 16_000)) buckets[Math.floor(drawn * 16)]!++
    for (const count of buckets) assert.closeTo(count, 1000, 150)
    const random = SeededRandom.make(1, 2, 3)
    const ints = Array.from({ length: 1000 }, () => random.nextIntUnsafe())
    assert.isTrue(ints.every(Number.isSafeInteger))
    assert.closeTo(ints.filter((int) => int < 0).length, 500, 80)
  })
})
