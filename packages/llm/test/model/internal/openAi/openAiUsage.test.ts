import { assert, describe, it } from "@effect/vitest"
import * as OpenAiUsage from "../../../../src/model/internal/openAi/openAiUsage.ts"

const output = (completion: number, reasoning: number, total?: number) =>
  OpenAiUsage.read({
    prompt_tokens: 12,
    completion_tokens: completion,
    ...(total === undefined ? {} : { total_tokens: total }),
    completion_tokens_details: { reasoning_tokens: reasoning }
  }).outputTokens

describe("openAiUsage", () => {
  it("thinking tokens within the completion are part of it", () => {
    assert.deepStrictEqual(output(10, 4, 22), { total: 10, text: 6, reasoning: 4 })
    assert.deepStrictEqual(output(10, 4), { total: 10, text: 6, reasoning: 4 })
  })

  it("thinking tokens beside the completion are added to it, as they are billed", () => {
    assert.deepStrictEqual(output(2, 340, 354), { total: 342, text: 2, reasoning: 340 })
    assert.deepStrictEqual(output(2, 340), { total: 342, text: 2, reasoning: 340 })
    assert.deepStrictEqual(output(10, 4, 26), { total: 14, text: 10, reasoning: 4 })
  })

  it("thinking tokens that Google's compatible endpoint reports only in the total are added; no other provider's total is trusted", () => {
    const usage = { prompt_tokens: 10, completion_tokens: 2, total_tokens: 342 }
    assert.deepStrictEqual(OpenAiUsage.read(usage, "gemini").outputTokens, { total: 332, text: 2, reasoning: 330 })
    assert.strictEqual(OpenAiUsage.read(usage, "bedrock").outputTokens.total, 2)
  })

  it("tokens from a cache are found wherever a provider puts them", () => {
    for (const cached of [
      { prompt_tokens_details: { cached_tokens: 64 } },
      { prompt_cache_hit_tokens: 64 },
      { cached_tokens: 64 }
    ]) {
      const { inputTokens } = OpenAiUsage.read({ prompt_tokens: 100, completion_tokens: 5, ...cached })
      assert.deepStrictEqual([inputTokens.total, inputTokens.cacheRead, inputTokens.uncached], [100, 64, 36])
    }
  })

  it("tokens written to a cache are counted once", () => {
    for (const written of [
      { prompt_tokens_details: { cached_tokens: 64, cache_write_tokens: 30 } },
      { prompt_tokens_details: { cached_tokens: 64 }, cache_creation_input_tokens: 30 }
    ]) {
      const { inputTokens } = OpenAiUsage.read({ prompt_tokens: 100, completion_tokens: 5, ...written })
      assert.deepStrictEqual(inputTokens, { total: 100, uncached: 6, cacheRead: 64, cacheWrite: 30 })
    }
  })

  it("counts that are texts or fractions are read, and those that are none are unknown", () => {
    const read = (prompt_tokens: unknown) => OpenAiUsage.read({ prompt_tokens } as object).inputTokens.total
    assert.deepStrictEqual(["12", 12.4, 0].map(read), [12, 12, 0])
    for (const none of [-1, "-1", "", "1e3", NaN, 2 ** 60, null, {}, [1]]) assert.isUndefined(read(none))
  })

  it("a missing usage is unknown", () => {
    assert.deepStrictEqual(OpenAiUsage.read(undefined).outputTokens, {
      total: undefined,
      text: undefined,
      reasoning: undefined
    })
  })
})
