import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit } from "effect"
import { TestClock } from "effect/testing"
import * as Progress from "../../../../src/model/internal/plan/progress.ts"

type Type = Progress.Part["type"]

// One row per part: a new one does not compile until it is known whether the caller gets anything from it.
const parts: { readonly [Of in Type]: readonly [Progress.Part, boolean] } = {
  "text-start": [{ type: "text-start", id: "0" }, false],
  "text-delta": [{ type: "text-delta", id: "0", delta: "Hello" }, true],
  "text-end": [{ type: "text-end", id: "0" }, false],
  "reasoning-start": [{ type: "reasoning-start", id: "0" }, false],
  "reasoning-delta": [{ type: "reasoning-delta", id: "0", delta: "hm" }, false],
  "reasoning-end": [{ type: "reasoning-end", id: "0" }, false],
  "tool-params-start": [{ type: "tool-params-start", id: "c", name: "f" }, true],
  "tool-params-delta": [{ type: "tool-params-delta", id: "c", delta: "{" }, true],
  "tool-params-end": [{ type: "tool-params-end", id: "c" }, true],
  "tool-call": [{ type: "tool-call", id: "c", name: "f", params: {} }, true],
  "tool-result": [{ type: "tool-result", id: "c", name: "f", result: 1, isFailure: false }, true],
  "tool-approval-request": [{ type: "tool-approval-request", approvalId: "a", toolCallId: "c" }, true],
  file: [{ type: "file", mediaType: "image/png", data: "aGk=" }, true],
  source: [{ type: "source", sourceType: "url", id: "s", url: "https://a.test/", title: "t" }, false],
  "response-metadata": [{ type: "response-metadata" }, false],
  finish: [
    {
      type: "finish",
      reason: "stop",
      usage: {
        inputTokens: { uncached: 1, total: 1, cacheRead: undefined, cacheWrite: undefined },
        outputTokens: { total: 1, text: 1, reasoning: undefined }
      }
    },
    false
  ],
  error: [{ type: "error", error: "odd" }, false]
}

describe("progress", () => {
  for (const [type, [part, is]] of Object.entries(parts)) {
    it(`${type} is ${is ? "" : "no "}progress`, () => {
      assert.strictEqual(Progress.isProgress(part), is)
    })
  }

  it("white space is no progress", () => {
    assert.isFalse(Progress.isProgress({ type: "text-delta", id: "0", delta: " \n" }))
  })

  const thought: Progress.Part = { type: "reasoning-delta", id: "0", delta: "hm" }
  const word: Progress.Part = { type: "text-delta", id: "0", delta: "Hello" }

  /** When a stream fails whose parts arrive at intervals of this many milliseconds. */
  const failsAt = (every: number, all: ReadonlyArray<Progress.Part>, limits: Progress.Limits) =>
    Effect.gen(function* () {
      yield* TestClock.adjust(0)
      let at = 0
      const pull = Effect.suspend(() => Effect.delay(Effect.succeed([all[at++ % all.length]!] as const), every))
      const bounded = Progress.bounded(pull, { limits, what: "the word" })
      let failed: number | undefined
      const reads = Effect.repeat(bounded, { times: 19 }).pipe(Effect.exit)
      const fiber = yield* Effect.forkChild(
        Effect.flatMap(Effect.all([reads, Effect.clockWith((clock) => clock.currentTimeMillis)]), ([exit, now]) =>
          Effect.sync(() => {
            if (Exit.isFailure(exit)) failed = now
          })
        )
      )
      for (let n = 0; n < 200; n++) yield* TestClock.adjust(10)
      assert.isDefined(fiber.pollUnsafe())
      return failed
    })

  const seconds = (millis: number) => Duration.millis(millis)
  it.effect("thoughts do not extend the limit, words do", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* failsAt(50, [thought], { word: seconds(200) }), 200)
      assert.isUndefined(yield* failsAt(50, [thought, thought, word], { word: seconds(200) }))
      assert.isUndefined(yield* failsAt(50, [thought], { word: undefined }))
    })
  )

  it.effect("the first sign of life may shorten the wait", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* failsAt(50, [thought], { word: seconds(900), sign: seconds(100) }), 150)
    })
  )
})
