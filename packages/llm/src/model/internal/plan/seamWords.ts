/**
 * Decides where a reply may be cut, and reads the words on both sides of a cut.
 *
 * Text leaves only in whole words, so a reply that breaks off ends with a word that was complete. That decides two hard
 * questions: whether a space belongs at the seam (the reply itself showed what came after its last word), and whether the
 * next text repeats something (only whole words are compared).
 */
import * as Script from "@antiphon/core/Script"
import * as Unspaced from "../../../internal/unspaced.ts"

const isSpace = /^\s/
const endsInSpace = /\s$/
/** A cut may fall after each character of a script without spaces. */
const words = new RegExp(`[${Unspaced.unspaced}]|[^\\s${Unspaced.unspaced}]+`, "gu")

/** Length at which a run without a space is no word any more, and is not held back. */
const longestWord = 64
const endsInRun = new RegExp(`\\S{${longestWord + 1}}$`)

/**
 * Splits text into a part that can be sent, and a part that must wait: the last word with the white space before it. A word is
 * complete once something follows that does not belong to it.
 */
export const split = (text: string): readonly [ready: string, held: string] => {
  let end = text.length
  while (end > 0 && !isSpace.test(text[end - 1]!) && !Unspaced.begins.test(text[end - 1]!)) end--
  if (text.length - end > longestWord) {
    const whole = Script.wholeEnd(text)
    return [text.slice(0, whole), text.slice(whole)]
  }
  // Of more white space than that, only the end is held: what is held is looked at again with each piece that comes.
  const least = end - longestWord
  while (end > 0 && end > least && isSpace.test(text[end - 1]!)) end--
  return [text.slice(0, end), text.slice(end)]
}

/** The white space that belongs after `spoken`, judged by the text that was held back when the reply broke off. */
export const gap = (spoken: string, held: string): string => {
  if (held !== "") return /^\s*/.exec(held)![0]
  return spoken === "" || endsInSpace.test(spoken) || Unspaced.ends.test(spoken) || endsInRun.test(spoken) ? "" : " "
}

/** A word, and where it stands in its text. */
export interface Word {
  /** The word as it is compared: without case, and without the punctuation around it. */
  readonly core: string
  /** Where the word begins, with the punctuation before it. */
  readonly start: number
  /** Where the word ends, without and with the punctuation after it. */
  readonly coreEnd: number
  readonly end: number
  readonly spaced: boolean
}

/** The words of a text. */
export const read = (text: string): ReadonlyArray<Word> =>
  Array.from(text.matchAll(words), (match) => {
    const raw = match[0]
    const [, before, bare = ""] = /^(\p{P}*)(.*\P{P})?/su.exec(raw)!
    const start = before!.length
    const end = match.index + raw.length
    return {
      core: bare === "" ? raw : bare.toLowerCase().replace(/[‘’]/g, "'").normalize(),
      start: match.index,
      coreEnd: bare === "" ? end : match.index + start + bare.length,
      end,
      spaced: !Unspaced.begins.test(raw)
    }
  })
