import * as Caller from "@antiphon/core/testing/Caller"
import * as Expect from "@antiphon/core/testing/Expect"
import * as Played from "@antiphon/core/testing/Played"
import * as Replay from "@antiphon/core/testing/Replay"
import * as TestCall from "@antiphon/core/testing/TestCall"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import * as DemoModel from "../src/demo/DemoModel.ts"
import * as LlmAgent from "../src/agent/LlmAgent.ts"
import * as PromptedModel from "../src/testing/PromptedModel.ts"
import * as RecordedModel from "../src/testing/RecordedModel.ts"
import * as ScriptedModel from "../src/testing/ScriptedModel.ts"
import * as EndCall from "../src/tool/EndCall.ts"
import * as VoiceTool from "../src/tool/VoiceTool.ts"

const lookUp = VoiceTool.background("look_up", { parameters: { topic: Schema.String } }, ({ topic }) =>
  Effect.delay(Effect.succeed(`${topic}: forty-two`), "3 seconds")
)
const agent = LlmAgent.make({
  systemPrompt: "You answer questions.",
  introduction: "Hello, what would you like to know?",
  tools: [lookUp, EndCall.make()]
})

const visit = [
  Caller.listens(),
  Caller.says("Look up the tides"),
  Caller.bargesIn("Tell me a story", { afterWords: 4 }),
  Caller.bargesIn("Look up the trains", { afterWords: 9 }),
  Caller.listens(),
  Caller.pauses("4 seconds"),
  Caller.listens(),
  Caller.says("Goodbye")
]

const recorded = Effect.suspend(() =>
  Effect.map(TestCall.run(agent, visit).pipe(Effect.provide(DemoModel.layer())), ({ recording }) => recording)
)

describe("a replay of an agent with a model", () => {
  it.effect("is the same to the byte, even though the recorded model had drawn its own ids", () =>
    Effect.gen(function* () {
      const recording = yield* recorded
      const model = Result.getOrThrow(RecordedModel.make(recording))
      const { comparison } = yield* Replay.run(recording, agent).pipe(Effect.provide(model.layer))
      assert.strictEqual(comparison._tag, "Identical")
      assert.deepStrictEqual(yield* model.differences, [])
      assert.strictEqual(yield* model.unused, 0)
    })
  )

  it.effect("shows the first request that a different prompt has changed", () =>
    Effect.gen(function* () {
      const recording = yield* recorded
      const model = Result.getOrThrow(RecordedModel.make(recording))
      const other = LlmAgent.make({
        systemPrompt: "You are rude.",
        introduction: "Hello, what would you like to know?",
        tools: [lookUp, EndCall.make()]
      })
      const { comparison } = yield* Replay.run(recording, other).pipe(Effect.provide(model.layer))
      assert.strictEqual(comparison._tag, "Different")
      if (comparison._tag !== "Different") return
      assert.include(comparison.difference.recorded, "You answer questions.")
      assert.include(comparison.difference.replayed, "You are rude.")
    })
  )
})

describe("a fork of an agent with a model", () => {
  it.effect("asks the new model first where it forks, with everything said before", () =>
    Effect.gen(function* () {
      const recording = yield* recorded
      const turn = recording.lines.findLast((line) => line._tag === "ModelRequested")!.turn
      const model = ScriptedModel.make([ScriptedModel.text("So long."), ScriptedModel.text("Still here?")])
      const layer = PromptedModel.layer(model.layer, { systemPrompt: "Be brief." })
      const played = yield* Replay.fork(recording, agent, { turn }).pipe(Effect.provide(layer))
      const [first] = yield* model.prompts
      const prompt = JSON.stringify(first?.prompt.content)
      assert.include(prompt, "Be brief.")
      assert.notInclude(prompt, "You answer questions.")
      for (const said of ["Look up the tides", "Tell me a story", "tides: forty-two"]) assert.include(prompt, said)
      Expect.heard(played, "So long.")
      // Earlier actions are on the record, and were not repeated.
      assert.strictEqual(Played.tools(played).filter(({ name }) => name === "look_up").length, 1)
    })
  )
})
