/**
 * The tokens that a model takes, by kind, and an estimate of them without a tokenizer: those differ by model and cost more
 * than they are worth here.
 */

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

/** Characters per token: in Latin text, in other alphabets, and in scripts whose characters are words or syllables. */
const latin = 4
const alphabetic = 2
const ideographic = 1

/** Estimated tokens in a text. */
export const ofText = (text: string): number => {
  let others = 0
  let wide = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x250) continue
    if (code < 0x2e80) others++
    else wide++
  }
  return (text.length - others - wide) / latin + others / alphabetic + wide / ideographic
}
