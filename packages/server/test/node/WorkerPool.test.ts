import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { monitorEventLoopDelay } from "node:perf_hooks"
import * as WorkerPool from "../../src/node/WorkerPool.ts"
import type { functions } from "../support/workerFunctions.ts"

const pool = (options: WorkerPool.Options = {}) =>
  WorkerPool.make<typeof functions>(new URL("../support/workerFunctions.ts", import.meta.url), { size: 2, ...options })

describe("A pool of threads", () => {
  it.live("runs work on the processor without holding up the event loop", () =>
    Effect.gen(function* () {
      const threads = yield* pool()
      yield* threads.run("later", 1)
      const delay = monitorEventLoopDelay({ resolution: 10 })
      delay.enable()
      const results = yield* Effect.all(
        ["a", "b", "c", "d"].map((value) => threads.run("burn", { ms: 150, value })),
        { concurrency: "unbounded" }
      )
      delay.disable()
      assert.deepStrictEqual(results, ["a", "b", "c", "d"])
      assert.isBelow(delay.percentile(50) / 1e6, 75)
    })
  )

  it.live("awaits a promise returned by a function, and reuses its threads", () =>
    Effect.gen(function* () {
      const threads = yield* pool({ size: 1 })
      assert.strictEqual(yield* threads.run("later", 21), 42)
      assert.strictEqual(
        yield* threads.run("thread", undefined as never),
        yield* threads.run("thread", undefined as never)
      )
    })
  )

  it.live("fails with the function's error, and continues", () =>
    Effect.gen(function* () {
      const threads = yield* pool({ size: 1, timeout: "300 millis", maxHeapMiB: 32 })
      const none = undefined as never
      for (const [name, reason] of [
        ["throws", "Failed"],
        ["unclonable", "Failed"],
        ["exits", "Crashed"],
        ["loop", "Timeout"],
        ["nothing" as "loop", "Failed"]
      ] as const) {
        const error = yield* Effect.flip(threads.run(name, none))
        assert.strictEqual(error.reason, reason, name)
        assert.strictEqual(yield* threads.run("later", 1), 2)
      }
      assert.strictEqual((yield* Effect.flip(threads.run("later", (() => 1) as never))).reason, "Failed")
      assert.strictEqual(yield* threads.run("later", 1), 2)
    })
  )

  it.live("survives a thread that runs out of memory", () =>
    Effect.gen(function* () {
      const threads = yield* pool({ size: 1, maxHeapMiB: 32 })
      assert.strictEqual((yield* Effect.flip(threads.run("hoards", undefined as never))).reason, "Crashed")
      assert.strictEqual(yield* threads.run("later", 1), 2)
    })
  )

  it.live("abandons interrupted jobs, even in the middle of one", () =>
    Effect.gen(function* () {
      const threads = yield* pool({ size: 1 })
      yield* threads.run("later", 1)
      const stuck = yield* Effect.forkChild(threads.run("loop", undefined as never), { startImmediately: true })
      const waiting = yield* Effect.forkChild(threads.run("loop", undefined as never), { startImmediately: true })
      const last = yield* Effect.forkChild(threads.run("later", 4), { startImmediately: true })
      yield* Fiber.interrupt(waiting)
      yield* Fiber.interrupt(stuck)
      assert.strictEqual(yield* Effect.timeout(Fiber.join(last), "10 seconds"), 8)
    })
  )

  it.live("rejects jobs if too many are waiting", () =>
    Effect.gen(function* () {
      const threads = yield* pool({ size: 1, maxWaiting: 1 })
      const one = yield* Effect.forkChild(threads.run("burn", { ms: 200, value: "one" }), { startImmediately: true })
      const two = yield* Effect.forkChild(threads.run("burn", { ms: 1, value: "two" }), { startImmediately: true })
      assert.strictEqual((yield* Effect.flip(threads.run("later", 1))).reason, "Full")
      assert.deepStrictEqual([yield* Fiber.join(one), yield* Fiber.join(two)], ["one", "two"])
    })
  )
})
