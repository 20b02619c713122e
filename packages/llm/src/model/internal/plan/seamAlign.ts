/**
 * Finds how much of a broken-off sentence a text repeats, if it begins the sentence again in nearly the same words.
 *
 * Words are compared by sound: "I'm" is "I am", "8" is "eight". A word may be left out, added or replaced here and
 * there, but the last spoken word must be present, because the new text continues after it.
 */
import type { Word } from "./seamWords.ts"

/** A sound, and the word that it belongs to. */
interface Sound {
  readonly text: string
  readonly word: number
}

const contractions: ReadonlyArray<readonly [RegExp, string]> = [
  [/^(can)'t$/, "$1 not"],
  [/^won't$/, "will not"],
  [/^(.+)n't$/, "$1 not"],
  [/^(.+)'m$/, "$1 am"],
  [/^(.+)'re$/, "$1 are"],
  [/^(.+)'ve$/, "$1 have"],
  [/^(.+)'ll$/, "$1 will"],
  [/^(.+)'d$/, "$1 would"],
  [/^(it|that|he|she|there|here|what|who|where|how)'s$/, "$1 is"],
  [/^let's$/, "let us"],
  [/^cannot$/, "can not"],
  [/^&$/, "and"]
]

const numbers = "zero one two three four five six seven eight nine ten eleven twelve".split(" ")

/** The sounds of words. */
export const sounds = (words: ReadonlyArray<Word>): ReadonlyArray<Sound> =>
  words.flatMap(({ core }, word) => {
    const spelled = /^\d{1,2}$/.test(core) ? (numbers[Number(core)] ?? core) : core
    const contraction = contractions.find(([pattern]) => pattern.test(spelled))
    const long = contraction === undefined ? spelled : spelled.replace(contraction[0], contraction[1])
    return long.split(" ").map((text) => ({ text, word }))
  })

/** The result of an alignment: the number of repeated words, no match, or undecided until more text arrives. */
export type Aligned = { readonly words: number } | "other" | "undecided"

/** Share of the sounds that may differ. */
const tolerance = 0.34
/** Longest sentence to compare, in sounds. Bounds the work. */
const longest = 80

/** Aligns the beginning of a text with the spoken part of a sentence. */
export const align = (said: ReadonlyArray<Word>, next: ReadonlyArray<Word>, ended: boolean): Aligned => {
  const past = sounds(said).slice(-longest)
  const all = sounds(next).slice(0, past.length * 2 + 4)
  if (past.length < 3 || all.length === 0) return "other"
  const budget = Math.max(1, Math.floor(past.length * tolerance))
  // Distance of the spoken part to each prefix of the text, and of the text so far to the nearest prefix of the spoken
  // part.
  let row = all.map((_, at) => at + 1)
  row.unshift(0)
  let nearest = row.at(-1)!
  for (const [at, { text }] of past.entries()) {
    const above = row
    row = [at + 1]
    for (let n = 1; n <= all.length; n++) {
      const other = all[n - 1]!.text
      row.push(Math.min(above[n - 1]! + (text === other ? 0 : 1), above[n]! + 1, row[n - 1]! + 1))
    }
    nearest = Math.min(nearest, row.at(-1)!)
  }
  const last = past.at(-1)!.text
  let best: { readonly at: number; readonly cost: number } | undefined
  for (let n = 1; n <= all.length; n++) {
    const cost = row[n]!
    if (all[n - 1]!.text === last && cost <= budget && (best === undefined || cost < best.cost)) best = { at: n, cost }
  }
  // So far, the text is closer to a part of the sentence: the rest of it may follow.
  if (best !== undefined && !ended && nearest < best.cost) return "undecided"
  if (best !== undefined && isAnchored(past, all)) return { words: all[best.at - 1]!.word + 1 }
  // Decided: enough text has arrived, or it is too far from anything spoken.
  if (ended || all.length >= past.length + 3 || nearest > budget || !isAnchored(past, all)) return "other"
  return "undecided"
}

/** A repeated sentence has the same beginning, with at most one word more or less. */
const isAnchored = (past: ReadonlyArray<Sound>, all: ReadonlyArray<Sound>): boolean => {
  const [first, second] = past
  return (
    all[0]!.text === first!.text ||
    all[0]!.text === second!.text ||
    (all[1] !== undefined && (all[1].text === first!.text || all[1].text === second!.text))
  )
}
