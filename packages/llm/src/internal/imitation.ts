/**
 * Finds what looks like a mark of ours in a text of somebody else: in other case, with spaces or invisible characters in it, in wide
 * characters, in letters of another script that look the same, or without its end. A model reads all of these as the mark.
 */

const wide = (letter: string): string => String.fromCodePoint(letter.codePointAt(0)! + 0xfee0)

/** Cyrillic, Greek, Armenian and phonetic letters that look like a letter of the Latin alphabet. */
const alike: { readonly [letter: string]: string } = {
  a: "\u0430\u0410\u03b1\u0391\u0251",
  c: "\u0441\u0421\u03f2",
  d: "\u0501",
  e: "\u0435\u0415\u0395",
  g: "\u0261",
  h: "\u04bb\u041d\u0397",
  i: "\u0456\u0406\u03b9\u0399\u0131",
  k: "\u043a\u041a\u03ba\u039a",
  l: "\u04cf\u04c0",
  m: "\u043c\u041c\u039c",
  n: "\u0578\u039d",
  o: "\u043e\u041e\u03bf\u039f\u0585",
  p: "\u0440\u0420\u03c1\u03a1",
  s: "\u0455\u0405",
  t: "\u0442\u0422\u03c4\u03a4",
  u: "\u03c5\u057d",
  v: "\u03bd\u0475",
  y: "\u0443\u0423\u03a5"
}

/** One letter of a name, in all its forms. The flag `i` is left out, because it knows nothing of most of them. */
const letter = (one: string): string => {
  const forms = [one.toLowerCase(), one.toUpperCase()]
  return `[${[...forms, ...forms.map(wide)].join("")}${alike[one.toLowerCase()] ?? ""}]`
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
