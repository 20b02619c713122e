import { assert, describe, it } from "@effect/vitest"
import * as Prompt from "effect/ai/Prompt"
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
    ["gpt-6-astra", undefined, "none"],
    ["my-finetune", undefined, undefined]
  ]
  for (const [model, effort, sent] of efforts) {
    it(`${model} with effort ${effort} is asked for ${sent}`, () => {
      assert.strictEqual(body("openai", { reasoningEffort: effort }, {}, model)["reasoning_effort"], sent)
    })
  }

  it("another server at OpenAI's variable is not taken for OpenAI", () => {
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

  it("null asks for what the provider does by itself", () => {
    assert.notProperty(body("openai", { temperature: null, extra: null }), "temperature")
  })
})
