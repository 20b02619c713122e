import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Alarm from "../../src/internal/alarm.ts"

/** An alarm that notes when it rings. */
const make = (onRing: (alarm: Alarm.Alarm, now: number) => void = () => {}) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const rung: Array<number> = []
    const alarm: Alarm.Alarm = Alarm.make({
      clock,
      fork: Effect.runForkWith(yield* Effect.context<never>()),
      ring: Effect.sync(() => {
        rung.push(clock.currentTimeMillisUnsafe())
        onRing(alarm, clock.currentTimeMillisUnsafe())
      })
    })
    return { alarm, rung }
  })

describe("Alarm", () => {
  it.effect("rings once, at its time", () =>
    Effect.gen(function* () {
      const { alarm, rung } = yield* make()
      alarm.set(500)
      yield* TestClock.adjust("499 millis")
      assert.deepStrictEqual(rung, [])
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(rung, [500])
    })
  )

  it.effect("rings at the time set last, earlier or later", () =>
    Effect.gen(function* () {
      const { alarm, rung } = yield* make()
      alarm.set(500)
      alarm.set(800)
      yield* TestClock.adjust("700 millis")
      assert.deepStrictEqual(rung, [])
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual(rung, [800])
      alarm.set(5000)
      alarm.set(1000)
      yield* TestClock.adjust("200 millis")
      assert.deepStrictEqual(rung, [800, 1000])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(rung, [800, 1000])
    })
  )

  it.effect("never rings if it is set to never or to infinity, or cancelled", () =>
    Effect.gen(function* () {
      const { alarm, rung } = yield* make()
      alarm.set(500)
      alarm.set(undefined)
      alarm.set(Number.POSITIVE_INFINITY)
      yield* TestClock.adjust("1 minute")
      alarm.set(70_000)
      alarm.cancel()
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(rung, [])
    })
  )

  it.effect("can be set again when it rings, and rings at most once a millisecond if its time has passed", () =>
    Effect.gen(function* () {
      const { alarm, rung } = yield* make((alarm) => alarm.set(0))
      alarm.set(0)
      yield* TestClock.adjust("5 millis")
      assert.deepStrictEqual(rung, [1, 2, 3, 4, 5])
    })
  )
})
