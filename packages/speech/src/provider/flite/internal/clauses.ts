/**
 * A text in parts that are synthesised one at a time. The shorter they are, the sooner a voice is heard and the sooner it can
 * stop; the longer, the better it sounds.
 */

/** Words that are spoken in one breath. */
export interface Clause {
  /** As they were written, punctuation included. At least one. */
  readonly words: ReadonlyArray<string>
  /** Silence after them. */
  readonly pauseMs: number
}

const maxWords = 12
const maxLetters = 120
const sentencePauseMs = 300
const clausePauseMs = 120
/** Where a clause is divided only because it is long. */
const divisionPauseMs = 20

/** Divides a text at the ends of sentences, at commas that have enough words before them, and where it gets too long. */
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
    // The first comma may come early: until then nothing is heard.
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
