/**
 * Splits a text into clauses, which are synthesised one at a time. Short clauses are heard sooner and can be
 * interrupted sooner; long ones sound better.
 */

/** Words spoken in one breath. */
export interface Clause {
  /** The words as written, including punctuation. Never empty. */
  readonly words: ReadonlyArray<string>
  /** The silence after the clause. */
  readonly pauseMs: number
}

const maxWords = 12
const maxLetters = 120
const sentencePauseMs = 300
const clausePauseMs = 120
/** The pause after a clause that was split only for its length. */
const divisionPauseMs = 20

/**
 * Splits a text after sentences, after commas with enough words before them, and wherever a clause would get too long.
 */
export const of = (text: string): ReadonlyArray<Clause> => {
  const clauses: Array<Clause> = []
  let words: Array<string> = []
  let letters = 0
  const close = (pauseMs: number) => {
    clauses.push({ words, pauseMs })
    words = []
    letters = 0
  }
  for (const word of text.match(/\S+/g) ?? []) {
    if (words.length === maxWords || (words.length > 0 && letters + word.length > maxLetters)) close(divisionPauseMs)
    words.push(word)
    letters += word.length
    // Accept an early first comma, because nothing is heard until the first clause is done.
    if (endsSentence(word)) close(sentencePauseMs)
    else if (/[,;:\u2013\u2014]["')\]\u2019\u201d]*$/.test(word) && words.length >= (clauses.length === 0 ? 2 : 4)) {
      close(clausePauseMs)
    }
  }
  if (words.length > 0) close(sentencePauseMs)
  return clauses
}

const abbreviation = /^["'([]*(?:(?:mrs?|ms|dr|prof|st|no|vs|etc|inc|ltd|jr|sr|approx)|\p{L}|(?:\p{L}\.)+\p{L})\.$/iu

const endsSentence = (word: string): boolean =>
  /[.!?\u2026]["')\]\u2019\u201d]*$/.test(word) && !abbreviation.test(word)
