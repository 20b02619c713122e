import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as ContextWindow from "../../../src/model/internal/contextWindow.ts"
import * as ContextWindows from "../../../src/model/internal/rules/contextWindows.ts"
import * as Models from "../../../src/model/Models.ts"

const windows: ReadonlyArray<readonly [provider: string, model: string, window: number | undefined]> = [
  ["openai", "gpt-4", 8192],
  ["openai", "gpt-4-0613", 8192],
  ["openai", "gpt-4-turbo", 128_000],
  ["openai", "gpt-4o-mini", 128_000],
  ["openai", "gpt-4.1-mini", 1_047_576],
  ["openrouter", "openai/gpt-5.4-mini", 400_000],
  ["openai", "gpt-5-chat-latest", 128_000],
  ["anthropic", "claude-haiku-4-5", 200_000],
  ["anthropic", "claude-2", 100_000],
  ["gemini", "gemini-2.5-flash", 1_048_576],
  ["deepseek", "deepseek-chat", 128_000],
  ["xai", "grok-4.3", 256_000],
  ["groq", "llama-3.3-70b-versatile", 131_072],
  ["groq", "meta-llama/llama-4-scout-17b-16e-instruct", 131_072],
  // These depend on how the server was started.
  ["ollama", "llama3.3", undefined],
  ["vllm", "Qwen/Qwen3-8B", undefined],
  ["acme", "acme-large", undefined]
]

/** The window that a model made by name has announced. */
const windowOf = (name: string, options: Models.Options = {}) =>
  Effect.scoped(
    Effect.map(Layer.build(Models.fromString(name, { apiKey: Redacted.make("k"), ...options })), (context) =>
      ContextWindow.of(Context.get(context, LanguageModel.LanguageModel))
    )
  )

describe("the window of a model", () => {
  for (const [provider, model, window] of windows) {
    it(`of ${provider}/${model} is ${window ?? "not known"}`, () => {
      assert.strictEqual(ContextWindow.named({ provider, model }), window)
    })
  }

  it("can be set in the settings", () => {
    assert.strictEqual(ContextWindow.named({ provider: "openai", model: "gpt-4" }, { contextWindow: 5000 }), 5000)
  })

  it("has a source in each row", () => {
    for (const { says, source } of ContextWindows.rules) {
      assert.match(source, /^https:/)
      assert.isAbove(says.contextWindow ?? 0, 1000)
    }
  })

  it.effect("is found through the retries of a model by name, and is the first of several models' windows", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* windowOf("openai/gpt-4"), 8192)
      assert.strictEqual(yield* windowOf("openai/gpt-4", { fallbacks: ["ollama/qwen3"] }), 8192)
      const settings = { contextWindow: 16_384 }
      assert.strictEqual(yield* windowOf("ollama/qwen3", { settings }), 16_384)
    })
  )

  it("is not sent to the provider", () => {
    const { request } = Models.describe("openai/gpt-4.1-mini", { settings: { contextWindow: 5000 } })
    assert.notInclude(JSON.stringify(request), "5000")
  })
})
