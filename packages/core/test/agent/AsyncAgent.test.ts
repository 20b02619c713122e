import { assert, describe, expectTypeOf } from "@effect/vitest"
import { Effect, Exit, Fiber, Stream } from "effect"
import type * as Agent from "../../src/Agent.ts"
import * as AsyncAgent from "../../src/agent/AsyncAgent.ts"
import { of as message } from "../../src/ErrorText.ts"
import * as Event from "../../src/Event.ts"
import { quietTurn, started } from "../quietTurn.ts"
import { settled, test } from "../virtualTest.ts"

const { sendText } = Event
const collect = <E, R>(agent: Agent.Agent<E, R>) => Stream.runCollect(agent(started, quietTurn))

/** Resolves when told to. */
const gate = () => {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { open, opened }
}

const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)))

describe("AsyncAgent", () => {
  test("sends what the generator yields, in order", function* () {
    const agent = AsyncAgent.make(async function* (event, turn) {
      yield sendText(event._tag)
      await Promise.resolve()
      yield sendText(String(turn.id))
    })
    expectTypeOf(agent).toEqualTypeOf<Agent.Agent<AsyncAgent.AsyncAgentError>>()
    assert.deepStrictEqual(yield* collect(agent), [sendText("CallStarted"), sendText("1")])
  })

  test("fails if the generator throws", function* () {
    const agent = AsyncAgent.make(async function* () {
      yield sendText("a")
      throw new Error("no database")
    })
    const sent: Array<Event.Output> = []
    const error = yield* agent(started, quietTurn).pipe(
      Stream.runForEach((output) => Effect.sync(() => sent.push(output))),
      Effect.flip
    )
    assert.instanceOf(error, AsyncAgent.AsyncAgentError)
    assert.strictEqual(error.message, "no database")
    assert.strictEqual(message(error), "no database")
    assert.deepStrictEqual(sent, [sendText("a")])
  })

  test("fails if the function throws before it returns a generator", function* () {
    const agent = AsyncAgent.make(() => {
      throw new Error("at once")
    })
    assert.strictEqual((yield* Effect.flip(collect(agent))).message, "at once")
  })

  test("pulls no further than the call consumes", function* () {
    let pulled = 0
    const agent = AsyncAgent.make(async function* () {
      for (;;) yield sendText(String(++pulled))
    })
    yield* agent(started, quietTurn).pipe(Stream.take(2), Stream.runDrain)
    assert.strictEqual(pulled, 2)
  })

  test("aborts the signal when the turn is interrupted, and waits for the generator's finally", function* () {
    const log: Array<string> = []
    const cleaned = gate()
    const agent = AsyncAgent.make(async function* (_event, _turn, signal) {
      try {
        yield sendText("a")
        await aborted(signal)
        yield sendText("never")
      } finally {
        log.push("cleaning up")
        await cleaned.opened
        log.push("clean")
      }
    })
    const fiber = yield* agent(started, quietTurn).pipe(
      Stream.runForEach(() => Effect.sync(() => log.push("sent"))),
      Effect.ensuring(Effect.sync(() => log.push("over"))),
      Effect.forkChild({ startImmediately: true })
    )
    yield* settled
    fiber.interruptUnsafe()
    yield* settled
    assert.deepStrictEqual(log, ["sent", "cleaning up"])
    cleaned.open()
    assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
    assert.deepStrictEqual(log, ["sent", "cleaning up", "clean", "over"])
  })

  test("waits for a generator that ignores the signal", function* () {
    const log: Array<string> = []
    const slow = gate()
    const agent = AsyncAgent.make(async function* () {
      try {
        await slow.opened
        yield sendText("late")
      } finally {
        log.push("clean")
      }
    })
    const fiber = yield* agent(started, quietTurn).pipe(
      Stream.runForEach(() => Effect.sync(() => log.push("sent"))),
      Effect.forkChild({ startImmediately: true })
    )
    yield* settled
    fiber.interruptUnsafe()
    yield* settled
    assert.isUndefined(fiber.pollUnsafe())
    slow.open()
    yield* Fiber.await(fiber)
    assert.deepStrictEqual(log, ["clean"])
  })

  test("calls return on a generator interrupted between two outputs", function* () {
    const log: Array<string> = []
    const agent = AsyncAgent.make(async function* (_event, _turn, signal) {
      try {
        yield sendText("a")
        yield sendText("b")
      } finally {
        log.push(`clean, aborted: ${signal.aborted}`)
      }
    })
    const fiber = yield* agent(started, quietTurn).pipe(
      Stream.runForEach(() => Effect.never),
      Effect.forkChild({ startImmediately: true })
    )
    yield* settled
    yield* Fiber.interrupt(fiber)
    assert.deepStrictEqual(log, ["clean, aborted: true"])
  })

  test("waits for an iterator that resolves return while its next is still running", function* () {
    const work = gate()
    const agent = AsyncAgent.make(() => ({
      [Symbol.asyncIterator]: () => ({
        next: () => work.opened.then(() => ({ done: true, value: undefined })),
        return: () => Promise.resolve({ done: true as const, value: undefined })
      })
    }))
    const fiber = yield* Effect.forkChild(collect(agent), { startImmediately: true })
    yield* settled
    fiber.interruptUnsafe()
    yield* settled
    assert.isUndefined(fiber.pollUnsafe())
    work.open()
    assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
  })

  test("aborts the signal at the end of a turn that was not interrupted", function* () {
    const signals: Array<AbortSignal> = []
    const agent = AsyncAgent.make(async function* (_event, _turn, signal) {
      signals.push(signal)
      yield sendText(`aborted: ${signal.aborted}`)
    })
    assert.deepStrictEqual(yield* collect(agent), [sendText("aborted: false")])
    assert.deepStrictEqual(
      signals.map(({ aborted }) => aborted),
      [true]
    )
  })

  test("counts as interrupted, not failed, if the generator fails while it cleans up", function* () {
    const agent = AsyncAgent.make(async function* () {
      try {
        yield sendText("a")
      } finally {
        await Promise.reject(new DOMException("aborted", "AbortError"))
      }
    })
    const fiber = yield* agent(started, quietTurn).pipe(
      Stream.runForEach(() => Effect.never),
      Effect.forkChild({ startImmediately: true })
    )
    yield* settled
    yield* Fiber.interrupt(fiber)
    const exit = yield* Fiber.await(fiber)
    assert.isTrue(Exit.hasInterrupts(exit) && !Exit.hasDies(exit))
  })
})
