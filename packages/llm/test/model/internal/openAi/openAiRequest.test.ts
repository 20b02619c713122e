import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Prompt from "effect/ai/Prompt"
import * as Tool from "effect/ai/Tool"
import * as OpenAiPresets from "../../../../src/model/internal/openAi/openAiPresets.ts"
import * as OpenAiRequest from "../../../../src/model/internal/openAi/openAiRequest.ts"
import type { ModelSettings, ReasoningEffort } from "../../../../src/model/ModelSettings.ts"
import { Weather } from "../../../support/asking.ts"

const body = (
  preset: string,
  settings: ModelSettings = {},
  options: Partial<OpenAiRequest.Options> = {},
  model = "m"
): Record<string, unknown> =>
  OpenAiRequest.make(OpenAiPresets.byName(preset)!, model, settings, {
    prompt: Prompt.make("hi"),
    tools: [],
    toolChoice: "none",
    responseFormat: { type: "text" },
    ...options
  }) as never

describe("openAiRequest", () => {
  const deviations: ReadonlyArray<readonly [string, ModelSettings, Record<string, unknown>, ReadonlyArray<string>]> = [
    ["openai", { maxTokens: 5 }, { max_completion_tokens: 5, stream_options: { include_usage: true } }, ["max_tokens"]],
    ["groq", { maxTokens: 5 }, { max_completion_tokens: 5 }, ["max_tokens"]],
    ["together", { maxTokens: 5 }, { max_tokens: 5 }, ["max_completion_tokens"]],
    ["mistral", { seed: 7, maxTokens: 5 }, { random_seed: 7, max_tokens: 5 }, ["seed", "stream_options"]],
    [
      "gemini",
      { seed: 7, presencePenalty: 1, frequencyPenalty: 1, reasoningEffort: "none" },
      { reasoning_effort: "none" },
      ["seed", "presence_penalty", "frequency_penalty"]
    ],
    ["cerebras", { presencePenalty: 1, frequencyPenalty: 1 }, {}, ["presence_penalty", "frequency_penalty"]],
    ["openrouter", { reasoningEffort: "low" }, { reasoning: { effort: "low" } }, ["reasoning_effort"]],
    ["deepseek", { reasoningEffort: "low" }, {}, ["reasoning_effort"]],
    ["ollama", { reasoningEffort: "low" }, { reasoning_effort: "low" }, []],
    ["vllm", { reasoningEffort: "none" }, {}, ["reasoning_effort"]]
  ]
  for (const [preset, settings, has, lacks] of deviations) {
    it(`${preset} with ${JSON.stringify(settings)}`, () => {
      const request = body(preset, settings)
      assert.deepInclude(request, has)
      for (const field of lacks) assert.notProperty(request, field)
    })
  }

  const efforts: ReadonlyArray<readonly [string, ReasoningEffort | undefined, string | undefined]> = [
    ["gpt-4o", undefined, undefined],
    ["gpt-4.1-mini", "high", undefined],
    ["o3", undefined, undefined],
    ["o3", "none", undefined],
    ["o4-mini", "low", "low"],
    ["gpt-5", undefined, "minimal"],
    ["gpt-5-mini", "none", "minimal"],
    ["gpt-5-nano-2025-08-07", "low", "low"],
    ["gpt-5-pro", undefined, undefined],
    ["gpt-5-chat-latest", undefined, undefined],
    ["gpt-5.1", undefined, "none"],
    ["gpt-5.4-mini", "none", "none"],
    ["gpt-5.2", "high", "high"],
    ["gpt-5.2-pro", undefined, undefined],
    ["gpt-6-astra", undefined, "low"],
    ["gpt-6-astra", "none", "low"],
    ["gpt-6.1-sol", undefined, "low"],
    ["gpt-6-luna", undefined, "none"],
    ["gpt-6.1-terra", undefined, "none"],
    ["my-finetune", undefined, undefined]
  ]
  for (const [model, effort, sent] of efforts) {
    it(`${model} with effort ${effort} is sent ${sent}`, () => {
      assert.strictEqual(body("openai", { reasoningEffort: effort }, {}, model)["reasoning_effort"], sent)
    })
  }

  const withTools: ReadonlyArray<readonly [string, ReasoningEffort | undefined, string | undefined]> = [
    ["gpt-5", undefined, "minimal"],
    ["gpt-5.1", undefined, "none"],
    ["gpt-5.2", undefined, undefined],
    ["gpt-5.2", "high", undefined],
    ["gpt-5.4", "none", undefined],
    ["gpt-5.4-mini", undefined, undefined],
    ["gpt-5.5", undefined, "none"],
    ["gpt-5.6-luna", "high", "none"],
    ["gpt-6-luna", undefined, "none"],
    ["gpt-6-sol", "high", "none"],
    ["gpt-6-astra", undefined, "low"],
    ["gpt-4.1", "high", undefined]
  ]
  for (const [model, effort, sent] of withTools) {
    it(`${model} with tools and effort ${effort} is sent ${sent}, even behind a proxy`, () => {
      for (const name of ["openai", "litellm_proxy", "azure"]) {
        const request = body(name, { reasoningEffort: effort, maxTokens: 5 }, { tools: [Weather] }, model)
        assert.strictEqual(request["reasoning_effort"], sent, name)
        if (model.startsWith("gpt-5") || model.startsWith("gpt-6"))
          assert.strictEqual(request["max_completion_tokens"], sent === "low" ? 2053 : 5)
      }
    })
  }

  const sampling = { temperature: 0.7, topP: 0.9, stop: ["END"], presencePenalty: 0.1, frequencyPenalty: 0.2 }
  const refusals: ReadonlyArray<readonly [string, string, ReasoningEffort | undefined, ReadonlyArray<string>]> = [
    ["openai", "gpt-4.1", undefined, ["temperature", "top_p", "stop", "presence_penalty", "frequency_penalty"]],
    ["openai", "gpt-5", undefined, []],
    ["openai", "o4-mini", undefined, []],
    ["openai", "gpt-5-pro", undefined, []],
    ["openai", "gpt-5.1", undefined, ["temperature", "top_p"]],
    ["openai", "gpt-5.1", "low", []],
    ["xai", "grok-4", undefined, ["temperature", "top_p"]],
    [
      "xai",
      "grok-4-fast-non-reasoning",
      undefined,
      ["temperature", "top_p", "stop", "presence_penalty", "frequency_penalty"]
    ],
    ["openrouter", "openai/gpt-5-mini", undefined, []],
    ["openrouter", "openai/gpt-5:nitro", undefined, []],
    ["openai", "ft:o4-mini-2025-04-16:acme::x", undefined, []],
    ["openai", "gpt-4o-search-preview", undefined, ["stop"]],
    ["moonshot", "kimi-k2.6", undefined, ["stop"]],
    ["moonshot", "kimi-k3.1-pro", undefined, ["stop"]]
  ]
  for (const [preset, model, effort, kept] of refusals) {
    it(`of all sampling settings ${model} with effort ${effort} is sent ${kept.join(", ") || "nothing"}`, () => {
      const request = body(preset, { ...sampling, reasoningEffort: effort }, {}, model)
      const sent = ["temperature", "top_p", "stop", "presence_penalty", "frequency_penalty"].filter(
        (name) => name in request
      )
      assert.deepStrictEqual(sent, kept)
    })
  }

  const switches: ReadonlyArray<readonly [string, string, ReasoningEffort | undefined, object]> = [
    ["deepseek", "deepseek-v4-flash", undefined, { thinking: { type: "disabled" } }],
    ["deepseek", "deepseek-v4-pro", "medium", { thinking: { type: "enabled" }, reasoning_effort: "high" }],
    ["gemini", "gemini-2.5-flash", undefined, { reasoning_effort: "none" }],
    ["gemini", "gemini-2.5-pro", "none", { reasoning_effort: "low" }],
    ["gemini", "gemini-3-flash-preview", undefined, { reasoning_effort: "minimal" }],
    ["gemini", "gemini-3.1-pro-preview", undefined, { reasoning_effort: "low" }],
    ["groq", "qwen/qwen3-32b", undefined, { reasoning_effort: "none" }],
    ["groq", "openai/gpt-oss-120b", undefined, { reasoning_effort: "low" }],
    ["ollama", "qwen3:8b", undefined, { reasoning_effort: "none" }],
    ["ollama", "llama3.2", "none", { reasoning_effort: "none" }],
    ["vllm", "Qwen/Qwen3-8B", undefined, { chat_template_kwargs: { enable_thinking: false, thinking: false } }],
    ["vllm", "openai/gpt-oss-20b", undefined, { reasoning_effort: "low" }],
    ["xai", "grok-4.3", undefined, { reasoning_effort: "none" }],
    ["xai", "grok-4.5", "none", { reasoning_effort: "low" }],
    ["dashscope", "qwen-plus", undefined, { enable_thinking: false }],
    ["moonshot", "kimi-k2.5", undefined, { thinking: { type: "disabled" } }],
    ["zai", "glm-4.6", undefined, { thinking: { type: "disabled" } }],
    ["mistral", "mistral-small-latest", "none", { reasoning_effort: "none" }],
    ["moonshot", "kimi-k3.1-pro", undefined, { reasoning_effort: "low" }],
    ["cerebras", "zai-glm-4.6", undefined, { disable_reasoning: true }],
    ["openrouter", "openai/gpt-5:nitro", undefined, { reasoning: { effort: "minimal" } }],
    ["openrouter", "z-ai/glm-4.6", undefined, { reasoning: { effort: "none" } }],
    ["openrouter", "qwen/qwen3-32b:free", undefined, { reasoning: { effort: "none" } }],
    ["fireworks", "accounts/fireworks/models/glm-4p5", "none", { reasoning_effort: "none" }],
    ["fireworks", "accounts/fireworks/models/gpt-oss-120b", "none", { reasoning_effort: "low" }],
    ["ollama", "gpt-oss:20b", "none", { reasoning_effort: "low" }]
  ]
  for (const [preset, model, effort, sent] of switches) {
    it(`${preset}/${model} with effort ${effort} is sent ${JSON.stringify(sent)}`, () => {
      assert.deepInclude(body(preset, { reasoningEffort: effort }, {}, model), sent)
    })
  }

  it("no tool is marked strict for a provider that requires all or none to be", () => {
    const strict = Weather.annotate(Tool.Strict, true)
    const marks = (preset: string) =>
      (
        body(preset, {}, { tools: [strict, Tool.make("loose")] })["tools"] as ReadonlyArray<{
          readonly function: object
        }>
      ).map((tool) => "strict" in tool.function)
    assert.deepStrictEqual(marks("groq"), [true, false])
    assert.deepStrictEqual(marks("cerebras"), [false, false])
  })

  it("a call goes back to Moonshot with its thought, or with a substitute", () => {
    const thought = (text: string) =>
      ({ type: "reasoning", text, options: { openai: { provider: "moonshot" } } }) as const
    const called = (...before: ReadonlyArray<ReturnType<typeof thought>>) =>
      Prompt.make([
        { role: "user", content: [{ type: "text", text: "hi" }] },
        { role: "assistant", content: [...before, { type: "tool-call", id: "c1", name: "get_weather", params: {} }] },
        {
          role: "tool",
          content: [{ type: "tool-result", id: "c1", name: "get_weather", isFailure: false, result: "ok" }]
        }
      ])
    const sent = (prompt: Prompt.Prompt) =>
      (
        body("moonshot", {}, { prompt }, "kimi-k3")["messages"] as ReadonlyArray<{
          readonly reasoning_content?: string
        }>
      )[1]?.reasoning_content
    assert.strictEqual(sent(called(thought("Hm."))), "Hm.")
    assert.strictEqual(sent(called()), " ")
  })

  const thinkers: ReadonlyArray<readonly [string, string]> = [
    ["xai", "grok-3"],
    ["xai", "grok-4-fast-non-reasoning"],
    ["gemini", "gemini-2.0-flash"],
    ["moonshot", "kimi-k2.7-code"],
    ["moonshot", "kimi-k2-thinking"],
    ["groq", "llama-3.3-70b-versatile"]
  ]
  for (const [preset, model] of thinkers) {
    it(`${preset}/${model} has no setting for effort, so it is left out`, () => {
      for (const reasoningEffort of ["none", "low", undefined] as const) {
        const request = body(preset, { reasoningEffort }, {}, model)
        for (const field of ["reasoning_effort", "reasoning", "thinking"]) assert.notProperty(request, field)
      }
    })
  }

  for (const model of ["magistral-medium-latest", "deepseek-r1-distill-llama-70b", "Qwen/Qwen3-4B-Thinking-2507"]) {
    it(`a token limit leaves room for the thoughts of ${model}, which thinks unasked`, () => {
      assert.strictEqual(body("together", { maxTokens: 300 }, {}, model)["max_tokens"], 8492)
    })
  }

  it("a temperature above the provider's maximum is lowered to it", () => {
    for (const [preset, highest] of [
      ["cohere", 1],
      ["moonshot", 1],
      ["zai", 1],
      ["mistral", 1.5],
      ["groq", 1.8]
    ] as const)
      assert.strictEqual(body(preset, { temperature: 1.8 })["temperature"], highest)
  })

  it("a model whose thinking can only be switched off is sent nothing if it should think", () => {
    assert.notProperty(body("groq", { reasoningEffort: "low" }, {}, "qwen/qwen3-32b"), "reasoning_effort")
  })

  it("a token limit leaves room for thoughts if there are any", () => {
    const limit = (model: string, effort?: ReasoningEffort) =>
      body("openai", { maxTokens: 300, reasoningEffort: effort }, {}, model)["max_completion_tokens"]
    assert.strictEqual(limit("gpt-5.1"), 300)
    assert.strictEqual(limit("gpt-5"), 300)
    assert.strictEqual(limit("gpt-5.1", "low"), 2348)
    assert.strictEqual(limit("o3"), 8492)
  })

  it("Claude behind a router accepts one sampling parameter, and from version 5 on none", () => {
    const sampling = { temperature: 1.4, topP: 0.9 }
    const old = body("openrouter", sampling, {}, "anthropic/claude-haiku-4.5")
    assert.deepInclude(old, { temperature: 1 })
    assert.notProperty(old, "top_p")
    assert.notProperty(body("openrouter", sampling, {}, "anthropic/claude-opus-5.5"), "temperature")
  })

  it("empty stops are left out, and so are more than the provider accepts", () => {
    assert.notProperty(body("openai", { stop: [] }), "stop")
    assert.notProperty(body("openai", { stop: "" }), "stop")
    assert.notProperty(body("mistral", { stop: ["", ""] }), "stop")
    assert.deepStrictEqual(body("openai", { stop: ["a", "b", "c", "d", "e"] })["stop"], ["a", "b", "c", "d"])
  })

  it("tool names no provider accepts are replaced, and extra tools are left out", () => {
    const tools = ["get.weather now!", "a".repeat(80), ...Array.from({ length: 128 }, (_, n) => `t${n}`)].map((name) =>
      Tool.make(name, { parameters: Schema.Struct({}) })
    )
    const sent = body("openai", {}, { tools })["tools"] as ReadonlyArray<{ function: { name: string } }>
    assert.strictEqual(sent.length, 128)
    for (const {
      function: { name }
    } of sent)
      assert.match(name, /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/)
    assert.strictEqual(new Set(sent.map((tool) => tool.function.name)).size, 128)
  })

  it("another server in OPENAI_BASE_URL is not treated as OpenAI", () => {
    assert.strictEqual(OpenAiPresets.at(OpenAiPresets.standard, "http://localhost:11434/v1"), OpenAiPresets.compatible)
    assert.strictEqual(OpenAiPresets.at(OpenAiPresets.standard, "https://notopenai.com/v1"), OpenAiPresets.compatible)
    assert.strictEqual(OpenAiPresets.at(OpenAiPresets.standard, "https://eu.api.openai.com/v1"), OpenAiPresets.standard)
  })

  for (const [choice, sent] of [
    ["auto", undefined],
    ["none", "none"],
    ["required", "required"],
    [{ tool: "get_weather" }, { type: "function", function: { name: "get_weather" } }],
    [{ mode: "required", oneOf: ["get_weather"] }, "required"],
    [{ oneOf: ["get_weather"] }, undefined]
  ] as const) {
    it(`tool choice ${JSON.stringify(choice)}`, () => {
      assert.deepStrictEqual(body("openai", {}, { tools: [Weather], toolChoice: choice as never })["tool_choice"], sent)
    })
  }

  it("null leaves the setting to the provider", () => {
    assert.notProperty(body("openai", { temperature: null, extra: null }), "temperature")
  })
})
