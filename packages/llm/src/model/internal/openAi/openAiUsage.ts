/**
 * Token usage of a chat completions request, in the terms of `effect/ai`.
 *
 * @since 0.1.0
 */
import type * as Response from "effect/ai/Response"
import { count } from "../provider/wireJson.ts"
import type { Usage } from "./chunk.ts"

/**
 * Reads the usage.
 *
 * xAI counts thoughts beside the completion instead of within it (`total_tokens` shows which), although all of it is
 * billed as output. In that case the sum of both is the output.
 */
export const read = (usage: Usage | undefined): Response.FinishPartEncoded["usage"] => {
  const input = count(usage?.prompt_tokens)
  const completion = count(usage?.completion_tokens)
  const cacheRead = count(usage?.prompt_tokens_details?.cached_tokens) ?? count(usage?.prompt_cache_hit_tokens)
  const reasoning = count(usage?.completion_tokens_details?.reasoning_tokens)
  const output =
    completion !== undefined && reasoning !== undefined && isBeside(usage, input, completion, reasoning)
      ? completion + reasoning
      : completion
  return {
    inputTokens: {
      total: input,
      uncached: input === undefined ? undefined : Math.max(0, input - (cacheRead ?? 0)),
      cacheRead,
      cacheWrite: count(usage?.prompt_tokens_details?.cache_write_tokens)
    },
    outputTokens: {
      total: output,
      text: output === undefined ? undefined : Math.max(0, output - (reasoning ?? 0)),
      reasoning
    }
  }
}

const isBeside = (usage: Usage | undefined, input: number | undefined, completion: number, reasoning: number) => {
  const total = count(usage?.total_tokens)
  if (total !== undefined && input !== undefined && reasoning > 0) return total === input + completion + reasoning
  return reasoning > completion
}
