import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import * as VirtualTime from "../../src/testing/VirtualTime.ts"

/** Something that takes real time, whatever the clock shows. */
const outside = (ms: number) => Effect.promise(() => new Promise<void>((resume) => setTimeout(resume, ms)))

describe("VirtualTime.standstill", () => {
  it.live("takes no time of the program, and lets none pass for others", () =>
    Effect.gen(function* () {
      const program = Effect.gen(function* () {
        let rang = false
        const alarm = yield* Effect.forkChild(
          Effect.andThen(
            Effect.sleep("1 hour"),
            Effect.sync(() => void (rang = true))
          ),
          { startImmediately: true }
        )
        yield* VirtualTime.standstill(outside(20))
        const state = { at: yield* Clock.currentTimeMillis, rang }
        yield* Fiber.join(alarm)
        return { ...state, end: yield* Clock.currentTimeMillis }
      })
      assert.deepStrictEqual(yield* VirtualTime.run(program), { at: 0, rang: false, end: 3_600_000 })
    })
  )

  it.live("lets work continue that needs no time", () =>
    Effect.gen(function* () {
      const program = Effect.gen(function* () {
        const other = yield* Effect.forkChild(Effect.as(Effect.yieldNow, "done"))
        yield* VirtualTime.standstill(Effect.andThen(outside(10), Fiber.join(other)))
        return yield* Fiber.join(other)
      })
      assert.strictEqual(yield* VirtualTime.run(program), "done")
    })
  )

  it.live("ends if its effect fails or is interrupted", () =>
    Effect.gen(function* () {
      const program = Effect.gen(function* () {
        yield* Effect.exit(VirtualTime.standstill(Effect.fail("no")))
        const fiber = yield* Effect.forkChild(VirtualTime.standstill(outside(60_000)), { startImmediately: true })
        yield* Fiber.interrupt(fiber)
        yield* Effect.sleep("1 second")
        return yield* Clock.currentTimeMillis
      })
      assert.strictEqual(yield* VirtualTime.run(program), 1000)
    })
  )

  it.live("runs its own deadlines in real time", () =>
    Effect.gen(function* () {
      const late = VirtualTime.standstill(Effect.timeoutOption(outside(60_000), "20 millis"))
      assert.strictEqual((yield* VirtualTime.run(late))._tag, "None")
    })
  )

  it.live("changes nothing outside of such a program", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* VirtualTime.standstill(Effect.succeed(1)), 1)
    })
  )
})
