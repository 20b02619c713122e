/** Decides when to search while the caller is still speaking, and whether the result still fits what they have said. */

import * as Script from "@antiphon/core/Script"

// In scripts that do not separate words, each character counts as one.
const word = new RegExp(`[${Script.unspaced}]|(?:(?![${Script.unspaced}])[\\p{L}\\p{M}\\p{N}])+`, "gu")

const wordsOf = (text: string): ReadonlyArray<string> => text.toLowerCase().match(word) ?? []

/** A text to search for. */
export interface Query {
  readonly words: ReadonlyArray<string>
  readonly text: string
}

/** Reads a text to search for. */
export const query = (text: string): Query => ({ text: text.trim(), words: wordsOf(text) })

/** Whether a text says enough to search for it, and enough that is new since the last search. */
export const isWorth = (next: Query, last: Query | undefined, fewest: number): boolean => {
  if (next.words.length < fewest) return false
  if (last === undefined) return true
  // Words that were added, or taken back. A recogniser that revises the last word at each syllable changes one.
  return Math.max(next.words.length, last.words.length) - sharedWords(last, next) >= fewest
}

/** Whether a text equals the searched one, apart from case and punctuation. */
export const isSame = (asked: Query, said: Query): boolean =>
  asked.words.length === said.words.length && sharedWords(asked, said) === said.words.length

/**
 * Whether the result for a text is still useful now that the caller has said more: the text must be the beginning of their
 * words, and most of them.
 */
export const fits = (asked: Query, said: Query): boolean =>
  said.words.length > 0 &&
  sharedWords(asked, said) === asked.words.length &&
  asked.words.length >= said.words.length * share

/** Two thirds: the end of a question seldom changes its subject, the second half of one often does. */
const share = 2 / 3

/** How many words two texts begin with in common. */
const sharedWords = (a: Query, b: Query): number => {
  const shorter = Math.min(a.words.length, b.words.length)
  let shared = 0
  while (shared < shorter && a.words[shared] === b.words[shared]) shared++
  return shared
}
