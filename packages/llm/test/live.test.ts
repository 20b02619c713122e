import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Models from "../src/Models.ts"
import * as ModelSettings from "../src/ModelSettings.ts"
import { ask } from "./support/asking.ts"

const models = [
  ["OPENAI_API_KEY", "openai/gpt-4.1-mini"],
  ["ANTHROPIC_API_KEY", "anthropic/claude-haiku-4-5"]
] as const

for (const [variable, name] of models) {
  const missing = !process.env[variable]
  describe(`${name} itself${missing ? `: skipped, ${variable} is not set` : ""}`, () => {
    const live = missing ? it.live.skip : it.live
    const settings = ModelSettings.override({ maxTokens: 200, temperature: 0, timeout: "20 seconds" })

    live(
      "answers",
      () =>
        Effect.gen(function* () {
          const response = yield* LanguageModel.generateText({ prompt: "Say the word pineapple and nothing else." })
          assert.match(response.text, /pineapple/i)
          assert.isAbove(response.usage.outputTokens.total ?? 0, 0)
        }).pipe(settings, Effect.provide(Models.fromString(name))),
      30_000
    )

    live(
      "calls a tool",
      () =>
        Effect.gen(function* () {
          const asked = yield* ask("What is the weather in Rome? Use the tool.")
          assert.isUndefined(asked.error)
          assert.deepStrictEqual(asked.calls[0]?.params, { city: "Rome" })
        }).pipe(settings, Effect.provide(Models.fromString(name))),
      30_000
    )
  })
}
