import * as Transport from "@antiphon/speech/Transport"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import * as Stream from "effect/Stream"
import * as Inbox from "../../src/internal/inbox.ts"

const dtmf = (button: string): Transport.Incoming => ({ _tag: "Dtmf", button })
const dtmfs = (buttons: string) => [...buttons].map(dtmf)

/** Reads an inbox into a text. */
const reading = (inbox: Inbox.Inbox) => {
  const read = { text: "" }
  const all = Stream.runForEach(inbox.stream, (one) =>
    Effect.sync(() => {
      if (one._tag === "Dtmf") read.text += one.button
    })
  )
  return Effect.map(Effect.forkChild(all, { startImmediately: true }), (fiber) => ({ read, fiber }))
}

describe("inbox", () => {
  it.effect("hands over what arrives at once, in order", () =>
    Effect.gen(function* () {
      const inbox = Inbox.make(10)
      const { read } = yield* reading(inbox)
      inbox.offer(dtmfs("12"))
      assert.strictEqual(read.text, "12")
      inbox.offer(dtmfs("3"))
      assert.strictEqual(read.text, "123")
    })
  )

  it.effect("takes no more than it has room for until it is read", () =>
    Effect.gen(function* () {
      const inbox = Inbox.make(3)
      assert.deepStrictEqual(inbox.offer(dtmfs("12")), [])
      assert.deepStrictEqual(inbox.offer(dtmfs("345")), dtmfs("45"))
      const putting = yield* Effect.forkChild(inbox.put(dtmfs("456789")), { startImmediately: true })
      assert.isUndefined(putting.pollUnsafe())
      const { read } = yield* reading(inbox)
      yield* Fiber.join(putting)
      assert.strictEqual(read.text, "123456789")
    })
  )

  it.effect("a writer sleeps while there is no room, however often it had to wait before", () =>
    Effect.gen(function* () {
      const inbox = Inbox.make(3)
      let steps = 0
      const counting = new Scheduler.MixedScheduler()
      const shouldYield = counting.shouldYield.bind(counting)
      counting.shouldYield = (fiber) => {
        steps++
        return shouldYield(fiber)
      }
      inbox.offer(dtmfs("123"))
      const putting = yield* Effect.provideService(inbox.put(dtmfs("456789")), Scheduler.Scheduler, counting).pipe(
        Effect.forkChild({ startImmediately: true })
      )
      /** The steps of the writer until everything else has had several turns. */
      const stepsMeanwhile = () =>
        Effect.gen(function* () {
          const before = steps
          for (let turn = 0; turn < 10; turn++) yield* Effect.yieldNow
          return steps - before
        })
      assert.strictEqual(yield* stepsMeanwhile(), 0)
      // A single read makes room for half of what waits.
      yield* Stream.runHead(inbox.stream)
      yield* stepsMeanwhile()
      assert.strictEqual(yield* stepsMeanwhile(), 0)
      const { read } = yield* reading(inbox)
      yield* Fiber.join(putting)
      assert.strictEqual(read.text, "456789")
    })
  )

  it.effect("hands over together what was read together, and does not wait for room that only its reader makes", () =>
    Effect.gen(function* () {
      const inbox = Inbox.make(3)
      const taken: Array<number> = []
      yield* Effect.forkChild(
        Stream.runForEachArray(inbox.stream, (some) => Effect.sync(() => taken.push(some.length))),
        { startImmediately: true }
      )
      yield* inbox.together(Effect.forEach(dtmfs("12"), (one) => inbox.put([one]), { discard: true }))
      assert.deepStrictEqual(taken, [2])
      yield* inbox.together(Effect.forEach(dtmfs("34567"), (one) => inbox.put([one]), { discard: true }))
      assert.deepStrictEqual(taken, [2, 3, 2])
      inbox.offer(dtmfs("8"))
      assert.deepStrictEqual(taken, [2, 3, 2, 1])
    })
  )

  it.effect("ends behind what it holds, and drops what comes later", () =>
    Effect.gen(function* () {
      const inbox = Inbox.make(3)
      inbox.offer(dtmfs("123"))
      const putting = yield* Effect.forkChild(inbox.put(dtmfs("4")), { startImmediately: true })
      inbox.end()
      yield* Fiber.join(putting)
      assert.deepStrictEqual(inbox.offer(dtmfs("5")), [])
      const { fiber, read } = yield* reading(inbox)
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(fiber)))
      assert.strictEqual(read.text, "123")
    })
  )

  it.effect("fails a reader that waits, with the first error", () =>
    Effect.gen(function* () {
      const inbox = Inbox.make(3)
      const { fiber } = yield* reading(inbox)
      const stalled = new Transport.TransportError({ reason: "Stalled", detail: "the first" })
      inbox.end(stalled)
      inbox.end()
      assert.strictEqual(yield* Effect.flip(Fiber.join(fiber)), stalled)
    })
  )
})
