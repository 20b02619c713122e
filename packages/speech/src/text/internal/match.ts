/**
 * What a rule finds at the beginning of a text.
 */

/** So many characters are said like this. `Wait`: what follows decides. */
export type Match = { readonly length: number; readonly text: string } | "Wait"

/** A match, or nothing. */
export type Found = Match | undefined
