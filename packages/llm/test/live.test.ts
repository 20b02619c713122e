/** The real providers whose key is set. Names the skipped ones, and what they lack. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Toolkit from "effect/ai/Toolkit"
import { ObjectText } from "../src/agent/internal/objectText.ts"
import * as SpokenObject from "../src/agent/SpokenObject.ts"
import * as Asking from "../src/model/internal/asking.ts"
import * as OpenAiPresets from "../src/model/internal/openAi/openAiPresets.ts"
import * as Models from "../src/model/Models.ts"
import * as ModelSettings from "../src/model/ModelSettings.ts"
import { ask } from "./support/asking.ts"
import { describeLive, liveProviders } from "./support/liveModels.ts"

const reply = SpokenObject.make(
  { say: Schema.String, city: Schema.String, note: Schema.optional(Schema.String) },
  { speak: "say" }
)

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

    live(
      "replies with an object",
      () =>
        Effect.gen(function* () {
          const asked = yield* ask("Which city is the capital of Norway?", Toolkit.make())
          assert.isUndefined(asked.error)
          const written = new ObjectText(reply.speak)
          const spoken = written.push(asked.text)
          const value = Result.getOrThrow(reply.decode(written.value)) as {
            readonly city: string
            readonly say: string
          }
          assert.match(value.city, /Oslo/)
          assert.strictEqual(spoken, value.say)
        }).pipe(
          settings,
          Effect.provideService(Asking.Current, { object: reply.definition, cacheKey: Asking.cacheKeyOf("live") }),
          Effect.provide(Models.fromString(name))
        ),
      120_000
    )
  }
)

describe("live tests", () => {
  it("exist for every provider that is more than a name and an address", () => {
    const own = OpenAiPresets.all
      .slice(
        0,
        OpenAiPresets.all.findIndex(({ name }) => name === "ai21")
      )
      .map(({ name }) => name)
    const missing = [...own, "anthropic"].filter((name) => !liveProviders.has(name) && name !== "lmstudio")
    assert.deepStrictEqual(missing, [])
    for (const provider of liveProviders) assert.include(Models.providers, provider)
  })
})
