import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as LogAllowance from "../../src/internal/logAllowance.ts"

describe("LogAllowance", () => {
  it.effect("allows a few lines at once, then one every ten seconds that says how many it stands for", () =>
    Effect.gen(function* () {
      const allowance = LogAllowance.make(yield* Clock.Clock)
      const takeAll = (count: number) => Array.from({ length: count }, () => allowance.take())
      assert.deepStrictEqual(takeAll(20), Array(20).fill(0))
      assert.deepStrictEqual(takeAll(300), Array(300).fill(undefined))
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(allowance.take())
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(allowance.take(), 301)
      assert.isUndefined(allowance.take())
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(takeAll(21), [1, ...Array(19).fill(0), undefined])
    })
  )

  it("says how many were left out", () => {
    assert.strictEqual(LogAllowance.andMore(0), "")
    assert.strictEqual(LogAllowance.andMore(3), " (3 more were not logged)")
  })
})
