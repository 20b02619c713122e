import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import * as VirtualTime from "../../src/testing/VirtualTime.ts"

describe("VirtualTime", () => {
  it.effect("takes no time for a promise that is settled, also where the program begins with it", () =>
    Effect.gen(function* () {
      const sleeper = yield* Effect.forkChild(Effect.sleep("1 second"), { startImmediately: true })
      yield* Effect.promise(() => Promise.resolve())
      assert.strictEqual(yield* VirtualTime.now, 0)
      yield* Fiber.join(sleeper)
      assert.strictEqual(yield* VirtualTime.now, 1000)
    }).pipe(VirtualTime.run)
  )

  it.effect("shows the time of the wall that it is told, and counts from 0", () =>
    Effect.gen(function* () {
      const startsAt = Date.UTC(2026, 10, 26)
      const read = Effect.gen(function* () {
        yield* Effect.sleep("1 minute")
        return [yield* Clock.currentTimeMillis, yield* Clock.monotonicTimeNanos, yield* VirtualTime.now]
      })
      assert.deepStrictEqual(yield* VirtualTime.run(read, { startsAt }), [startsAt + 60_000, 60_000_000_000n, 60_000])
    })
  )

  it.effect("knows the end of a moment, behind all that wakes at it", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const note = (what: string) => Effect.sync(() => seen.push(what))
      const last = Effect.andThen(Effect.andThen(Effect.sleep(10), VirtualTime.momentOver), note("last"))
      const quiet = Effect.andThen(Effect.andThen(Effect.sleep(10), VirtualTime.settled), note("settled"))
      const other = Effect.andThen(Effect.sleep(10), note("other"))
      const later = Effect.andThen(Effect.sleep(11), note("later"))
      yield* Effect.all([last, quiet, other, later], { concurrency: "unbounded" })
      assert.deepStrictEqual(seen, ["settled", "other", "last", "later"])
    }).pipe(VirtualTime.run)
  )
})
