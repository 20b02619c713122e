import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Context, Effect, Exit, Fiber, Layer, Random, Schedule } from "effect"
import { TestClock } from "effect/testing"
import * as VirtualTime from "../../src/testing/VirtualTime.ts"

/** Something that is noted with its time. */
const makeLog = () => {
  const lines: Array<string> = []
  const log = (what: string) => Effect.map(Clock.currentTimeMillis, (at) => void lines.push(`${at} ${what}`))
  return { lines, log }
}

const stuckness = (exit: Exit.Exit<unknown, unknown>) => {
  const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  return defect instanceof VirtualTime.Stuck ? { reason: defect.reason, at: defect.at } : defect
}

describe("VirtualTime.run", () => {
  it.effect("wakes sleepers in the order of their times, and in order of arrival for equal times", () =>
    Effect.gen(function* () {
      const { lines, log } = makeLog()
      const sleeper = (name: string, ms: number) => Effect.andThen(Effect.sleep(ms), log(name))
      yield* VirtualTime.run(
        Effect.all([sleeper("a", 20), sleeper("b", 10), sleeper("c", 20), sleeper("d", 0.5), sleeper("e", 0)], {
          concurrency: "unbounded"
        })
      )
      assert.deepStrictEqual(lines, ["0 e", "0.5 d", "10 b", "20 a", "20 c"])
    })
  )

  it.effect("runs everything that can run at one moment before time passes", () =>
    Effect.gen(function* () {
      const { lines, log } = makeLog()
      const chain = Effect.andThen(Effect.repeat(Effect.yieldNow, { times: 500 }), log("yielded"))
      const promises = Effect.andThen(
        Effect.promise(async () => {
          for (let i = 0; i < 500; i++) await Promise.resolve()
        }),
        log("awaited")
      )
      const timer = Effect.andThen(Effect.sleep(1), log("slept"))
      yield* VirtualTime.run(Effect.all([timer, chain, promises], { concurrency: "unbounded" }))
      assert.deepStrictEqual(lines.toSorted(), ["0 awaited", "0 yielded", "1 slept"])
    })
  )

  it.live("waits in real time for outside events if nothing else is left", () =>
    Effect.gen(function* () {
      const outside = Effect.promise(() => new Promise<string>((resolve) => setTimeout(() => resolve("here"), 30)))
      const program = Effect.flatMap(outside, (text) => Effect.map(Clock.currentTimeMillis, (at) => `${text} at ${at}`))
      assert.strictEqual(yield* VirtualTime.run(program), "here at 0")
    })
  )

  it.effect("lets the functions of TestClock advance the time", () =>
    Effect.gen(function* () {
      const { lines, log } = makeLog()
      const program = Effect.gen(function* () {
        yield* Effect.forkChild(Effect.andThen(Effect.sleep("1 minute"), log("rings")))
        yield* TestClock.adjust("1 hour")
        yield* log("adjusted")
        yield* TestClock.setTime(7_200_000)
        yield* log("set")
      })
      yield* VirtualTime.run(program)
      assert.deepStrictEqual(lines, ["60000 rings", "3600000 adjusted", "7200000 set"])
    })
  )

  it.effect("gives finalizers time, both after success and after failure", () =>
    Effect.gen(function* () {
      for (const end of [Effect.void, Effect.fail("no")]) {
        const { lines, log } = makeLog()
        const program = Effect.scoped(
          Effect.andThen(
            Effect.addFinalizer(() => Effect.andThen(Effect.sleep("3 seconds"), log("cleaned"))),
            Effect.andThen(Effect.sleep("1 second"), end)
          )
        )
        yield* Effect.exit(VirtualTime.run(program))
        assert.deepStrictEqual(lines, ["4000 cleaned"])
      }
    })
  )

  it.effect("runs its finalizers if it is interrupted from outside", () =>
    Effect.gen(function* () {
      const { lines, log } = makeLog()
      const program = Effect.onInterrupt(Effect.never, () => Effect.andThen(Effect.sleep("3 seconds"), log("cleaned")))
      const fiber = yield* Effect.forkChild(VirtualTime.run(program), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(lines, ["3000 cleaned"])
    })
  )

  it.effect("shares the time of a surrounding program, with a Random of its own", () =>
    Effect.gen(function* () {
      const inner = Effect.andThen(Effect.sleep("1 second"), Effect.all([Clock.currentTimeMillis, Random.next]))
      const [, first] = yield* VirtualTime.run(inner, { seed: 7 })
      const nested = Effect.gen(function* () {
        yield* Random.next
        yield* Effect.sleep("1 minute")
        return yield* VirtualTime.run(inner, { seed: 7 })
      })
      assert.deepStrictEqual(yield* VirtualTime.run(nested, { seed: 1 }), [61_000, first])
      assert.notStrictEqual((yield* VirtualTime.run(inner, { seed: 8 }))[1], first)
    })
  )

  it.effect("includes the fibers of a Layer built inside it", () =>
    Effect.gen(function* () {
      class Ticks extends Context.Service<Ticks, { readonly count: () => number }>()("test/Ticks") {}
      const ticking = Layer.effect(
        Ticks,
        Effect.gen(function* () {
          let count = 0
          yield* Effect.forkScoped(
            Effect.repeat(
              Effect.sync(() => count++),
              Schedule.spaced("1 minute")
            )
          )
          return { count: () => count }
        })
      )
      const program = Effect.andThen(
        Effect.sleep("3570 seconds"),
        Ticks.use(({ count }) => Effect.sync(count))
      )
      assert.strictEqual(yield* VirtualTime.run(Effect.provide(program, ticking)), 60)
    })
  )

  it.effect("takes no time for a settled promise, even as the program's first step", () =>
    Effect.gen(function* () {
      const sleeper = yield* Effect.forkChild(Effect.sleep("1 second"), { startImmediately: true })
      yield* Effect.promise(() => Promise.resolve())
      assert.strictEqual(yield* VirtualTime.now, 0)
      yield* Fiber.join(sleeper)
      assert.strictEqual(yield* VirtualTime.now, 1000)
    }).pipe(VirtualTime.run)
  )

  it.effect("shows the given wall-clock time, and counts from 0", () =>
    Effect.gen(function* () {
      const startsAt = Date.UTC(2026, 10, 26)
      const read = Effect.gen(function* () {
        yield* Effect.sleep("1 minute")
        return [yield* Clock.currentTimeMillis, yield* Clock.monotonicTimeNanos, yield* VirtualTime.now]
      })
      assert.deepStrictEqual(yield* VirtualTime.run(read, { startsAt }), [startsAt + 60_000, 60_000_000_000n, 60_000])
    })
  )
})

describe("VirtualTime.Stuck", () => {
  const beep = (ms: number) => Effect.forever(Effect.sleep(ms))
  const cases: ReadonlyArray<readonly [string, Effect.Effect<unknown>, VirtualTime.Options, object]> = [
    [
      "waits for nobody",
      Effect.andThen(Effect.sleep("5 seconds"), Effect.never),
      {},
      { reason: "NothingLeft", at: 5000 }
    ],
    [
      "sleeps for ever",
      Effect.sleep("5 seconds").pipe(Effect.andThen(Effect.sleep(Infinity))),
      {},
      { reason: "NothingLeft", at: 5000 }
    ],
    ["never ends", beep(600), { limit: "1 second" }, { reason: "Limit", at: 600 }],
    ["goes on without time", Effect.forever(Effect.yieldNow), {}, { reason: "Spinning", at: 0 }]
  ]
  for (const [name, program, options, expected] of cases) {
    it.live(`reports a program that ${name}`, () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(VirtualTime.run(program, { patience: "20 millis", ...options }))
        assert.deepStrictEqual(stuckness(exit) as object, expected)
      })
    )
  }

  it.live("gives the finalizers of the program time", () =>
    Effect.gen(function* () {
      const { lines, log } = makeLog()
      const cleanup = Effect.andThen(Effect.sleep("3 seconds"), log("cleaned"))
      const program = Effect.onInterrupt(Effect.never, () => cleanup)
      const exit = yield* Effect.exit(VirtualTime.run(program, { patience: "20 millis", limit: "1 second" }))
      assert.deepStrictEqual(stuckness(exit) as object, { reason: "NothingLeft", at: 0 })
      assert.deepStrictEqual(lines, ["3000 cleaned"])
    })
  )

  it.live("does not wait for a finalizer that never ends", () =>
    Effect.gen(function* () {
      for (const cleanup of [Effect.never, beep(1000)]) {
        const program = Effect.onInterrupt(Effect.never, () => cleanup)
        const exit = yield* Effect.exit(VirtualTime.run(program, { patience: "20 millis" }))
        assert.deepStrictEqual(stuckness(exit) as object, { reason: "NothingLeft", at: 0 })
      }
    })
  )

  it.effect("is detected under a test clock that stands still", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(VirtualTime.run(Effect.never, { patience: "5 millis" }))
      assert.deepStrictEqual(stuckness(exit) as object, { reason: "NothingLeft", at: 0 })
    })
  )
})

