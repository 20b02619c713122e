/** The result of a rule at the beginning of a text. */

/** The number of characters matched, and how to say them. `Wait`: undecided until more text arrives. */
export type Match = { readonly length: number; readonly text: string } | "Wait"

/** A match, or nothing. */
export type Found = Match | undefined
