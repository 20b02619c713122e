import { assert } from "@effect/vitest"
import { Deferred, Duration, Effect, type Fiber } from "effect"
import type * as Event from "../../../src/Event.ts"
import * as Background from "../../../src/internal/call/background.ts"
import type * as Turn from "../../../src/Turn.ts"
import { pass, settled, test } from "../../virtualTest.ts"

const open = (act: (events: ReadonlyArray<Event.BackgroundReturned>) => void = () => {}) =>
  Effect.gen(function* () {
    const context = yield* Effect.context<never>()
    const delivered: Array<ReadonlyArray<unknown>> = []
    const state = { idle: true }
    const fibers: Array<Fiber.Fiber<void>> = []
    const fork = Effect.runForkWith(context)
    let ids = 0
    const background = Background.make({
      fork: (effect) => {
        const fiber = fork(effect)
        fibers.push(fiber)
        return fiber
      },
      nextId: () => `id${++ids}`,
      patience: Duration.seconds(30),
      isIdle: () => state.idle,
      waiting: () => {},
      deliver: (events) => {
        delivered.push(events.map(({ outcome, result }) => (outcome === "Returned" ? result : outcome)))
        act(events)
      }
    })
    const start = (
      work: Effect.Effect<unknown, unknown>,
      delivery: Turn.Delivery = "whenIdle",
      atEnd: Turn.AtEnd = "interrupt"
    ) => background.start({ name: "work", respondingTo: "e1" }, work, { delivery, atEnd })
    /** Number of fibers running. */
    const running = () => fibers.filter((fiber) => fiber.pollUnsafe() === undefined).length
    return { background, delivered, running, start, state }
  })

test("results held for silence come back together", function* () {
  const { background, delivered, start, state } = yield* open()
  state.idle = false
  for (const n of [1, 2, 3]) start(Effect.succeed(n))
  assert.deepStrictEqual(delivered, [])
  state.idle = true
  background.flush()
  background.flush()
  assert.deepStrictEqual(delivered, [[1, 2, 3]])
})

test("no result is held longer than the patience", function* () {
  const { delivered, start, state } = yield* open()
  state.idle = false
  start(Effect.succeed(1))
  yield* pass("29 seconds")
  assert.deepStrictEqual(delivered, [])
  yield* pass("1 seconds")
  assert.deepStrictEqual(delivered, [[1]])
})

test("5,000 held results do not overflow the stack, even if each starts work that returns at once", function* () {
  let left = 5000
  const opened: Awaited<Effect.Success<ReturnType<typeof open>>> = yield* open(() => {
    if (left-- > 0) opened.start(Effect.succeed(left))
  })
  opened.state.idle = false
  for (let i = 0; i < 5000; i++) opened.start(Effect.succeed(i))
  opened.state.idle = true
  opened.background.flush()
  yield* pass("1 millis")
  assert.strictEqual(opened.delivered.flat().length, 10_000)
})

test("results not yet delivered when a delivery ends the call are taken, and do not arrive after the end", function* () {
  const taken: Array<unknown> = []
  const { background, delivered, start }: Effect.Success<ReturnType<typeof open>> = yield* open(([event]) => {
    // The others arrive while the first one is being delivered.
    if (event?.result === 1) for (const n of [2, 3, 4]) start(Effect.succeed(n), "immediate")
    else taken.push(...background.takeAll().map(({ result }) => result))
  })
  start(Effect.succeed(1), "immediate")
  assert.deepStrictEqual(
    [delivered, taken],
    [
      [[1], [2]],
      [3, 4]
    ]
  )
})

test("a loop of immediate results lets other fibers run", function* () {
  let rounds = 0
  let stop = false
  const opened: Effect.Success<ReturnType<typeof open>> = yield* open(() => {
    if (!stop && ++rounds < 100_000) opened.start(Effect.succeed(rounds), "immediate")
  })
  yield* Effect.forkChild(
    Effect.andThen(
      Effect.yieldNow,
      Effect.sync(() => (stop = true))
    )
  )
  opened.start(Effect.succeed(0), "immediate")
  yield* settled
  assert.isBelow(rounds, 1000)
})

test("a result for the next turn starts no turn", function* () {
  const { background, delivered, start } = yield* open()
  start(Effect.succeed(1), "nextTurn")
  background.flush()
  assert.deepStrictEqual(delivered, [])
  assert.deepStrictEqual(
    background.takeHeld().map(({ result }) => result),
    [1]
  )
  assert.deepStrictEqual(background.takeHeld(), [])
})

test("an interruption the call did not cause is a failure, with its reason", function* () {
  const { delivered, start } = yield* open()
  start(Effect.interrupt)
  start(Effect.fail("no"))
  yield* settled
  assert.deepStrictEqual(delivered, [["Failed"], ["Failed"]])
})

test("at the end held results are taken, work marked to finish does finish, and the rest is interrupted", function* () {
  const { background, delivered, start, state } = yield* open()
  const finished = yield* Deferred.make<void>()
  let interrupted = false
  state.idle = false
  start(Effect.succeed(1))
  start(Effect.andThen(Effect.sleep("1 seconds"), Deferred.succeed(finished, undefined)), "whenIdle", "finish")
  start(Effect.onInterrupt(Effect.never, () => Effect.sync(() => (interrupted = true))))
  assert.deepStrictEqual(
    background.takeAll().map(({ result }) => result),
    [1]
  )
  yield* background.finish
  assert.isTrue(yield* Deferred.isDone(finished))
  yield* background.close
  assert.isTrue(interrupted)
  assert.deepStrictEqual(delivered, [])
})

test("a delivered result leaves no timer behind", function* () {
  const { background, running, start, state } = yield* open()
  state.idle = false
  start(Effect.succeed(1))
  start(Effect.succeed(2))
  yield* settled
  assert.strictEqual(running(), 2)
  state.idle = true
  background.flush()
  yield* settled
  assert.strictEqual(running(), 0)
})

test("results that arrive after all were taken are dropped, whatever their delivery", function* () {
  const { background, delivered, start } = yield* open()
  for (const delivery of ["immediate", "nextTurn", "whenIdle"] as const)
    start(Effect.delay(Effect.succeed(delivery), "1 millis"), delivery)
  assert.deepStrictEqual(background.takeAll(), [])
  yield* pass("1 millis")
  assert.deepStrictEqual([background.takeHeld(), background.takeAll(), delivered], [[], [], []])
})
