import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber } from "effect"
import * as AiError from "effect/ai/AiError"
import { TestClock } from "effect/testing"
import * as AiErrors from "../../../../src/model/internal/provider/aiErrors.ts"
import * as Progress from "../../../../src/model/internal/plan/progress.ts"
import * as Waiting from "../../../../src/model/internal/provider/waiting.ts"

const late = AiErrors.make({ module: "Test", method: "streamText", url: "" }, AiErrors.timedOut("the test"))
const word: Progress.Part = { type: "text-delta", id: "0", delta: "Hello" }

/** A promise, and how to settle it. */
const settled = <A>() => Promise.withResolvers<A>()
const failed = (cause: unknown) => `failed: ${String(cause)}`
const waitFor = (promise: Promise<string>) => Waiting.promise(() => promise, failed)

describe("waiting", () => {
  for (const limited of [false, true]) {
    const provided = <A, E>(effect: Effect.Effect<A, E>) =>
      Effect.provideService(effect, Waiting.Current, limited ? new Waiting.Waiting() : undefined)

    it.effect(`passes on what a promise comes to, ${limited ? "limited" : "unlimited"}`, () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* provided(waitFor(Promise.resolve("a"))), "a")
        assert.strictEqual(yield* Effect.flip(provided(waitFor(Promise.reject(new Error("no"))))), "failed: Error: no")
      })
    )

    it.effect(`can be interrupted, ${limited ? "limited" : "unlimited"}`, () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(provided(waitFor(settled<string>().promise)), { startImmediately: true })
        yield* Fiber.interrupt(fiber)
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      })
    )
  }

  it.effect("runs again, limited by whoever runs it then", () =>
    Effect.gen(function* () {
      let runs = 0
      const never = settled<string>().promise
      const wait = Waiting.promise(() => (++runs < 3 ? Promise.resolve(`run ${runs}`) : never), failed)
      const waiting = new Waiting.Waiting()
      const limited = Effect.provideService(wait, Waiting.Current, waiting)
      assert.deepStrictEqual([yield* limited, yield* wait], ["run 1", "run 2"])
      waiting.giveUp(late)
      assert.strictEqual(yield* Effect.flip(limited), late)
    })
  )

  it.effect("gives up the current wait; what comes then comes to nothing", () =>
    Effect.gen(function* () {
      const waiting = new Waiting.Waiting()
      const { promise, resolve } = settled<string>()
      const wait = Effect.provideService(waitFor(promise), Waiting.Current, waiting)
      const fiber = yield* Effect.forkChild(Effect.result(wait), { startImmediately: true })
      waiting.giveUp(late)
      resolve("too late")
      const result = yield* Fiber.join(fiber)
      assert.strictEqual(result._tag === "Failure" && result.failure, late)
    })
  )

  it.effect("gives up the next wait if there is none at the moment", () =>
    Effect.gen(function* () {
      const waiting = new Waiting.Waiting()
      const wait = Effect.provideService(waitFor(Promise.resolve("a")), Waiting.Current, waiting)
      assert.strictEqual(yield* wait, "a")
      waiting.giveUp(late)
      assert.strictEqual(yield* Effect.flip(wait), late)
    })
  )

  it.effect("a limited pull needs no fiber of its own, and fails at its deadline", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust(0)
      let ran: Fiber.Fiber<unknown, unknown> | undefined
      const { promise, resolve } = settled<readonly [Progress.Part]>()
      const silence = settled<readonly [Progress.Part]>().promise
      const answers = [promise, silence]
      const waiting = new Waiting.Waiting()
      const asking = Effect.withFiber<readonly [Progress.Part], AiError.AiError | string>((fiber) => {
        ran = fiber
        return Waiting.promise(() => answers.shift()!, failed)
      })
      const pull = Effect.provideService(asking, Waiting.Current, waiting)
      const limits: Progress.Limits = { word: Duration.millis(100), next: Duration.millis(50) }
      const bounded = Progress.bounded(pull, { limits, what: "the word", waiting })
      const fiber = yield* Effect.forkChild(Effect.andThen(bounded, bounded), { startImmediately: true })
      yield* TestClock.adjust(99)
      assert.strictEqual(ran as unknown, fiber)
      resolve([word])
      // The promise settles in a microtask of the real loop.
      yield* Effect.promise(() => promise)
      yield* Effect.yieldNow
      yield* TestClock.adjust(49)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.strictEqual(AiError.isAiError(error) && AiErrors.details(error).kind, "Timeout")
    })
  )
})
