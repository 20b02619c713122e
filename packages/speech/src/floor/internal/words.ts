/**
 * Words of a transcript: compared without regard to case and punctuation, and joined with spaces if the script uses
 * them.
 */
import * as Script from "@antiphon/core/Script"

const word = /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*/gu

/** Splits a text into words in lower case. A run of a script without spaces is one word. */
export const list = (text: string): ReadonlyArray<string> =>
  text === "" ? [] : (text.toLowerCase().replaceAll("’", "'").match(word) ?? [])

/** Returns a key that is equal for equal words. */
export const key = (text: string): string => list(text).join(" ")

const endsUnspaced = new RegExp(`[${Script.unspaced}]$`, "u")
const beginsTight = new RegExp(`^[${Script.unspaced},.;:!?。、！？]`, "u")

/** Joins two texts. */
export const join = (first: string, second: string): string => {
  if (first === "") return second
  if (second === "") return first
  if (first.endsWith(" ") || second.startsWith(" ")) return first + second
  // The characters at the seam, which may take two units each.
  const tight = endsUnspaced.test(first.slice(-2)) || beginsTight.test(second.slice(0, 2))
  return tight ? first + second : `${first} ${second}`
}

/**
 * Removes words that are already known from the beginning of a text. Returns the whole text if it begins with none of
 * them.
 */
export const behind = (text: string, known: ReadonlyArray<string>): string => {
  const pattern = new RegExp(word)
  let end = 0
  for (const expected of known) {
    const found = pattern.exec(text)
    if (found === null || found[0].toLowerCase().replaceAll("’", "'") !== expected) break
    end = pattern.lastIndex
  }
  return end === 0 ? text : text.slice(end).replace(/^[^\p{L}\p{M}\p{N}]+/u, "")
}

/** Counts words: a run of a script without spaces counts as one word per two characters. */
export const count = (words: ReadonlyArray<string>): number =>
  words.reduce((sum, each) => sum + (Script.hasUnspaced(each) ? Math.ceil(each.length / 2) : 1), 0)

interface Phrases {
  readonly all: ReadonlySet<string>
  readonly longest: number
}

const compiled = new WeakMap<ReadonlyArray<string>, Phrases>()

const compile = (phrases: ReadonlyArray<string>): Phrases => {
  let found = compiled.get(phrases)
  if (found === undefined) {
    const keys = phrases.map(key)
    found = { all: new Set(keys), longest: Math.max(0, ...keys.map((each) => each.split(" ").length)) }
    compiled.set(phrases, found)
  }
  return found
}

/** Whether words consist entirely of phrases from a list. */
export const areOnly = (words: ReadonlyArray<string>, phrases: ReadonlyArray<string>): boolean => {
  const { all, longest } = compile(phrases)
  let at = 0
  while (at < words.length) {
    let length = Math.min(longest, words.length - at)
    while (length > 0 && !all.has(words.slice(at, at + length).join(" "))) length--
    if (length === 0) return false
    at += length
  }
  return words.length > 0
}

/** Whether a list of words contains others, in order and without gaps. */
export const areWithin = (words: ReadonlyArray<string>, others: ReadonlyArray<string>): boolean => {
  for (let start = 0; start + words.length <= others.length; start++) {
    if (words.every((each, index) => others[start + index] === each)) return true
  }
  return false
}
