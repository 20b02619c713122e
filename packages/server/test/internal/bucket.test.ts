import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Bucket from "../../src/internal/bucket.ts"
import { shifted } from "../support/wallClock.ts"

describe("Bucket", () => {
  it.effect("accepts ten seconds' worth at once, then the steady rate, and counts the excess", () =>
    Effect.gen(function* () {
      const bucket = Bucket.make(10, yield* Clock.Clock)
      assert.isTrue(bucket.take(100))
      assert.isFalse(bucket.hasRoom())
      assert.isFalse(bucket.take(20))
      yield* TestClock.adjust("2 seconds")
      assert.isFalse(bucket.hasRoom())
      yield* TestClock.adjust("1 second")
      assert.isTrue(bucket.hasRoom())
      assert.isTrue(bucket.take(10))
    })
  )

  it.effect("treats 0 as no limit", () =>
    Effect.gen(function* () {
      const bucket = Bucket.make(0, yield* Clock.Clock)
      assert.isTrue(bucket.take(1e12))
      assert.isTrue(bucket.hasRoom())
    })
  )

  it.effect("takes nothing away when the wall clock is set back, and adds nothing when it is set forward", () =>
    Effect.gen(function* () {
      const clock = shifted(yield* Clock.Clock)
      const bucket = Bucket.make(10, clock)
      assert.isTrue(bucket.take(95))
      clock.shift(-3_600_000)
      assert.isTrue(bucket.take(5))
      clock.shift(7_200_000)
      assert.isFalse(bucket.take(1))
    })
  )
})
