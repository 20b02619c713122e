/**
 * Finds what looks like a mark of ours in a text of somebody else: in other case, with spaces or invisible characters in it, in wide
 * characters, or without its end. A model reads all of these as the mark.
 */

const wide = (letter: string): string => String.fromCodePoint(letter.codePointAt(0)! + 0xfee0)

/** One letter of a name, in its four forms. The flag `i` is left out, because it knows nothing of wide letters. */
const letter = (one: string): string => {
  const forms = [one.toLowerCase(), one.toUpperCase()]
  return `[${[...forms, ...forms.map(wide)].join("")}]`
}

/** The opening bracket of a tag, as a class of a regular expression with the flag `u`. */
export const bracket = "[<\uff1c\ufe64]"

/** What may be between the bracket and the name. */
export const between = "(?:[\\s/\uff0f]|\\p{Cf}){0,8}"

/** A name in any spelling. It may have ASCII letters only. */
export const spelled = (name: string): string => Array.from(name, letter).join("\\p{Cf}{0,4}")

/** The beginning of a tag up to the end of its name. Groups: its bracket, what is between bracket and name, and the name. */
export const ofTag = (name: string): RegExp => new RegExp(`(${bracket})(${between})(${spelled(name)})(?![\\w-])`, "gu")

const tags = new Map<string, RegExp>()

/** A text in which nothing looks like a tag of this name. */
export const broken = (name: string, text: string): string => {
  const tag = tags.get(name) ?? ofTag(name)
  tags.set(name, tag)
  return text.replaceAll(tag, "$1$2 $3")
}
