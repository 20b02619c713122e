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

/** An open call that notes why it is stopped, and ends a while later. */
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

  it.effect("counts a call from its start, and has no place for one that starts when it is full", () =>
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

  it.effect("stops the oldest opening sockets if there are too many, and none that has started a call", () =>
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

  it.effect("stops only silent calls, at most an eighth of the timeout late", () =>
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

  it.effect("never stops a silent call if the timeout is infinite", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make({ ...settings, idleTimeout: Duration.infinity })
      const stopped: Array<string> = []
      yield* openCall(calls, stopped)
      yield* TestClock.adjust("1000 days")
      assert.deepStrictEqual(stopped, [])
    })
  )

  it.effect("drains at once if no call is open, and refuses calls from then on", () =>
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

  it.effect("stops the remaining calls after the drain timeout, and waits until they have ended", () =>
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

  it.effect("drains as a finalizer too", () =>
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

describe("Clients", () => {
  const opened = (calls: Calls.Calls["Service"], client: string, stopped: Array<string>) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const name = `${client}${stopped.length}`
      const call: Calls.OpenCall = {
        client,
        lastReceivedAt: yield* millis,
        stop: (reason) =>
          Effect.andThen(
            Effect.sync(() => stopped.push(`${name} ${reason}`)),
            Scope.close(scope, Exit.void)
          )
      }
      yield* Scope.provide(calls.open(call), scope)
      return { begin: calls.begin(call), close: Scope.close(scope, Exit.void) }
    })
  const millis = Effect.clockWith((clock) => Effect.map(clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6))

  it.effect("have a maximum number of calls each, and one that uses all of its own does not affect the others", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make({ ...settings, maxCalls: 10, maxCallsPerClient: 2 })
      const stopped: Array<string> = []
      const first = yield* opened(calls, "a", stopped)
      assert.isTrue(yield* first.begin)
      assert.isTrue(yield* (yield* opened(calls, "a", stopped)).begin)
      const third = yield* opened(calls, "a", stopped)
      assert.isFalse(yield* third.begin)
      assert.strictEqual(yield* calls.refusalOf("a"), "Client")
      assert.isUndefined(yield* calls.refusalOf("b"))
      assert.isTrue(yield* (yield* opened(calls, "b", stopped)).begin)
      yield* first.close
      assert.isUndefined(yield* calls.refusalOf("a"))
      assert.isTrue(yield* third.begin)
    })
  )

  it.effect("with the most openings lose theirs first, and those that start calls are let through", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make({ ...settings, maxCalls: 10, maxOpenings: 4 })
      const stopped: Array<string> = []
      const honest = yield* opened(calls, "honest", stopped)
      for (let i = 0; i < 20; i++) yield* opened(calls, "crowd", stopped)
      assert.isTrue(stopped.every((line) => line.startsWith("crowd")))
      assert.strictEqual(stopped.length, 17)
      assert.isTrue(yield* honest.begin)
    })
  )

  it.effect("have a maximum number of openings each", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make({ ...settings, maxOpeningsPerClient: 2 })
      const stopped: Array<string> = []
      for (const client of ["a", "b", "a", "a", "b"]) yield* opened(calls, client, stopped)
      assert.deepStrictEqual(stopped, ["a0 Full"])
    })
  )

  it.effect("share one byte rate among all of their calls", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make({ ...settings, maxBytesPerSecondPerClient: 100 })
      const [one, same, other] = ["a", "a", "b"].map((client) => calls.paceOf(client)!)
      assert.isTrue(one!.take(600))
      assert.isTrue(same!.take(400))
      assert.isFalse(one!.take(1))
      assert.isTrue(other!.take(1000))
      yield* TestClock.adjust("2 seconds")
      assert.isTrue(same!.take(150))
      assert.isUndefined((yield* OpenCalls.make(settings)).paceOf("a"))
    })
  )

  it.effect("are forgotten once they are gone, and no sooner than their rate allows", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make({ ...settings, maxBytesPerSecondPerClient: 100 })
      assert.isTrue(calls.paceOf("a")!.take(1000))
      yield* TestClock.adjust("5 seconds")
      assert.isFalse(calls.paceOf("a")!.take(1000))
      yield* TestClock.adjust("60 seconds")
      assert.isTrue(calls.paceOf("a")!.take(1000))
    })
  )
})

