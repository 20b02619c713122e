/** When a search is worth making while the caller still speaks, and whether what it found still fits what they have said. */

// Scripts that do not part their words count by characters.
const word =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}])[\p{L}\p{M}\p{N}])+/gu

const wordsOf = (text: string): ReadonlyArray<string> => text.toLowerCase().match(word) ?? []

/** What a search was made for. */
export interface Query {
  readonly words: ReadonlyArray<string>
  readonly text: string
}

/** Reads a text that is searched for. */
export const query = (text: string): Query => ({ text: text.trim(), words: wordsOf(text) })

/** Whether a text says enough to be searched for, and enough that the last search did not know. */
export const isWorth = (next: Query, last: Query | undefined, fewest: number): boolean => {
  if (next.words.length < fewest) return false
  if (last === undefined) return true
  const shared = sharedWords(last, next)
  // They have taken back words, or have added some.
  return shared < last.words.length || next.words.length - shared >= fewest
}

/** Whether a text is the same as the one that was searched for, but for case and punctuation. */
export const isSame = (asked: Query, said: Query): boolean =>
  asked.words.length === said.words.length && sharedWords(asked, said) === said.words.length

/**
 * Whether what was found for a text is still of use now that more, or something else, was said: the text is how the sayings
 * begin, and makes up most of them.
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
