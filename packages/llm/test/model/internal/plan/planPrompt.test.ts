/** Natively continued replies, over the wire, for providers that support it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as ModelPlan from "../../../../src/model/ModelPlan.ts"
import * as Models from "../../../../src/model/Models.ts"
import type { ReasoningEffort } from "../../../../src/model/ModelSettings.ts"
import * as AnthropicServer from "../../../support/anthropicServer.ts"
import { ask } from "../../../support/asking.ts"
import { at } from "../../../support/at.ts"
import * as MockServer from "../../../support/mockServer.ts"
import * as Wire from "../../../support/openAiServer.ts"

interface Sent {
  readonly path: string
  readonly [field: string]: unknown
}

/** The body with which a model is asked for the rest of "We are open". */
const continued = (name: string, reasoningEffort?: ReasoningEffort): Effect.Effect<Sent, unknown> =>
  Effect.scoped(
    Effect.gen(function* () {
      const [first, second] = [yield* MockServer.make, yield* MockServer.make]
      first.script({ pieces: [Wire.chunk({ content: "We are open " }), Wire.chunk({ content: "un" })], ending: "cut" })
      second.script(name.startsWith("anthropic") ? AnthropicServer.text(" until six.") : Wire.text(" until six."))
      const options = { apiKey: Redacted.make("k"), settings: { reasoningEffort } }
      const plan = ModelPlan.make(
        { name: "a", model: Models.fromString("acme/x", { ...options, baseUrl: first.url }) },
        { name: "b", model: Models.fromString(name, { ...options, baseUrl: second.url }) }
      )
      const { text } = yield* Effect.provide(ask(), ModelPlan.layer(plan))
      assert.strictEqual(text, "We are open until six.")
      const { body, path } = second.requests[0]!
      return { ...(body as { readonly [field: string]: unknown }), path }
    })
  )

describe("planPrompt", () => {
  it.effect("Mistral gets the beginning as a prefix", () =>
    Effect.gen(function* () {
      const body = yield* continued("mistral/mistral-small-latest")
      assert.deepStrictEqual((body["messages"] as ReadonlyArray<unknown>).at(-1), {
        role: "assistant",
        content: "We are open",
        prefix: true
      })
    })
  )

  it.effect("DeepSeek too, at its beta address", () =>
    Effect.gen(function* () {
      const body = yield* continued("deepseek/deepseek-v4-flash")
      assert.deepInclude((body["messages"] as ReadonlyArray<object>).at(-1), { content: "We are open", prefix: true })
      assert.strictEqual(body.path, "/beta/chat/completions")
      const thinking = yield* continued("deepseek/deepseek-v4-flash", "high")
      assert.strictEqual(thinking.path, "/chat/completions")
      assert.strictEqual(at((thinking["messages"] as ReadonlyArray<unknown>).at(-1), "role"), "user")
    })
  )

  it.effect("vLLM is told to continue the last message", () =>
    Effect.gen(function* () {
      const body = yield* continued("vllm/Qwen/Qwen3-8B")
      assert.deepStrictEqual((body["messages"] as ReadonlyArray<unknown>).at(-1), {
        role: "assistant",
        content: "We are open"
      })
      assert.deepInclude(body, { continue_final_message: true, add_generation_prompt: false })
    })
  )

  it.effect("Claude up to 4.5 continues a last message of its own, unless it thinks", () =>
    Effect.gen(function* () {
      const body = yield* continued("anthropic/claude-haiku-4-5")
      assert.deepStrictEqual((body["messages"] as ReadonlyArray<unknown>).at(-1), {
        role: "assistant",
        content: [{ type: "text", text: "We are open" }]
      })
      const thinking = yield* continued("anthropic/claude-haiku-4-5", "low")
      assert.strictEqual(at((thinking["messages"] as ReadonlyArray<unknown>).at(-1), "role"), "user")
    })
  )

  for (const name of ["anthropic/claude-opus-5-5", "groq/llama-3.3-70b-versatile", "acme/x"]) {
    it.effect(`${name} is asked in words`, () =>
      Effect.gen(function* () {
        const messages = (yield* continued(name))["messages"] as ReadonlyArray<{ role: string }>
        assert.deepStrictEqual(
          messages.slice(-2).map(({ role }) => role),
          ["assistant", "user"]
        )
        assert.include(JSON.stringify(messages.at(-1)), "cut off")
      })
    )
  }
})
