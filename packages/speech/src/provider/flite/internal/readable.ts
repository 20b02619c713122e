/** Reduces words to the ASCII that flite can read. It would pronounce the bytes of any other character as nonsense. */

const longest = 200

const replaced: Readonly<Record<string, string>> = {
  "\u2018": "'",
  "\u2019": "'",
  "\u201c": '"',
  "\u201d": '"',
  "\u2013": "-",
  "\u2014": "-",
  "\u2026": "...",
  "\u00df": "ss",
  "\u00e6": "ae",
  "\u00c6": "Ae",
  "\u00f8": "o",
  "\u00d8": "O",
  "\u0153": "oe"
}

/**
 * Returns a word in ASCII, without accents and at most 200 characters long, or an empty string if nothing is left to
 * read.
 */
export const readable = (word: string): string => {
  const ascii = Array.from(word.normalize("NFKD"), (letter) => replaced[letter] ?? letter)
    .join("")
    .replace(/[^\x21-\x7e]/g, "")
    .slice(0, longest)
  return /[a-z0-9$%&@#+=]/i.test(ascii) ? ascii : ""
}
