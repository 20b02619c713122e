import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Tokens from "../../src/internal/tokens.ts"

describe("tokens", () => {
  it.effect("are valid once, and for a while", () =>
    Effect.gen(function* () {
      const tokens = Tokens.make<number>(yield* Clock.Clock, Duration.seconds(60))
      const [first, second] = [tokens.issue(1), tokens.issue(2)]
      assert.notStrictEqual(first, second)
      assert.strictEqual(tokens.redeem(first), 1)
      assert.isUndefined(tokens.redeem(first))
      assert.isUndefined(tokens.redeem("another"))
      yield* TestClock.adjust("61 seconds")
      assert.isUndefined(tokens.redeem(second))
    })
  )

  it.effect("do not accumulate: the oldest is dropped", () =>
    Effect.gen(function* () {
      const tokens = Tokens.make<number>(yield* Clock.Clock, Duration.seconds(60))
      const all = Array.from({ length: 10_001 }, (_, index) => tokens.issue(index))
      assert.isUndefined(tokens.redeem(all[0]!))
      assert.strictEqual(tokens.redeem(all[1]!), 1)
    })
  )
})
