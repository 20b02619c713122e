import { assert, describe, it } from "@effect/vitest"
import * as Prompt from "effect/ai/Prompt"
import * as AnthropicRequest from "../../../../src/model/internal/anthropic/anthropicRequest.ts"
import type { ModelSettings, ReasoningEffort } from "../../../../src/model/ModelSettings.ts"
import { Weather } from "../../../support/asking.ts"
import { at } from "../../../support/at.ts"

const body = (
  model: string,
  settings: ModelSettings = {},
  options: Partial<AnthropicRequest.Options> = {}
): Record<string, unknown> =>
  AnthropicRequest.make(model, settings, {
    prompt: Prompt.make("hi"),
    tools: [],
    toolChoice: "none",
    responseFormat: { type: "text" },
    ...options
  }) as never

const called = Prompt.make([
  { role: "user", content: [{ type: "text", text: "hi" }] },
  { role: "assistant", content: [{ type: "tool-call", id: "t1", name: "get_weather", params: {} }] },
  { role: "tool", content: [{ type: "tool-result", id: "t1", name: "get_weather", isFailure: false, result: "Sunny" }] }
])

describe("anthropicRequest", () => {
  const thinking: ReadonlyArray<readonly [string, ReasoningEffort | null | undefined, unknown, string | undefined]> = [
    ["claude-haiku-4-5", undefined, undefined, undefined],
    ["claude-haiku-4-5", "none", undefined, undefined],
    ["claude-haiku-4-5", "minimal", { type: "enabled", budget_tokens: 1024 }, undefined],
    ["claude-sonnet-4-20250514", "high", { type: "enabled", budget_tokens: 16384 }, undefined],
    ["claude-opus-4-1", "low", { type: "enabled", budget_tokens: 2048 }, undefined],
    ["claude-3-5-haiku-latest", "low", undefined, undefined],
    ["claude-3-5-haiku-latest", null, undefined, undefined],
    ["us.anthropic.claude-3-haiku-20240307-v1:0", "high", undefined, undefined],
    ["claude-3-7-sonnet-latest", "medium", { type: "enabled", budget_tokens: 8192 }, undefined],
    ["claude-opus-4-6", "medium", { type: "adaptive" }, "medium"],
    ["claude-opus-4-8", "minimal", { type: "adaptive" }, "low"],
    ["claude-opus-4-7", undefined, undefined, undefined],
    ["claude-sonnet-5", undefined, { type: "disabled" }, undefined],
    ["claude-opus-5", "high", { type: "adaptive" }, "high"],
    ["claude-opus-5-5", undefined, undefined, "low"],
    ["claude-opus-5-5", null, undefined, undefined],
    ["claude-opus-5-5", "max", { type: "adaptive" }, "max"],
    ["claude-sonnet-5-5", undefined, { type: "between_tools" }, undefined],
    ["claude-sonnet-5-5", "high", { type: "adaptive" }, "high"],
    ["claude-haiku-5-5", "none", { type: "disabled" }, undefined],
    ["claude-fable-5-1", undefined, undefined, "low"],
    ["claude-opus-5-5", "none", undefined, "low"]
  ]
  for (const [model, effort, config, sent] of thinking) {
    it(`${model} with effort ${effort}`, () => {
      const request = body(model, { reasoningEffort: effort })
      assert.deepStrictEqual(request["thinking"], config)
      assert.strictEqual(at(request, "output_config", "effort"), sent)
    })
  }

  it("the tokens for thinking are added to those for the answer", () => {
    assert.strictEqual(body("claude-haiku-4-5", { reasoningEffort: "low", maxTokens: 100 })["max_tokens"], 2148)
    assert.strictEqual(body("claude-haiku-4-5")["max_tokens"], AnthropicRequest.defaultMaxTokens)
  })

  for (const [model, effort, kept] of [
    ["claude-haiku-4-5", undefined, true],
    ["claude-haiku-4-5", "low", false],
    ["claude-opus-4-6", undefined, true],
    ["claude-opus-4-7", undefined, false],
    ["claude-sonnet-5", undefined, false],
    ["my-model", undefined, true]
  ] as const) {
    it(`temperature is ${kept ? "" : "not "}sent to ${model} with effort ${effort}`, () => {
      const request = body(model, { temperature: 0.5, topP: 0.9, reasoningEffort: effort })
      assert.strictEqual("temperature" in request, kept)
      // Claude takes one of the two.
      assert.strictEqual("top_p" in request, kept && !model.startsWith("claude"))
      assert.strictEqual("top_p" in body(model, { topP: 0.9, reasoningEffort: effort }), kept)
    })
  }

  it("a temperature is at most 1", () => {
    assert.strictEqual(body("claude-haiku-4-5", { temperature: 1.7 })["temperature"], 1)
  })

  it("a model that always thinks gets tokens for its thoughts", () => {
    assert.strictEqual(body("claude-opus-5-5", { maxTokens: 300 })["max_tokens"], 2348)
  })

  it("the end of a long conversation is marked for caching, that of a short one is not", () => {
    const turns = (count: number) =>
      Prompt.make(
        Array.from({ length: count }, (_, n): Prompt.MessageEncoded => ({
          role: n % 2 === 0 ? "user" : "assistant",
          content: [{ type: "text", text: "word ".repeat(40) }]
        }))
      )
    const marks = (count: number) =>
      (body("claude-haiku-4-5", {}, { prompt: turns(count) })["messages"] as ReadonlyArray<unknown>).map((message) =>
        at(message, "content", 0, "cache_control")
      )
    assert.isTrue(marks(5).every((mark) => mark === undefined))
    assert.deepStrictEqual(marks(31).at(-1), { type: "ephemeral" })
    assert.isTrue(
      marks(31)
        .slice(0, -1)
        .every((mark) => mark === undefined)
    )
  })

  it("what is marked for caching is the same in the next request: notes after the conversation are not marked", () => {
    const long: ReadonlyArray<Prompt.MessageEncoded> = Array.from({ length: 31 }, (_, n) => ({
      role: n % 2 === 0 ? "user" : "assistant",
      content: [{ type: "text", text: `${n} ${"word ".repeat(40)}` }]
    }))
    const notes: ReadonlyArray<Prompt.MessageEncoded> = [
      { role: "system", content: "What is known: the caller is Ann." },
      { role: "system", content: " " },
      { role: "system", content: "Come to an end." }
    ]
    const marked = body("claude-haiku-4-5", {}, { prompt: Prompt.make([...long, ...notes]) })
    const last = (marked["messages"] as ReadonlyArray<{ readonly content: ReadonlyArray<Record<string, unknown>> }>).at(
      -1
    )!
    assert.deepStrictEqual(
      last.content.map((block) => block["cache_control"] !== undefined),
      [true, false, false]
    )
    assert.match(String(last.content[0]!["text"]), /^30 word/)
  })

  it("tools are marked for caching if no marked system prompt follows them", () => {
    const bare = body("claude-haiku-4-5", {}, { tools: [Weather, Weather] })
    assert.deepStrictEqual(
      [0, 1].map((n) => at(bare, "tools", n, "cache_control")),
      [undefined, { type: "ephemeral" }]
    )
    const prompt = Prompt.make([
      { role: "system", content: "Be brief." },
      { role: "user", content: "hi" }
    ])
    const prompted = body("claude-haiku-4-5", {}, { tools: [Weather], prompt })
    assert.isUndefined(at(prompted, "tools", 0, "cache_control"))
    assert.deepStrictEqual(at(prompted, "system", 0, "cache_control"), { type: "ephemeral" })
  })

  for (const [model, prefills] of [
    ["claude-haiku-4-5", true],
    ["claude-sonnet-4-6", false],
    ["claude-opus-5-5", false]
  ] as const) {
    it(`${model} ${prefills ? "goes on with" : "is not sent"} a last message of its own`, () => {
      const prompt = Prompt.concat(Prompt.make("hi"), [{ role: "assistant", content: "Well," }])
      const messages = body(model, {}, { prompt })["messages"] as ReadonlyArray<{ role: string }>
      assert.strictEqual(messages.at(-1)?.role, prefills ? "assistant" : "user")
    })
  }

  it("thinking stays off between a call without thoughts and its result", () => {
    const settings = { reasoningEffort: "low" } as const
    assert.notProperty(body("claude-haiku-4-5", settings, { prompt: called, tools: [Weather] }), "thinking")
    const later = Prompt.concat(Prompt.concat(called, [{ role: "assistant", content: "Sunny." }]), "thanks")
    assert.property(body("claude-haiku-4-5", settings, { prompt: later, tools: [Weather] }), "thinking")
  })

  it("declares earlier tools if none are offered any more", () => {
    const request = body("claude-haiku-4-5", {}, { prompt: called })
    assert.deepStrictEqual(request["tools"], [{ name: "get_weather", input_schema: { type: "object" } }])
    assert.deepStrictEqual(request["tool_choice"], { type: "none" })
  })

  for (const [choice, sent] of [
    ["auto", undefined],
    ["none", { type: "none" }],
    ["required", { type: "any" }],
    [{ tool: "get_weather" }, { type: "tool", name: "get_weather" }],
    [{ mode: "required", oneOf: ["get_weather"] }, { type: "any" }]
  ] as const) {
    it(`tool choice ${JSON.stringify(choice)}`, () => {
      const options = { tools: [Weather], toolChoice: choice as never }
      assert.deepStrictEqual(body("claude-haiku-4-5", {}, options)["tool_choice"], sent)
    })
  }

  it("never forces a tool choice on a model that thinks", () => {
    const options = { tools: [Weather], toolChoice: "required" as const }
    assert.notProperty(body("claude-haiku-4-5", { reasoningEffort: "low" }, options), "tool_choice")
  })
})