describe("Calls that arrive at once", () => {
  const young = (calls: Calls.Calls["Service"], name: string, stopped: Array<string>) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const call: Calls.OpenCall = {
        lastReceivedAt: Number.POSITIVE_INFINITY,
        youngUntil: (yield* Effect.clockWith((clock) => clock.currentTimeMillis)) + 1000,
        stop: (reason) =>
          Effect.andThen(
            Effect.sync(() => stopped.push(`${name} ${reason}`)),
            Scope.close(scope, Exit.void)
          )
      }
      yield* Scope.provide(calls.open(call), scope)
      return calls.begin(call)
    })

  it.effect("all start, even if they exceed the maximum of openings, if each starts soon", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make({ ...settings, maxCalls: 100, maxOpenings: 5 })
      const stopped: Array<string> = []
      const begins = yield* Effect.forEach(Array.from({ length: 30 }), (_, i) => young(calls, `c${i}`, stopped))
      assert.strictEqual((yield* calls.health.snapshot).openings, 30)
      yield* TestClock.adjust("900 millis")
      for (const begin of begins) assert.isTrue(yield* begin)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(stopped, [])
      assert.strictEqual((yield* calls.health.snapshot).openCalls, 30)
    })
  )

  it.effect("make room once they are no longer young, and sooner if there are very many", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make({ ...settings, maxCalls: 100, maxOpenings: 2 })
      const stopped: Array<string> = []
      for (let i = 0; i < 4; i++) yield* young(calls, `c${i}`, stopped)
      assert.deepStrictEqual(stopped, [])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(stopped, ["c0 Full", "c1 Full"])
      for (let i = 4; i < 30; i++) yield* young(calls, `c${i}`, stopped)
      // Ten times as many, and not a single one more.
      assert.strictEqual((yield* calls.health.snapshot).openings, 20)
    })
  )
})

describe("An overloaded server", () => {
  const begun = (calls: Calls.Calls["Service"], stopped: Array<string>, weight = 0) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const call: Calls.OpenCall = {
        lastReceivedAt: Number.POSITIVE_INFINITY,
        weight: () => weight,
        stop: (reason) =>
          Effect.andThen(
            Effect.sync(() => stopped.push(`${weight} ${reason}`)),
            Scope.close(scope, Exit.void)
          )
      }
      yield* Scope.provide(calls.open(call), scope)
      return yield* calls.begin(call)
    })

  it.effect("accepts a maximum of new calls a second", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make({ ...settings, maxCalls: 100, maxCallsPerSecond: 1 })
      const stopped: Array<string> = []
      for (let i = 0; i < 10; i++) assert.isTrue(yield* begun(calls, stopped))
      assert.isFalse(yield* begun(calls, stopped))
      assert.strictEqual(yield* calls.refusal, "Rush")
      yield* TestClock.adjust("1 second")
      assert.isUndefined(yield* calls.refusal)
      assert.isTrue(yield* begun(calls, stopped))
    })
  )

  it.effect("refuses calls when its memory runs low, and ends the largest before it runs out", () =>
    Effect.gen(function* () {
      let share = 0.5
      const calls = yield* OpenCalls.make({ ...settings, maxCalls: 100, maxHeapPercent: 80 }, () => share)
      const stopped: Array<string> = []
      for (const weight of [10, 30, 20]) assert.isTrue(yield* begun(calls, stopped, weight))
      share = 0.85
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* calls.refusal, "Memory")
      assert.deepStrictEqual((yield* calls.health.readiness).reasons, ["Memory"])
      assert.deepStrictEqual(stopped, [])
      share = 0.95
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(stopped, ["30 Starved"])
      share = 0.5
      yield* TestClock.adjust("1 minute")
      assert.isUndefined(yield* calls.refusal)
      assert.deepStrictEqual(stopped, ["30 Starved"])
    })
  )

  it.effect("ends a call a minute after the maximum duration", () =>
    Effect.gen(function* () {
      const calls = yield* OpenCalls.make({
        ...settings,
        idleTimeout: Duration.infinity,
        maxCallDuration: Duration.minutes(8)
      })
      const stopped: Array<string> = []
      yield* begun(calls, stopped)
      yield* TestClock.adjust("9 minutes")
      assert.deepStrictEqual(stopped, ["0 Overlong"])
    })
  )
})
