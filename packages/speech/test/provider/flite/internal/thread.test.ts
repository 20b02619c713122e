import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Thread from "../../../../src/provider/flite/internal/thread.ts"

const moody = new URL("moodyWorker.mjs", import.meta.url)
const fail = (reason: string, cause: unknown) => `${reason}: ${cause instanceof Error ? cause.message : cause}`
const request = (voice: string, word = "word") => ({ words: [word], pauseMs: 0, voice, stretch: 1 })

describe("thread", () => {
  it.effect("a failing clause is reported, and the thread continues", () =>
    Effect.gen(function* () {
      const say = yield* Thread.make(fail, moody)
      assert.strictEqual(yield* Effect.flip(say(request("fails"))), "Synthesis: no such voice")
      assert.deepStrictEqual((yield* say(request("answers"))).words, ["word"] as never)
    })
  )

  it.effect("if it ends unexpectedly, pending requests fail and the next one starts another", () =>
    Effect.gen(function* () {
      const say = yield* Thread.make(fail, moody)
      assert.strictEqual(yield* Effect.flip(say(request("ends"))), "Exited: the thread ended with 3")
      assert.deepStrictEqual((yield* say(request("answers"))).words, ["word"] as never)
    })
  )

  it.effect("a thread that cannot be loaded is reported at once", () =>
    Effect.gen(function* () {
      const missing = new URL("missingWorker.mjs", import.meta.url)
      assert.match(yield* Effect.flip(Thread.make(fail, missing)), /^Load: /)
    })
  )

  it.effect("who is interrupted leaves the line, and holds up nobody", () =>
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
