import * as Chance from "@antiphon/core/testing/Chance"
import { assert, describe, it } from "@effect/vitest"
import * as LatencyDraw from "../../../src/testing/internal/latencyDraw.ts"

describe("LatencyDraw", () => {
  it("draws with the given median and 99th percentile", () => {
    const chance = Chance.make(1)
    const drawn = chance.many(20_000, () => LatencyDraw.draw({ median: "400 millis", p99: "2 seconds" }, chance))
    const sorted = drawn.toSorted((a, b) => a - b)
    assert.approximately(sorted[10_000]!, 400, 15)
    assert.approximately(sorted[19_800]!, 2000, 120)
    assert.isAbove(sorted[0]!, 0)
    assert.strictEqual(LatencyDraw.draw({ median: "1 second", p99: "1 second" }, chance), 1000)
  })
})
