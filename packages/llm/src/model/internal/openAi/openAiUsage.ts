/**
 * Token usage of a chat completions request, in the terms of `effect/ai`.
 *
 * @since 0.1.0
 */
import type * as Response from "effect/ai/Response"
import { inputTokens } from "../provider/inputTokens.ts"
import { count } from "../provider/wireJson.ts"
import type { Usage } from "./chunk.ts"

/**
 * Reads the usage.
 *
 * xAI counts thoughts beside the completion instead of within it (`total_tokens` shows which), although all of it is
 * billed as output. In that case the sum of both is the output.
 */
export const read = (usage: Usage | undefined, provider?: string): Response.FinishPartEncoded["usage"] => {
  const input = count(usage?.prompt_tokens)
  const completion = count(usage?.completion_tokens)
  const cacheRead =
    count(usage?.prompt_tokens_details?.cached_tokens) ??
    count(usage?.prompt_cache_hit_tokens) ??
    // Moonshot's.
    count(usage?.cached_tokens)
  const cacheWrite =
    count(usage?.prompt_tokens_details?.cache_write_tokens) ??
    // LiteLLM's, for Claude.
    count(usage?.cache_creation_input_tokens)
  const reasoning = count(usage?.completion_tokens_details?.reasoning_tokens) ?? untold(usage, provider)
  const output =
    completion !== undefined && reasoning !== undefined && isBeside(usage, input, completion, reasoning)
      ? completion + reasoning
      : completion
  return {
    inputTokens: inputTokens(input, cacheRead, cacheWrite),
    outputTokens: {
      total: output,
      text: output === undefined ? undefined : Math.max(0, output - (reasoning ?? 0)),
      reasoning
    }
  }
}

/** Google's compatible endpoint counts thoughts in the total only. */
const untold = (usage: Usage | undefined, provider: string | undefined): number | undefined => {
  const [total, input, completion] = [usage?.total_tokens, usage?.prompt_tokens, usage?.completion_tokens].map(count)
  if (provider !== "gemini" || total === undefined || input === undefined || completion === undefined) return undefined
  return total > input + completion ? total - input - completion : undefined
}

const isBeside = (usage: Usage | undefined, input: number | undefined, completion: number, reasoning: number) => {
  const total = count(usage?.total_tokens)
  if (total !== undefined && input !== undefined && reasoning > 0) return total === input + completion + reasoning
  return reasoning > completion
}
