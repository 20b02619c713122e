import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { TestClock } from "effect/testing"
import * as SpeechError from "../../src/SpeechError.ts"
import { retrying } from "../../src/internal/retrying.ts"

const limited = (retryAfterMs: number) => SpeechError.make("vendor", { _tag: "RateLimited", retryAfterMs })

/** When each attempt was made, in milliseconds. */
const attempts = (error: SpeechError.SpeechError) =>
  Effect.gen(function* () {
    const at: Array<number> = []
    let now = 0
    const policy = retrying(Schedule.spaced("100 millis").pipe(Schedule.upTo({ times: 2 })), 3000)
    const fiber = yield* Effect.forkChild(
      Effect.retry(
        Effect.suspend(() => {
          at.push(now)
          return Effect.fail(error)
        }),
        policy
      ),
      { startImmediately: true }
    )
    for (; now < 10_000; now += 50) yield* TestClock.adjust("50 millis")
    yield* Fiber.await(fiber)
    return at.map((each) => Math.round(each / 100) * 100)
  })

describe("retrying", () => {
  it.effect("follows the schedule, and waits as long as the provider asks, up to a limit", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* attempts(SpeechError.make("vendor", { _tag: "Closed", closeCode: 1006 })),
        [0, 100, 200]
      )
      assert.deepStrictEqual(yield* attempts(limited(800)), [0, 800, 1600])
      assert.deepStrictEqual(yield* attempts(limited(60_000)), [0, 3000, 6000])
    })
  )

  it.effect("does not repeat what would fail again", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* attempts(SpeechError.make("vendor", { _tag: "Unauthorized", status: 401 })), [0])
    })
  )
})
