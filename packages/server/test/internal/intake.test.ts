import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { Ending } from "../../src/Ending.ts"
import * as Intake from "../../src/internal/intake.ts"
import { shifted } from "../support/wallClock.ts"

describe("Intake", () => {
  it("counts the bytes of a frame as UTF-8", () => {
    for (const text of ["", "abc", "é€", "😀😀", "a\ud800b", "\udc00\ud800", "x😀é€".repeat(50)]) {
      const bytes = Buffer.byteLength(text)
      assert.isFalse(Intake.isTooLarge(text, bytes), JSON.stringify(text))
      if (bytes > 0) assert.isTrue(Intake.isTooLarge(text, bytes - 1), JSON.stringify(text))
    }
    assert.isFalse(Intake.isTooLarge(new Uint8Array(5), 5))
    assert.isTrue(Intake.isTooLarge(new Uint8Array(6), 5))
  })

  const unlimited = { maxFramesPerSecond: 0, maxBytesPerSecond: 0, maxCallBytes: 0 }
  const messages = (count: number) => Array.from({ length: count }, () => "x")

  it.effect("accepts a burst of ten seconds' worth of messages, then the steady rate", () =>
    Effect.gen(function* () {
      const intake = Intake.make({ ...unlimited, maxFramesPerSecond: 20 }, yield* Clock.Clock)
      assert.isUndefined(intake.excess(messages(200)))
      assert.deepStrictEqual(intake.excess(messages(1)), Ending.Flood({ limit: 20, of: "messages" }))
      yield* TestClock.adjust("1 second")
      assert.isUndefined(intake.excess(messages(19)))
      assert.isDefined(intake.excess(messages(1)))
    })
  )

  it.effect("accepts a burst of ten seconds' worth of bytes, then the steady rate", () =>
    Effect.gen(function* () {
      const intake = Intake.make({ ...unlimited, maxBytesPerSecond: 1000 }, yield* Clock.Clock)
      assert.isUndefined(intake.excess(["x".repeat(4000), new Uint8Array(6000)]))
      assert.deepStrictEqual(intake.excess(["x"]), Ending.Flood({ limit: 1000, of: "bytes" }))
      yield* TestClock.adjust("2 seconds")
      assert.isUndefined(intake.excess(["x".repeat(1999)]))
    })
  )

  it.effect("accepts no more bytes than a call may receive, however slowly they arrive", () =>
    Effect.gen(function* () {
      const intake = Intake.make({ ...unlimited, maxCallBytes: 1000 }, yield* Clock.Clock)
      for (let i = 0; i < 10; i++) {
        assert.isUndefined(intake.excess(["x".repeat(100)]))
        yield* TestClock.adjust("1 hour")
      }
      assert.deepStrictEqual(intake.excess(["x"]), Ending.Spent({ limit: 1000 }))
    })
  )

  it.effect("accepts everything without a limit", () =>
    Effect.gen(function* () {
      const intake = Intake.make(unlimited, yield* Clock.Clock)
      assert.isUndefined(intake.excess([new Uint8Array(100_000_000), ...messages(100_000)]))
    })
  )

  it.effect("ignores steps of the wall clock", () =>
    Effect.gen(function* () {
      const clock = shifted(yield* Clock.Clock)
      const intake = Intake.make({ ...unlimited, maxFramesPerSecond: 20 }, clock)
      for (const step of [-15_000, -3_600_000, 3_600_000]) {
        clock.shift(step)
        assert.isUndefined(intake.excess(messages(1)), `a step of ${step} ms`)
      }
      assert.isDefined(intake.excess(messages(200)), "a step forward earns nothing")
    })
  )
})
