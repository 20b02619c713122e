import { assert, describe, it } from "@effect/vitest"
import type { ReasoningEffort } from "../../../../src/model/ModelSettings.ts"
import * as Acceptance from "../../../../src/model/internal/rules/acceptance.ts"
import * as ClaudeModels from "../../../../src/model/internal/rules/claudeModels.ts"
import * as ModelRules from "../../../../src/model/internal/rules/modelRules.ts"

const of = (provider: string, model: string, tools = false) =>
  ModelRules.acceptanceOf({ provider, model, api: "chat", tools })

describe("acceptance", () => {
  it("every row names its source", () => {
    for (const { source } of ModelRules.all) assert.match(source, /https:\/\/|#\d+/)
    for (const model of ["claude-haiku-4-5", "claude-opus-5-5"]) {
      assert.isNotEmpty(ClaudeModels.sourcesOf(model))
      for (const source of ClaudeModels.sourcesOf(model)) assert.match(source, /https:\/\//)
    }
  })

  it("later rows override earlier ones, and refusals add up", () => {
    const folded = Acceptance.fold([
      { says: { refuses: ["stop"], stops: 4, unasked: "none" }, source: "" },
      { says: { refuses: ["seed"], unasked: undefined }, source: "" }
    ])
    assert.deepStrictEqual(folded.refuses, ["stop", "seed"])
    assert.strictEqual(folded.stops, 4)
    assert.isUndefined(folded.unasked)
  })

  it("a row applies only to its providers, models, API and tools", () => {
    const rule = { of: ["a"], models: /^m/, api: "chat", tools: true, says: {}, source: "" } as const
    const asked = { provider: "a", model: "x/M1", api: "chat", tools: true } as const
    assert.lengthOf(Acceptance.holding([rule], asked), 1)
    for (const other of [{ provider: "b" }, { model: "n" }, { api: "responses" }, { tools: false }] as const) {
      assert.lengthOf(Acceptance.holding([rule], { ...asked, ...other }), 0)
    }
  })

  it("an effort the model does not know becomes the next higher one, or else the next lower", () => {
    const accepted = { ...of("acme", "m"), efforts: ["none", "low", "high"], unasked: "none" } as const
    assert.strictEqual(Acceptance.effortOf(accepted, "minimal"), "low")
    assert.strictEqual(Acceptance.effortOf(accepted, "medium"), "high")
    assert.strictEqual(Acceptance.effortOf(accepted, "max"), "high")
    assert.strictEqual(Acceptance.effortOf(accepted, undefined), "none")
    assert.isUndefined(Acceptance.effortOf(accepted, null))
    assert.strictEqual(Acceptance.effortOf({ ...accepted, needsEffort: true }, null), "none")
    assert.isUndefined(Acceptance.effortOf({ ...accepted, efforts: [] }, "high"))
  })

  it("a model that thinks has room for its thoughts, whoever serves it", () => {
    for (const [provider, model] of [
      ["hyperbolic", "Qwen/Qwen3-32B"],
      ["cerebras", "qwen-3-32b"],
      ["lmstudio", "qwen/qwen3-8b"],
      ["deepinfra", "zai-org/GLM-4.6"],
      ["together", "zai-org/GLM-5.3"],
      ["openrouter", "google/gemini-3.8-flash"],
      ["openrouter", "x-ai/grok-4"],
      ["cohere", "command-a-reasoning-08-2025"],
      ["openai", "codex-mini-latest"]
    ] as const) {
      const accepted = of(provider, model)
      const { maxTokens } = Acceptance.accept(accepted, Acceptance.effortOf(accepted, undefined), { maxTokens: 300 })
      assert.isAbove(maxTokens!, 1000, model)
    }
    for (const [provider, model] of [
      ["vllm", "Qwen/Qwen3-32B"],
      ["openrouter", "z-ai/glm-4.6"],
      ["together", "Qwen/Qwen3-235B-A22B-Instruct-2507"],
      ["openrouter", "x-ai/grok-4-fast-non-reasoning"],
      ["together", "deepseek-ai/DeepSeek-V3.1"]
    ] as const) {
      const accepted = of(provider, model)
      const { maxTokens } = Acceptance.accept(accepted, Acceptance.effortOf(accepted, undefined), { maxTokens: 300 })
      assert.strictEqual(maxTokens, 300, model)
    }
  })

  it("a hybrid on Together is told not to think by a switch of Together's own", () => {
    const dialed = (model: string, effort?: ReasoningEffort) => {
      const accepted = of("together", model)
      return Acceptance.dialed(accepted.dial, Acceptance.effortOf(accepted, effort))
    }
    for (const model of ["moonshotai/Kimi-K2.6", "Qwen/Qwen3.5-397B-A17B", "zai-org/GLM-5.1"]) {
      assert.deepStrictEqual(dialed(model), { reasoning: { enabled: false } }, model)
      assert.deepStrictEqual(dialed(model, "high"), { reasoning: { enabled: true } }, model)
    }
    assert.deepStrictEqual(dialed("zai-org/GLM-5.3"), { reasoning_effort: "low" })
    assert.deepStrictEqual(dialed("openai/gpt-oss-120b"), { reasoning_effort: "low" })
    assert.deepStrictEqual(dialed("deepseek-ai/DeepSeek-V3.1"), {})
  })

  it("Gemini's level is the least that the model takes", () => {
    for (const provider of ["gemini", "openrouter"]) {
      for (const [model, level] of [
        ["gemini-3-flash-preview", "minimal"],
        ["gemini-3.5-flash", "minimal"],
        ["gemini-3.1-flash-lite", "minimal"],
        ["gemini-3.7-flash", "low"],
        ["gemini-3.8-flash", "low"],
        ["gemini-3.10-flash", "low"],
        ["gemini-4-flash", "low"],
        ["gemini-4-argon", "low"],
        ["gemini-flash-latest", "low"],
        ["gemini-3.1-pro-preview", "low"],
        ["gemini-2.5-flash", "none"]
      ] as const) {
        const accepted = of(provider, model)
        assert.strictEqual(Acceptance.effortOf(accepted, undefined), level, model)
        assert.strictEqual(Acceptance.effortOf(accepted, "none"), level, model)
      }
    }
  })

  it("Claude is Claude under the name that Databricks gives it", () => {
    const accepted = of("databricks", "databricks-claude-sonnet-4-5")
    assert.isTrue(accepted.oneOfSampling)
    assert.strictEqual(accepted.highestTemperature, 1)
  })

  it("a model of Fireworks is recognised, which writes a point as a letter", () => {
    for (const model of ["glm-4p6", "glm-5p1", "deepseek-v3p1", "deepseek-v3p2", "kimi-k2p5", "qwen3-8b"]) {
      assert.strictEqual(of("fireworks", `accounts/fireworks/models/${model}`).unasked, "none", model)
    }
    for (const model of ["llama-v3p3-70b-instruct", "mp4x", "phi-3-mini"]) {
      assert.isUndefined(of("fireworks", `accounts/fireworks/models/${model}`).unasked, model)
    }
  })

  it("MiniMax thinks unasked, and is kept from it from M3 on", () => {
    const fields = (model: string, effort?: ReasoningEffort) => {
      const accepted = of("minimax", model)
      return Acceptance.dialed(accepted.dial, Acceptance.effortOf(accepted, effort))
    }
    assert.deepStrictEqual(fields("MiniMax-M3"), { thinking: { type: "disabled" } })
    assert.deepStrictEqual(fields("MiniMax-M3", "high"), { thinking: { type: "adaptive" } })
    assert.deepStrictEqual(fields("MiniMax-M2.7"), {})
  })

  it("DeepSeek on Azure is dialed as Azure has it", () => {
    assert.strictEqual(of("azure", "DeepSeek-V4-Pro").unasked, "low")
    assert.strictEqual(of("azure", "DeepSeek-V4-Pro").dial, "reasoning_effort")
  })

  it("a model is recognised by its name, whoever serves it", () => {
    for (const provider of ["openai", "azure", "litellm_proxy", "acme"]) {
      assert.strictEqual(of(provider, "gpt-5.4").tokenLimit, "max_completion_tokens")
      assert.strictEqual(of(provider, "openai/gpt-5.4", true).efforts?.length, 0)
    }
    assert.strictEqual(of("ollama", "gpt-oss:20b").unasked, "low")
    assert.strictEqual(of("acme", "gpt-50-imagined").tokenLimit, "max_completion_tokens")
    assert.strictEqual(of("acme", "my-gpt-5").tokenLimit, "max_tokens")
  })
})
