import * as Caller from "@antiphon/core/testing/Caller"
import * as TestCall from "@antiphon/core/testing/TestCall"
import * as DemoModel from "@antiphon/llm/demo/DemoModel"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as Assistant from "../../src/demo/Assistant.ts"
import { otherwise } from "../../src/replay/fork.ts"
import { stillTheSame } from "../../src/replay/test.ts"

const recorded = Effect.suspend(() =>
  TestCall.run(
    Assistant.make(DefaultModel.demo),
    [
      Caller.bargesIn("What time is it", { afterWords: 3 }),
      Caller.listens(),
      Caller.says("Tell me a story"),
      Caller.hears(10),
      Caller.hangsUp
    ],
    { startsAt: Date.UTC(2026, 10, 26, 18, 30) }
  ).pipe(
    Effect.provide(DemoModel.layer()),
    Effect.map(({ recording }) => recording)
  )
)

describe("the examples of docs/replay.md", () => {
  it.effect("show that the assistant behaved the same at the same times", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* stillTheSame(yield* recorded), "Identical")
    })
  )

  it.effect("show what another version would have done", () =>
    Effect.gen(function* () {
      const recording = yield* recorded
      const lines = recording.lines.map((line) =>
        line._tag === "Sent" && line.output._tag === "AgentSendText" && line.turn === 1
          ? { ...line, output: { ...line.output, text: "Hi" } }
          : line
      )
      assert.match(yield* stillTheSame({ ...recording, lines }), /Something else happens at line \d+[\s\S]*"Hi"/)
    })
  )

  it.effect("continue the call differently", () =>
    Effect.gen(function* () {
      const recording = yield* recorded
      const { turn } = recording.lines.findLast((line) => line._tag === "ModelRequested")!
      assert.deepStrictEqual(
        (yield* otherwise(recording, turn)).slice(-2).map(({ text }) => text),
        ["Tell me a story", "I would rather tell"]
      )
    })
  )
})
