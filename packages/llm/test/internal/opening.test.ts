import { assert, describe, it } from "@effect/vitest"
import { type Context, Effect, Exit, Fiber, Stream } from "effect"
import { Model } from "effect/ai"
import * as ContextOf from "effect/Context"
import * as Opening from "../../src/internal/opening.ts"

/** A stream of words that notes when it starts, and how it is released. */
const noted = (log: Array<string>, name: string, words: Stream.Stream<string, string>) =>
  Stream.unwrap(
    Effect.as(
      Effect.acquireRelease(
        Effect.sync(() => void log.push(`${name} starts`)),
        (_, exit) => Effect.sync(() => void log.push(`${name} ${Exit.isSuccess(exit) ? "ends" : "breaks off"}`))
      ),
      words
    )
  )

describe("opening", () => {
  it.effect("opens with the services and the scope of whoever runs the stream", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const stream = Opening.stream((context: Context.Context<Model.ModelName>, scope) =>
        Opening.pull(noted(log, "a", Stream.make(ContextOf.get(context, Model.ModelName))), scope)
      )
      assert.deepStrictEqual(log, [])
      const words = yield* Effect.provideService(Stream.runCollect(stream), Model.ModelName, "m")
      assert.deepStrictEqual(words, ["m"])
      assert.deepStrictEqual(log, ["a starts", "a ends"])
    })
  )

  it.effect("fails if it cannot be opened", () =>
    Effect.gen(function* () {
      const stream = Opening.stream<string, string, never>(() => Effect.fail("closed"))
      assert.strictEqual(yield* Effect.flip(Stream.runDrain(stream)), "closed")
    })
  )

  it.effect("what follows starts when the first stream has been released", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const followed = Opening.followed(noted(log, "a", Stream.make("1", "2")), {
        done: () => noted(log, "b", Stream.make("3"))
      })
      yield* Stream.runForEach(followed, (word) => Effect.sync(() => void log.push(word)))
      assert.deepStrictEqual(log, ["a starts", "1", "2", "a ends", "b starts", "3", "b ends"])
    })
  )

  it.effect("a failure is replaced, if something takes its place, and nothing else then follows", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const broken = Stream.concat(Stream.make("1"), Stream.fail("broken"))
      const followed = (place: Stream.Stream<string, string> | undefined) =>
        Opening.followed(noted(log, "a", broken), {
          done: () => Stream.make("never"),
          failed: (error) => (error === "broken" ? place : undefined)
        })
      assert.deepStrictEqual(yield* Stream.runCollect(followed(Stream.make("again"))), ["1", "again"])
      assert.deepStrictEqual(yield* Stream.runCollect(followed(Stream.empty)), ["1"])
      assert.strictEqual(yield* Effect.flip(Stream.runCollect(followed(undefined))), "broken")
      assert.strictEqual(yield* Effect.flip(Stream.runCollect(followed(Stream.fail("twice")))), "twice")
      assert.strictEqual(log.filter((line) => line === "a breaks off").length, 4)
    })
  )

  it.effect("a defect and an interruption are not replaced", () =>
    Effect.gen(function* () {
      const followed = (self: Stream.Stream<string, string>) =>
        Opening.followed(self, { done: () => Stream.empty, failed: () => Stream.make("replaced") })
      const defect = yield* Effect.exit(Stream.runCollect(followed(Stream.die("bug"))))
      assert.isTrue(Exit.isFailure(defect) && Exit.hasDies(defect))
      const log: Array<string> = []
      const fiber = yield* Effect.forkChild(Stream.runDrain(followed(noted(log, "a", Stream.never))), {
        startImmediately: true
      })
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(log, ["a starts", "a breaks off"])
    })
  )
})
