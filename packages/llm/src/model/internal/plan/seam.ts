/**
 * Where a reply may be cut, and how the text of another model is joined to it there.
 *
 * Text leaves only in whole words, so a reply that breaks off ends with a word that was complete. That decides the two
 * hard questions: whether a space belongs at the seam (the reply itself showed what came after its last word), and
 * whether the next text repeats something (only whole words are compared).
 */
import * as Script from "@antiphon/core/Script"

/** Scripts written without spaces, with their punctuation. A cut may fall after each of their characters. */
const unspaced = `${Script.unspaced}\\u3000-\\u303f\\uff00-\\uffef`
const isUnspaced = new RegExp(`^[${unspaced}]`, "u")
const endsUnspaced = new RegExp(`[${unspaced}]$`, "u")
const isSpace = /^\s/
const endsInSpace = /\s$/
const words = new RegExp(`[${unspaced}]|[^\\s${unspaced}]+`, "gu")

/** Length at which a run without a space is no word any more, and is not held back. */
const longestWord = 64
const endsInRun = new RegExp(`\\S{${longestWord + 1}}$`)

/**
 * Splits text where it may be cut: first what may leave, then what must wait, which is the word at its end with the white
 * space before it. A word is known to be whole when something follows that is no part of it.
 */
export const split = (text: string): readonly [ready: string, held: string] => {
  let end = text.length
  while (end > 0 && !isSpace.test(text[end - 1]!) && !isUnspaced.test(text[end - 1]!)) end--
  if (text.length - end > longestWord) {
    const whole = Script.wholeEnd(text)
    return [text.slice(0, whole), text.slice(whole)]
  }
  while (end > 0 && isSpace.test(text[end - 1]!)) end--
  return [text.slice(0, end), text.slice(end)]
}

/** The white space that belongs after `spoken`, judged by the text that was held back when the reply broke off. */
export const gap = (spoken: string, held: string): string => {
  if (held !== "") return /^\s*/.exec(held)![0]
  return spoken === "" || endsInSpace.test(spoken) || endsUnspaced.test(spoken) || endsInRun.test(spoken) ? "" : " "
}

interface Word {
  /** The word as it is compared: without case, and without the punctuation around it. */
  readonly core: string
  /** Where the word ends, without and with the punctuation after it. */
  readonly coreEnd: number
  readonly end: number
  readonly spaced: boolean
}

const read = (text: string): ReadonlyArray<Word> =>
  Array.from(text.matchAll(words), (match) => {
    const raw = match[0]
    const start = /^\p{P}*/u.exec(raw)![0].length
    const bare = raw.slice(start).replace(/\p{P}+$/u, "")
    const end = match.index + raw.length
    return {
      core: bare === "" ? raw : bare.toLowerCase().replace(/[‘’]/g, "'"),
      coreEnd: bare === "" ? end : match.index + start + bare.length,
      end,
      spaced: !isUnspaced.test(raw)
    }
  })

const isPause = (word: Word) => /^(?:\.{2,}|…|[-–—]+)$/.test(word.core)

/** Whether words that stand on both sides of the seam are a repetition, and not what the reply wanted to say twice. */
const isRepetition = (overlap: ReadonlyArray<Word>, whole: boolean, exact: boolean): boolean => {
  // A character of an unspaced script is a third of a word.
  const weight = overlap.reduce((sum, word) => sum + (word.spaced ? 3 : 1), 0)
  const distinct = new Set(overlap.map((word) => word.core)).size
  // A model that writes the space at the seam continues to the letter: only a long overlap speaks against it.
  if (exact) return weight >= 9 && distinct > 1
  if (whole) return true
  // Digits and spelled letters are doubled as often as they are repeated, and losing one is worse than hearing it twice.
  return weight >= 3 && overlap.some((word) => (word.spaced ? /\p{L}{2}/u.test(word.core) : distinct > 1))
}

/**
 * Makes the function that joins the text of a continuing model to what was spoken. Called with all of that text so far,
 * in whole words, it gives what is to be spoken of it, or `undefined` while more must be seen: as long as the text only
 * repeats what was spoken. `ended` says that no more will come.
 *
 * Dropped is the longest beginning that repeats the end of what was spoken, be it the last words or all of it. Words
 * match without regard to case and punctuation.
 */
export const join = (spoken: string, gap: string): ((text: string, ended: boolean) => string | undefined) => {
  const past = read(spoken)
  return (text, ended) => {
    const all = read(text)
    const next = all[0] !== undefined && isPause(all[0]) ? all.slice(1) : all
    if (next.length === 0) return ended ? "" : undefined
    const exact = isSpace.test(text)
    let overlap: number | undefined
    for (let start = 0; start < past.length; start++) {
      const length = Math.min(past.length - start, next.length)
      let same = 0
      while (same < length && past[start + same]!.core === next[same]!.core) same++
      if (same < length) continue
      if (past.length - start <= next.length) {
        overlap ??= length
        continue
      }
      if (!ended) return undefined
      // All that came lies inside of what was spoken.
      if (next.length > 1 && isRepetition(next, false, exact)) return ""
    }
    if (overlap !== undefined && isRepetition(next.slice(0, overlap), overlap === past.length, exact)) {
      return afterOverlap(text, next[overlap - 1]!, past.at(-1)!)
    }
    return spaced(spoken, gap, text)
  }
}

const afterOverlap = (text: string, repeated: Word, last: Word): string =>
  // Punctuation after the word is new where the spoken word had none.
  text.slice(last.coreEnd === last.end ? repeated.coreEnd : repeated.end)

const spaced = (spoken: string, gap: string, text: string): string => {
  if (spoken.trim() === "" || endsInSpace.test(spoken)) return text.trimStart()
  if (isSpace.test(text)) return text
  // Models like to mark that they continue.
  const rest = gap === "" ? text : text.replace(/^(?:\.{2,}|…)\s*/, "")
  return /^(?:[,.;:!?%)\]}]|['’](?:s|t|re|ve|ll|d|m)\b)/iu.test(rest) ? rest : gap + rest
}
