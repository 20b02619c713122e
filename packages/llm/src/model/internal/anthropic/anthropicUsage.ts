/**
 * Token usage of a request to Anthropic, in the terms of `effect/ai`.
 *
 * @since 0.1.0
 */
import type Anthropic from "@anthropic-ai/sdk"
import type * as Response from "effect/ai/Response"
import { count } from "../provider/wireJson.ts"

/**
 * Reads the usage. Anthropic counts tokens read from and written to the cache beside the input, and thoughts within the
 * output.
 */
export const read = (usage: Partial<Anthropic.MessageDeltaUsage>): Response.FinishPartEncoded["usage"] => {
  const uncached = count(usage.input_tokens)
  const cacheRead = count(usage.cache_read_input_tokens)
  const cacheWrite = count(usage.cache_creation_input_tokens)
  const output = count(usage.output_tokens)
  const reasoning = count(usage.output_tokens_details?.thinking_tokens)
  return {
    inputTokens: {
      total: uncached === undefined ? undefined : uncached + (cacheRead ?? 0) + (cacheWrite ?? 0),
      uncached,
      cacheRead,
      cacheWrite
    },
    outputTokens: {
      total: output,
      text: output === undefined ? undefined : Math.max(0, output - (reasoning ?? 0)),
      reasoning
    }
  }
}
