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

/**
 * The beginning of a tag up to the end of its name, which may have ASCII letters only. Groups: its bracket, what is between bracket
 * and name, and the name.
 */
export const ofTag = (name: string): RegExp => {
  const letters = Array.from(name, letter).join("\\p{Cf}{0,4}")
  return new RegExp(`([<\uff1c\ufe64])((?:[\\s/\uff0f]|\\p{Cf}){0,8})(${letters})(?![\\w-])`, "gu")
}