describe("VirtualTime.settled", () => {
  it.effect("waits until nothing more can happen at this moment, without letting time pass", () =>
    Effect.gen(function* () {
      const { lines, log } = makeLog()
      const program = Effect.gen(function* () {
        yield* Effect.forkChild(Effect.andThen(Effect.repeat(Effect.yieldNow, { times: 100 }), log("busy")))
        yield* Effect.forkChild(Effect.andThen(Effect.sleep(1), log("later")))
        yield* VirtualTime.settled
        yield* log("settled")
        yield* Effect.sleep(2)
      })
      yield* VirtualTime.run(program)
      assert.deepStrictEqual(lines, ["0 busy", "0 settled", "1 later"])
    })
  )

  it.effect("releases its waiters one after the other", () =>
    Effect.gen(function* () {
      const { lines, log } = makeLog()
      const one = (name: string) =>
        Effect.gen(function* () {
          yield* VirtualTime.settled
          yield* log(name)
          yield* Effect.repeat(Effect.yieldNow, { times: 10 })
          yield* log(`${name} again`)
        })
      yield* VirtualTime.run(Effect.all([one("a"), one("b")], { concurrency: "unbounded" }))
      assert.deepStrictEqual(lines, ["0 a", "0 a again", "0 b", "0 b again"])
    })
  )

  it.effect("does not wait outside of a program on virtual time", () => VirtualTime.settled)
})

describe("VirtualTime.pass", () => {
  it.effect("runs the end of a moment after everything that wakes at that moment", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const note = (what: string) => Effect.sync(() => seen.push(what))
      const last = Effect.andThen(VirtualTime.pass(10), note("last"))
      const quiet = Effect.andThen(Effect.andThen(Effect.sleep(10), VirtualTime.settled), note("settled"))
      const other = Effect.andThen(Effect.sleep(10), note("other"))
      const later = Effect.andThen(Effect.sleep(11), note("later"))
      yield* Effect.all([last, quiet, other, later], { concurrency: "unbounded" })
      assert.deepStrictEqual(seen, ["settled", "other", "last", "later"])
    }).pipe(VirtualTime.run)
  )
})
