import type * as Response from "effect/ai/Response"

/** The tokens of a prompt, for providers whose total includes those that were read from a cache or written to it. */
export const inputTokens = (
  total: number | undefined,
  cacheRead: number | undefined,
  cacheWrite?: number | undefined
): Response.FinishPartEncoded["usage"]["inputTokens"] => ({
  total,
  uncached: total === undefined ? undefined : Math.max(0, total - (cacheRead ?? 0) - (cacheWrite ?? 0)),
  cacheRead,
  cacheWrite
})
