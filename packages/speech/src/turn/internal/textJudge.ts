/** Judges whether words look like the end of a turn, by punctuation, the last words, and the digits expected. */
import * as Words from "../../floor/internal/words.ts"
import type { Language } from "./languages.ts"

/** Probabilities that the turn is over. Chosen by hand: their order matters more than their values. */
const likelihoods = {
  nothing: 0.1,
  waits: 0.02,
  missingDigits: 0.03,
  leads: 0.04,
  open: 0.06,
  trailing: 0.1,
  numberGoesOn: 0.3,
  unknown: 0.5,
  weak: 0.75,
  closed: 0.85,
  allDigits: 0.92,
  sentence: 0.92,
  question: 0.97
} as const

/** Judges words. `asked`: the agent's last words. */
export const judge = (text: string, asked: string, languages: ReadonlyArray<Language>): number => {
  const words = Words.list(text)
  if (words.length === 0) return likelihoods.nothing
  const ends = (phrases: (language: Language) => ReadonlyArray<string>) =>
    languages.some((language) => endsWith(words, phrases(language), language.unspaced === true))
  if (ends((language) => language.wait)) return likelihoods.waits

  const said = digits(words, languages)
  const expected = endsWithDigits(words, languages) ? expectedDigits(asked, languages) : undefined
  if (expected !== undefined) return said < expected ? likelihoods.missingDigits : likelihoods.allDigits

  if (ends((language) => language.lead)) return likelihoods.leads
  const last = text.trimEnd().at(-1)!
  const isQuestion = /[?？؟]/.test(last)
  const isClosed = ends((language) => language.closed)
  const isTrailing = text.trimEnd().endsWith("...")
  const isSentence = /[.!。！｡]["'”’)]?$/.test(text.trimEnd()) && !isTrailing
  if (!isQuestion && !isClosed && ends((language) => language.open)) {
    return isSentence && ends((language) => language.weak) ? likelihoods.weak : likelihoods.open
  }
  if (isQuestion) return likelihoods.question
  if (/[,،、:;–—-]|…$/.test(last) || isTrailing) return likelihoods.trailing
  // While a caller dictates digits, the recogniser cannot tell whether more follow.
  if (said >= 3 && isDigit(words.at(-1)!, languages)) return likelihoods.numberGoesOn
  if (isSentence) return likelihoods.sentence
  return isClosed ? likelihoods.closed : likelihoods.unknown
}

const endsWith = (words: ReadonlyArray<string>, phrases: ReadonlyArray<string>, isUnspaced: boolean): boolean => {
  const tail = words.slice(-6).join(" ")
  return phrases.some((phrase) => (isUnspaced ? tail.endsWith(phrase) : tail === phrase || tail.endsWith(` ${phrase}`)))
}

const isDigit = (word: string, languages: ReadonlyArray<Language>): boolean =>
  /^\d+$/.test(word) || languages.some((language) => language.digits.includes(word))

/** Whether the caller is dictating: "one" alone may be an ordinary word. */
const endsWithDigits = (words: ReadonlyArray<string>, languages: ReadonlyArray<Language>): boolean => {
  const last = words.at(-1)!
  if (!isDigit(last, languages)) return false
  return /^\d/.test(last) || words.length === 1 || isDigit(words.at(-2)!, languages)
}

/** Counts the digits in a text: each written digit counts, and a spoken number counts as one. */
const digits = (words: ReadonlyArray<string>, languages: ReadonlyArray<Language>): number =>
  words.reduce((sum, word) => {
    const written = word.replace(/\D/g, "").length
    return sum + (written > 0 ? written : isDigit(word, languages) ? 1 : 0)
  }, 0)

const expectedDigits = (asked: string, languages: ReadonlyArray<Language>): number | undefined => {
  const question = Words.key(asked)
  for (const language of languages) {
    const found = language.asks.find(([words]) =>
      language.unspaced === true ? question.includes(words) : ` ${question} `.includes(` ${words} `)
    )
    if (found !== undefined) return found[1]
  }
  return undefined
}
