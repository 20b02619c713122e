/**
 * Finds the words that a voice reports in the text it was given. A voice may say a word differently from how it is
 * written: such a word has no position, and does not affect the words after it.
 */
import * as Script from "@antiphon/core/Script"

/** The position of a word in the text. */
export interface Place {
  readonly from: number
  readonly to: number
}

/** How many characters ahead to look for a word: a voice skips some words, but never many. */
const window = 80

/** Finds a word at or after a position. Part of another word does not count, except in a script without spaces. */
export const find = (text: string, word: string, from: number): Place | undefined => {
  const wanted = word.trim().toLowerCase()
  if (wanted === "") return undefined
  const stretch = text.slice(from, from + window + wanted.length + 1).toLowerCase()
  for (let at = stretch.indexOf(wanted); at >= 0; at = stretch.indexOf(wanted, at + 1)) {
    const to = at + wanted.length
    const isPart = joins(stretch.slice(0, at), wanted) || joins(wanted, stretch.slice(to))
    if (!isPart) return { from: from + at, to: from + to }
  }
  return undefined
}

const lastLetter = /[\p{L}\p{N}]\p{M}*$/u
const firstLetter = /^[\p{L}\p{N}\p{M}]/u

const wide = /[\uff10-\uff9f]/

/** Whether a character is written without spaces, as are the wide forms of digits and letters. */
const isUnspaced = (character: string): boolean => wide.test(character) || Script.hasUnspaced(character)

/** Whether two texts meet within a word. */
const joins = (before: string, after: string): boolean =>
  lastLetter.test(before) && firstLetter.test(after) && !isUnspaced(before.slice(-1)) && !isUnspaced(after[0]!)

/** All words of a text, in order. */
export const words = (text: string): ReadonlyArray<Place & { readonly text: string }> =>
  Array.from(text.matchAll(/\S+/g), (match) => ({
    text: match[0],
    from: match.index,
    to: match.index + match[0].length
  }))
