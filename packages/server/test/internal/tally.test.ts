import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { Ending } from "../../src/Ending.ts"
import * as Tally from "../../src/internal/tally.ts"

const quiet: Tally.Places = { openCalls: 3, openings: 1, maxCalls: 10, refusal: undefined, draining: false }
const make = (places: Tally.Places = quiet) => Effect.map(Clock.Clock, (clock) => Tally.make(clock, () => places))

describe("Tally", () => {
  it.effect("counts events by kind", () =>
    Effect.gen(function* () {
      const health = yield* make()
      health.count("started")
      health.count("received", 12)
      health.count("dropped", 2)
      health.ended(Ending.Idle())
      health.ended(Ending.Idle())
      health.ended(Ending.PeerClosed())
      health.refused("Unauthorized")
      health.blocked(300)
      health.blocked(100)
      const snapshot = yield* health.snapshot
      assert.deepInclude(snapshot, {
        openCalls: 3,
        openings: 1,
        maxCalls: 10,
        started: 1,
        received: 12,
        dropped: 2,
        ended: { Idle: 2, PeerClosed: 1 },
        refused: { Unauthorized: 1 },
        blocks: { count: 2, totalMs: 400, longestMs: 300, lastMs: 100 }
      })
    })
  )

  it.effect("keeps a bounded number of refusal kinds, whatever names a protocol makes up", () =>
    Effect.gen(function* () {
      const health = yield* make()
      for (let i = 0; i < 5000; i++) health.refused(`no ${i}`)
      const { refused } = yield* health.snapshot
      assert.isAtMost(Object.keys(refused).length, 101)
      assert.strictEqual(
        Object.values(refused).reduce((sum, count) => sum + count, 0),
        5000
      )
    })
  )

  it.effect("is ready unless there is a reason not to be, and names the reason", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* (yield* make()).readiness, { ready: true, reasons: [] })
      const full = yield* make({ ...quiet, refusal: "Full" })
      assert.deepStrictEqual(yield* full.readiness, { ready: false, reasons: ["Full"] })
      const draining = yield* make({ ...quiet, refusal: "Draining", draining: true })
      assert.deepStrictEqual(yield* draining.readiness, { ready: false, reasons: ["Draining"] })
    })
  )

  it.effect("is not ready for a while after the event loop was blocked", () =>
    Effect.gen(function* () {
      const health = yield* make()
      health.blocked(2000)
      assert.deepStrictEqual((yield* health.readiness).reasons, ["Blocked"])
      yield* TestClock.adjust(Tally.settleMs - 1)
      assert.isFalse((yield* health.readiness).ready)
      yield* TestClock.adjust(1)
      assert.isTrue((yield* health.readiness).ready)
    })
  )

  it.live("is not ready if an application's own check is false, fails, dies or hangs", () =>
    Effect.gen(function* () {
      for (const met of [
        Effect.succeed(false),
        Effect.die("broken"),
        Effect.suspend((): Effect.Effect<boolean> => {
          throw new Error("thrown")
        }),
        Effect.never
      ]) {
        const health = yield* make()
        yield* health.require({ name: "Fine", met: Effect.succeed(true) })
        yield* health.require({ name: "NoModel", met })
        assert.deepStrictEqual(yield* health.readiness, { ready: false, reasons: ["NoModel"] })
      }
    })
  )
})
