import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import * as DefaultModel from "../../src/demo/DefaultModel.ts"

const chosen = (env: Record<string, string>) =>
  Effect.provide(DefaultModel.chosen, ConfigProvider.layer(ConfigProvider.fromEnv({ env })))

describe("The default model", () => {
  it.effect("is the embedded one if there is no key", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* chosen({}), "demo")
      assert.strictEqual(yield* chosen({ ANTHROPIC_API_KEY: " ", ANTIPHON_MODEL: "" }), "demo")
    })
  )

  it.effect("belongs to the first provider that has a key", () =>
    Effect.gen(function* () {
      assert.match(yield* chosen({ OPENAI_API_KEY: "k", ANTHROPIC_API_KEY: "k" }), /^anthropic\//)
      assert.match(yield* chosen({ OPENAI_BASE_URL: "http://localhost:11434/v1" }), /^openai\//)
      assert.match(yield* chosen({ GROQ_API_KEY: "k" }), /^groq\//)
    })
  )

  it.effect("is the named one, whatever keys there are", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* chosen({ ANTIPHON_MODEL: "mistral/x", OPENAI_API_KEY: "k" }), "mistral/x")
      assert.strictEqual(yield* chosen({ ANTIPHON_MODEL: "demo", OPENAI_API_KEY: "k" }), "demo")
    })
  )
})
