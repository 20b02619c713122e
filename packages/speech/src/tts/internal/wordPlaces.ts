/**
 * Finds the words that a voice reports in the text it was given. A voice may say a word differently from how it is
 * written: such a word has no position, and does not affect the words after it.
 */

/** The position of a word in the text. */
export interface Place {
  readonly from: number
  readonly to: number
}

/** How many characters ahead to look for a word: a voice skips some words, but never many. */
const window = 80

/** Finds a word at or after a position. */
export const find = (text: string, word: string, from: number): Place | undefined => {
  const wanted = word.trim()
  if (wanted === "") return undefined
  const at = text
    .slice(from, from + window + wanted.length)
    .toLowerCase()
    .indexOf(wanted.toLowerCase())
  return at < 0 ? undefined : { from: from + at, to: from + at + wanted.length }
}

/** All words of a text, in order. */
export const words = (text: string): ReadonlyArray<Place & { readonly text: string }> =>
  Array.from(text.matchAll(/\S+/g), (match) => ({
    text: match[0],
    from: match.index,
    to: match.index + match[0].length
  }))
