/**
 * How far into what an agent said a report of speech goes, for those who read a call after it is over.
 *
 * The call itself knows better (`Spoken` of the core), but its history keeps only the words that were heard. Words are
 * compared without case and punctuation, in any script; a word that was spoken another way (a number read out) is passed
 * over.
 *
 * @since 0.1.0
 */

/** Matches a report with a text, if the report begins in the text. */
export interface Taken {
  /** The part of the report that lies in the text. */
  readonly heard: string
  /** The rest of the text. */
  readonly rest: string
  /** The rest of the report. */
  readonly left: string
}

interface Word {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** Words that may stand between two that match. */
const reach = 8

const segmenter = new Intl.Segmenter(undefined, { granularity: "word" })

const wordsOf = (text: string): ReadonlyArray<Word> =>
  Array.from(segmenter.segment(text))
    .filter(({ isWordLike }) => isWordLike === true)
    .map(({ index, segment }) => ({ text: segment.toLowerCase(), start: index, end: index + segment.length }))

/** Lays a report along a text. Undefined if the text has fewer than half of its words. */
export const take = (said: string, report: string): Taken | undefined => {
  const saidWords = wordsOf(said)
  const reported = wordsOf(report)
  let next = 0
  let matched = 0
  let looked = 0
  for (const { text } of reported) {
    if (next === saidWords.length) break
    looked++
    const found = saidWords.findIndex((word, index) => index >= next && index < next + reach && word.text === text)
    if (found < 0) continue
    next = found + 1
    matched++
  }
  if (matched === 0 || matched * 2 < looked) return undefined
  const end = looked < reported.length ? reported[looked]!.start : report.length
  return {
    heard: report.slice(0, end),
    rest:
      next === saidWords.length ? "" : said.slice(saidWords[next - 1]!.end).replace(/^[\s\p{Po}\p{Pe}\p{Pf}]+/u, ""),
    left: report.slice(end)
  }
}
