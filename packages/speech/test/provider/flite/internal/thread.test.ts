import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Thread from "../../../../src/provider/flite/internal/thread.ts"

const moody = new URL("moodyWorker.mjs", import.meta.url)
const fail = (reason: string, cause: unknown) => `${reason}: ${cause instanceof Error ? cause.message : cause}`
const request = (voice: string, word = "word") => ({ words: [word], pauseMs: 0, voice, stretch: 1 })

describe("thread", () => {
  it.effect("reports a failing clause, and continues", () =>
    Effect.gen(function* () {
      const say = yield* Thread.make(fail, moody)
      assert.strictEqual(yield* Effect.flip(say(request("fails"))), "Synthesis: no such voice")
      assert.deepStrictEqual((yield* say(request("answers"))).words, ["word"] as never)
    })
  )

  it.effect("fails pending requests if it ends unexpectedly, and is restarted for the next one", () =>
    Effect.gen(function* () {
      const say = yield* Thread.make(fail, moody)
      assert.strictEqual(yield* Effect.flip(say(request("ends"))), "Exited: the thread ended with 3")
      assert.deepStrictEqual((yield* say(request("answers"))).words, ["word"] as never)
    })
  )

  it.effect("reports at once that it cannot be loaded", () =>
    Effect.gen(function* () {
      const missing = new URL("missingWorker.mjs", import.meta.url)
      assert.match(yield* Effect.flip(Thread.make(fail, missing)), /^Load: /)
    })
  )

  it.effect("drops interrupted requests without delaying others", () =>
    Effect.gen(function* () {
      const say = yield* Thread.make(fail, moody)
      const stuck = yield* Effect.forkChild(say(request("waits")), { startImmediately: true })
      const queued = yield* Effect.forkChild(say(request("ends")), { startImmediately: true })
      const last = yield* Effect.forkChild(say(request("answers", "last")), { startImmediately: true })
      yield* Fiber.interrupt(queued)
      yield* Fiber.interrupt(stuck)
      assert.deepStrictEqual((yield* Fiber.join(last)).words, ["last"] as never)
    })
  )
})
