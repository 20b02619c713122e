import * as Monotonic from "@antiphon/core/Monotonic"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Alarm from "../../../../src/model/internal/plan/alarm.ts"

const late = () => Effect.fail("late")

describe("alarm", () => {
  it.effect("gives up what takes longer, after its cleanup", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust(0)
      const seen: Array<string> = []
      const slow = Effect.onInterrupt(Effect.never, () =>
        Effect.map(Effect.sleep(5), () => void seen.push("cleaned up"))
      )
      const fiber = yield* Effect.forkChild(Alarm.within(slow, { alarm: new Alarm.Alarm(), at: 100, late }))
      yield* TestClock.adjust(99)
      yield* TestClock.adjust(2)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(yield* Fiber.await(fiber), Exit.fail("late"))
      assert.deepStrictEqual(seen, ["cleaned up"])
    })
  )

  it.effect("rings at any fraction of a millisecond", () =>
    VirtualTime.run(
      Effect.gen(function* () {
        for (let i = 1; i <= 300; i++) {
          yield* Effect.sleep(i / 7)
          const at = (yield* Monotonic.now) + 0.1 + i / 3
          const exit = yield* Effect.exit(Alarm.within(Effect.never, { alarm: new Alarm.Alarm(), at, late }))
          assert.deepStrictEqual(exit, Exit.fail("late"))
        }
      })
    )
  )

  it.effect("lets through what ends in time: values, failures, and interruptions of its own", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust(0)
      const alarm = new Alarm.Alarm()
      const ends = (effect: Effect.Effect<number, string>) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(Alarm.within(effect, { alarm, at: 1000, late }))
          yield* TestClock.adjust(10)
          return yield* Fiber.await(fiber)
        })
      assert.deepStrictEqual(yield* ends(Effect.succeed(1)), Exit.succeed(1))
      assert.deepStrictEqual(yield* ends(Effect.delay(Effect.succeed(2), 10)), Exit.succeed(2))
      assert.deepStrictEqual(yield* ends(Effect.fail("no")), Exit.fail("no"))
      assert.deepStrictEqual(yield* ends(Effect.andThen(Effect.sleep(10), Effect.fail("no"))), Exit.fail("no"))
      const stopped = yield* ends(Effect.andThen(Effect.sleep(10), Effect.interrupt))
      assert.isTrue(Exit.isFailure(stopped) && Cause.hasInterruptsOnly(stopped.cause))
    })
  )

  it.effect("sleeps once for many that end in time, and rings for the last at its own time", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust(0)
      const clock = yield* Clock.Clock
      let sleeps = 0
      const counting: Clock.Clock = Object.assign(Object.create(clock) as Clock.Clock, {
        sleep: (duration: Parameters<Clock.Clock["sleep"]>[0]) => {
          sleeps++
          return clock.sleep(duration)
        }
      })
      const alarm = new Alarm.Alarm()
      const reply = Effect.gen(function* () {
        for (let n = 0; n < 20; n++) yield* Alarm.within(Effect.yieldNow, { alarm, at: 100 + n, late })
        yield* Alarm.within(Effect.never, { alarm, at: 300, late })
      }).pipe(Effect.provideService(Clock.Clock, counting), Effect.exit)
      const fiber = yield* Effect.forkChild(reply)
      for (let turn = 0; turn < 100; turn++) yield* TestClock.adjust(0)
      assert.strictEqual(sleeps, 1)
      yield* TestClock.adjust(299)
      assert.isUndefined(fiber.pollUnsafe())
      assert.strictEqual(sleeps, 2)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.fail("late"))
    })
  )

  it.effect("is brought forward, and set again by another fiber after the first has ended", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust(0)
      const alarm = new Alarm.Alarm()
      const first = yield* Effect.forkChild(Alarm.within(Effect.delay(Effect.void, 10), { alarm, at: 1000, late }))
      yield* TestClock.adjust(10)
      yield* Fiber.join(first)
      const second = yield* Effect.forkChild(Effect.exit(Alarm.within(Effect.never, { alarm, at: 50, late })))
      yield* TestClock.adjust(40)
      assert.deepStrictEqual(yield* Fiber.join(second), Exit.fail("late"))
    })
  )

  it.effect("an interruption from outside interrupts what runs, and waits for it", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust(0)
      let cleaned = false
      const slow = Effect.onInterrupt(Effect.never, () => Effect.sync(() => void (cleaned = true)))
      const fiber = yield* Effect.forkChild(Alarm.within(slow, { alarm: new Alarm.Alarm(), at: 100, late }))
      yield* TestClock.adjust(1)
      yield* Fiber.interrupt(fiber)
      assert.isTrue(cleaned)
    })
  )
})
