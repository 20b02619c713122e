import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as CallRequest from "../../../src/CallRequest.ts"
import * as Collected from "../../../src/recording/internal/collected.ts"

describe("Collected", () => {
  it.effect("returns what was noted so far, with its times and the numbers of requests", () =>
    Effect.gen(function* () {
      const request = CallRequest.make({ callId: "c1" })
      const { recorder, recording } = yield* Collected.make({ request, seed: 7 })
      const asked = { turn: 1, method: "streamText", prompt: [], tools: [], settings: {} } as const
      yield* TestClock.adjust(5)
      assert.strictEqual(recorder.asked(asked), 1)
      const before = recording()
      yield* TestClock.adjust(5)
      assert.strictEqual(recorder.asked(asked), 2)
      recorder.note({ _tag: "CallClosed", how: "Ended" })

      assert.deepInclude(before.header, { request, seed: 7, redacted: false })
      assert.deepStrictEqual(
        before.lines.map(({ _tag, at }) => [_tag, at]),
        [["ModelRequested", 5]]
      )
      assert.deepStrictEqual(
        recording().lines.map(({ _tag, at }) => [_tag, at]),
        [
          ["ModelRequested", 5],
          ["ModelRequested", 10],
          ["CallClosed", 10]
        ]
      )
    })
  )
})
