/**
 * Scripts that put no spaces between words, and where a text may be cut.
 *
 * @since 0.1.0
 */
import * as Characters from "./internal/characters.ts"

/**
 * The characters of scripts that put no space between words, for use in a class of a regular expression with the flag `u`:
 * the ideographs and syllables after which a line may be broken anywhere, and the scripts whose lines are broken by a
 * dictionary (classes ID and SA of Unicode Standard Annex #14). Korean is not among them.
 */
export const unspaced: string =
  String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\u30fc\uff70` +
  String.raw`\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}` +
  String.raw`\p{Script=Tai_Le}\p{Script=New_Tai_Lue}\p{Script=Tai_Tham}\p{Script=Tai_Viet}`

const oneUnspaced = new RegExp(`[${unspaced}]`, "u")

/** Whether part of a text is written without spaces between words. */
export const hasUnspaced = (text: string): boolean => oneUnspaced.test(text)

/**
 * Returns the last offset up to `end` (by default the end of the text) that does not split a character. A first half at
 * the end of the text counts as split: its second half may still come.
 */
export const wholeEnd = (text: string, end: number = text.length): number =>
  end > 0 && Characters.isFirstHalf(text.charCodeAt(end - 1)) ? end - 1 : end
