/** The tokens that a model takes, by kind. */

/** Tokens of one reply, or of many. What a provider does not tell is counted as none. */
export interface Tokens {
  /** Input that was read anew. */
  readonly input: number
  /** Input that a cache gave, which costs less. */
  readonly cacheRead: number
  /** Input that was written to a cache, which costs more with some providers. */
  readonly cacheWrite: number
  /** Output, thoughts included. */
  readonly output: number
  /** The part of the output that was thought and not said. */
  readonly reasoning: number
}
