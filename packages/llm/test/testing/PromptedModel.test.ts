import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { LanguageModel, type Prompt } from "effect/ai"
import * as PromptedModel from "../../src/testing/PromptedModel.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"

const asked = (system: string, options: PromptedModel.Options) =>
  Effect.gen(function* () {
    const model = ScriptedModel.make([ScriptedModel.text("a"), ScriptedModel.text("b")])
    const prompt: Prompt.RawInput = [
      { role: "system", content: system },
      { role: "user", content: [{ type: "text", text: "Hello" }] }
    ]
    yield* Effect.provide(
      Effect.andThen(Stream.runDrain(LanguageModel.streamText({ prompt })), LanguageModel.generateText({ prompt })),
      PromptedModel.layer(model.layer, options)
    )
    return (yield* model.prompts).map(({ prompt }) =>
      prompt.content.map(({ content, role }) => (role === "system" ? content : role))
    )
  })

describe("PromptedModel", () => {
  it.effect("replaces the agent's prompt, and changes nothing else", () =>
    Effect.gen(function* () {
      const prompts = yield* asked("Be kind.", { systemPrompt: "Be brief." })
      assert.deepStrictEqual(prompts, [
        ["Be brief.", "user"],
        ["Be brief.", "user"]
      ])
    })
  )

  it.effect("leaves a specialist's prompt if it is told whose prompt to replace", () =>
    Effect.gen(function* () {
      const options = { systemPrompt: "Be brief.", insteadOf: "Be kind." }
      assert.deepStrictEqual((yield* asked("Be kind.", options))[0], ["Be brief.", "user"])
      assert.deepStrictEqual((yield* asked("You know tides.", options))[0], ["You know tides.", "user"])
    })
  )
})
