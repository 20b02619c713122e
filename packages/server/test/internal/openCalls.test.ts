import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import type * as Calls from "../../src/Calls.ts"
import * as OpenCalls from "../../src/internal/openCalls.ts"

const settings = {
  maxCalls: 2,
  idleTimeout: Duration.seconds(80),
  drainTimeout: Duration.seconds(30)
}

/** An open call that notes why it is stopped, and ends a while after. */
const openCall = (calls: Calls.Calls["Service"], stopped: Array<string>, takes: Duration.Input = 0) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const close = Scope.close(scope, Exit.void)
    const call: Calls.OpenCall = {
      lastReceivedAt: yield* Effect.clockWith((clock) => clock.currentTimeMillis),
      stop: (reason) =>
        Effect.suspend(() => {
          stopped.push(reason)
          return Effect.asVoid(Effect.forkDetach(Effect.delay(close, takes)))
        })
    }
    yield* Scope.provide(calls.open(call), scope)
    const begun = yield* calls.begin(call)
    return { call, close, begun }
  })

describe("Open calls", () => {
  it.effect("refuses calls beyond the maximum until one has ended", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make(settings)
      assert.isUndefined(yield* calls.refusal)
      const first = yield* openCall(calls, [])
      assert.isUndefined(yield* calls.refusal)
      yield* openCall(calls, [])
      assert.strictEqual(yield* calls.refusal, "Full")
      assert.strictEqual(yield* calls.count, 2)
      yield* first.close
      assert.isUndefined(yield* calls.refusal)
      assert.strictEqual(yield* calls.count, 1)
    })
  )

  it.effect("counts a call from its beginning, and has no place for one that begins when it is full", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make({ ...settings, maxCalls: 1 })
      const scope = yield* Scope.make()
      const opening: Calls.OpenCall = { lastReceivedAt: 0, stop: () => Scope.close(scope, Exit.void) }
      yield* Scope.provide(calls.open(opening), scope)
      assert.isUndefined(yield* calls.refusal)
      assert.isTrue((yield* openCall(calls, [])).begun)
      assert.strictEqual(yield* calls.refusal, "Full")
      assert.isFalse(yield* calls.begin(opening))
      assert.strictEqual(yield* calls.count, 2)
    })
  )

  it.effect("stops the oldest of those that are opening when there are too many, and none that has begun", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make({ ...settings, maxCalls: 10, maxOpenings: 2 })
      const stopped: Array<string> = []
      const scope = yield* Scope.make()
      const open = (name: string) => {
        const call: Calls.OpenCall = {
          lastReceivedAt: 0,
          stop: (reason) =>
            Effect.andThen(
              Effect.sync(() => stopped.push(`${name}: ${reason}`)),
              reason === "Draining" ? Scope.close(scope, Exit.void) : Effect.void
            )
        }
        return Effect.as(Scope.provide(calls.open(call), scope), call)
      }
      assert.isTrue(yield* calls.begin(yield* open("begun")))
      yield* open("first")
      const second = yield* open("second")
      assert.deepStrictEqual(stopped, [])
      yield* open("third")
      assert.deepStrictEqual(stopped, ["first: Full"])
      assert.isTrue(yield* calls.begin(second))
      yield* open("fourth")
      assert.deepStrictEqual(stopped, ["first: Full"])
    })
  )

  it.effect("stops a call that has been silent, at most an eighth of the timeout late, and no other", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make(settings)
      const stopped: Array<string> = []
      const silent: Array<string> = []
      const talking = yield* openCall(calls, stopped)
      yield* openCall(calls, silent)
      for (let seconds = 0; seconds < 79; seconds++) {
        yield* TestClock.adjust("1 second")
        talking.call.lastReceivedAt = seconds * 1000
      }
      assert.deepStrictEqual(silent, [])
      yield* TestClock.adjust("11 seconds")
      assert.deepStrictEqual(silent, ["Idle"])
      assert.deepStrictEqual(stopped, [])
      assert.strictEqual(yield* calls.count, 1)
    })
  )

  it.effect("never stops a silent call where the timeout is infinite", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make({ ...settings, idleTimeout: Duration.infinity })
      const stopped: Array<string> = []
      yield* openCall(calls, stopped)
      yield* TestClock.adjust("1000 days")
      assert.deepStrictEqual(stopped, [])
    })
  )

  it.effect("drains at once where no call is open, and refuses from then on", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make(settings)
      yield* calls.drain
      assert.strictEqual(yield* calls.refusal, "Draining")
    })
  )

  it.effect("lets open calls end by themselves while it drains", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make(settings)
      const stopped: Array<string> = []
      const first = yield* openCall(calls, stopped)
      const second = yield* openCall(calls, stopped)
      const draining = yield* Effect.forkChild(calls.drain, { startImmediately: true })
      assert.strictEqual(yield* calls.refusal, "Draining")
      yield* TestClock.adjust("29 seconds")
      yield* first.close
      assert.isUndefined(draining.pollUnsafe())
      yield* second.close
      yield* Fiber.join(draining)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(stopped, [])
    })
  )

  it.effect("stops the calls that are left after the drain timeout, and waits until they have ended", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make(settings)
      const stopped: Array<string> = []
      yield* openCall(calls, stopped, "2 seconds")
      yield* openCall(calls, stopped, "5 seconds")
      const draining = yield* Effect.forkChild(calls.drain, { startImmediately: true })
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(stopped, ["Draining", "Draining"])
      yield* TestClock.adjust("2 seconds")
      assert.isUndefined(draining.pollUnsafe())
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(draining)
      assert.strictEqual(yield* calls.count, 0)
    })
  )

  it.effect("drains also as a finalizer", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make(settings)
      const stopped: Array<string> = []
      yield* openCall(calls, stopped)
      const scope = yield* Scope.make()
      yield* Scope.addFinalizer(scope, calls.drain)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* TestClock.adjust("30 seconds")
      yield* Fiber.join(closing)
      assert.deepStrictEqual(stopped, ["Draining"])
    })
  )
})
