import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Intake from "../../src/internal/intake.ts"
import { shifted } from "../support/wallClock.ts"

describe("Intake", () => {
  it("counts the bytes of a frame as UTF-8 does", () => {
    for (const text of ["", "abc", "é€", "😀😀", "a\ud800b", "\udc00\ud800", "x😀é€".repeat(50)]) {
      const bytes = Buffer.byteLength(text)
      assert.isFalse(Intake.isTooLarge(text, bytes), JSON.stringify(text))
      if (bytes > 0) assert.isTrue(Intake.isTooLarge(text, bytes - 1), JSON.stringify(text))
    }
    assert.isFalse(Intake.isTooLarge(new Uint8Array(5), 5))
    assert.isTrue(Intake.isTooLarge(new Uint8Array(6), 5))
  })

  it.effect("takes a burst of ten seconds' worth, and then what the pace allows", () =>
    Effect.gen(function* () {
      const pace = Intake.pace(20, yield* Clock.Clock)
      assert.isFalse(pace.isFlood(200))
      assert.isTrue(pace.isFlood(1))
      yield* TestClock.adjust("1 second")
      assert.isFalse(pace.isFlood(19))
      assert.isTrue(pace.isFlood(1))
    })
  )

  it.effect("takes everything where there is no limit", () =>
    Effect.gen(function* () {
      const pace = Intake.pace(0, yield* Clock.Clock)
      assert.isFalse(pace.isFlood(1_000_000))
    })
  )

  it.effect("takes no step of the wall clock for time that has passed, or has come back", () =>
    Effect.gen(function* () {
      const clock = shifted(yield* Clock.Clock)
      const pace = Intake.pace(20, clock)
      for (const step of [-15_000, -3_600_000, 3_600_000]) {
        clock.shift(step)
        assert.isFalse(pace.isFlood(1), `a step of ${step} ms`)
      }
      assert.isTrue(pace.isFlood(200), "a step forward earns nothing")
    })
  )
})
