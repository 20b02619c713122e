import { assert } from "@effect/vitest"
import { Effect } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Models from "../src/model/Models.ts"
import * as ModelSettings from "../src/model/ModelSettings.ts"
import { ask } from "./support/asking.ts"
import { describeLive } from "./support/liveModels.ts"

describeLive(
  (name) => `${name} itself`,
  (name, live) => {
    const settings = ModelSettings.override({ maxTokens: 200, temperature: 0, timeout: "20 seconds" })

    live(
      "answers",
      () =>
        Effect.gen(function* () {
          const response = yield* LanguageModel.generateText({ prompt: "Say the word pineapple and nothing else." })
          assert.match(response.text, /pineapple/i)
          assert.isAbove(response.usage.outputTokens.total ?? 0, 0)
        }).pipe(settings, Effect.provide(Models.fromString(name))),
      120_000
    )

    live(
      "calls a tool",
      () =>
        Effect.gen(function* () {
          const asked = yield* ask("What is the weather in Rome? Use the tool.")
          assert.isUndefined(asked.error)
          assert.deepStrictEqual(asked.calls[0]?.params, { city: "Rome" })
        }).pipe(settings, Effect.provide(Models.fromString(name))),
      120_000
    )
  }
)
