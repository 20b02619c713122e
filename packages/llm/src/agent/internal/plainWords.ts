/**
 * Removes markup from a model's words for a caller who cannot see it, because models write Markdown whatever they are
 * told.
 *
 * Words and line ends stay, since a voice reads line ends as pauses. Removed are marks of emphasis, code, headings,
 * lists and quotations, and the addresses of links. Anything ambiguous stays: the star of `*67` and of "press *", the
 * sign in `5 * 3`, underscores within a word. Only an incomplete mark waits for more text.
 */

/** Maximum length of a link's text, and of its address, to wait for. */
const longestLink = 300

/** Markup within text. More kinds are possible at the beginning of a line. */
const inline = /[*_`~[\]\\!]/
const atLine = /^[ \t]*(?:[#>*+•\-_`~=]|$)/

/** Reads the text of one reply. */
export class PlainWords {
  #held = ""
  /** The last character read, if the line is not empty: what precedes a mark decides what the mark means. */
  #before = ""
  #isLineStart = true

  /** Reads a piece of text, and returns what can be said of it. */
  push(delta: string): string {
    if (this.#held === "" && !this.#isLineStart && !inline.test(delta) && !delta.includes("\n")) {
      if (delta !== "") this.#before = delta.at(-1)!
      return delta
    }
    this.#held += delta
    return this.#read(false)
  }

  /** Ends the text: pending characters are taken literally. */
  flush(): string {
    const rest = this.#held === "" ? "" : this.#read(true)
    this.#isLineStart = true
    this.#before = ""
    return rest
  }

  #read(isLast: boolean): string {
    const text = this.#held
    let said = ""
    let at = 0
    while (at < text.length) {
      const step = this.#isLineStart ? line(text, at, isLast) : this.#inline(text, at, isLast)
      if (step === undefined) break
      const [length, words] = step
      if (length > 0) {
        this.#before = text[at + length - 1]!
        this.#isLineStart = this.#before === "\n"
      } else this.#isLineStart = false
      said += words
      at += length
    }
    this.#held = text.slice(at)
    return said
  }

  /** Continues within a line. Returns how much was read, and what of it to say; undefined if more text is needed. */
  #inline(text: string, at: number, isLast: boolean): Step | undefined {
    const char = text[at]!
    switch (char) {
      case "*":
      case "_":
      case "~":
        return emphasis(text, at, this.#before, isLast)
      case "`":
        return run(text, at, isLast)
      case "\\": {
        const next = text[at + 1]
        if (next === undefined && !isLast) return undefined
        return next !== undefined && /[*_`#[\]~\\]/.test(next) ? [2, next] : [1, char]
      }
      case "!":
        // After a word it ends a sentence, and needs no more text.
        if (this.#before !== "" && !/\s/.test(this.#before)) return [1, char]
        if (text[at + 1] === undefined && !isLast) return undefined
        return text[at + 1] === "[" ? (link(text, at + 1, isLast, 1) ?? undefined) : [1, char]
      case "[":
        return link(text, at, isLast, 0)
      default: {
        // Up to the next mark, or the end of the line.
        let end = at + 1
        while (end < text.length && !inline.test(text[end]!) && text[end - 1] !== "\n") end++
        return [end - at, text.slice(at, end)]
      }
    }
  }
}

type Step = readonly [length: number, words: string]

/** A code fence whose line has not ended. */
const openFence = /^[ \t]*(?:`{3,}|~{3,})[\w+-]*[ \t]*$/

/** The markup at the beginning of a line. */
const line = (text: string, at: number, isLast: boolean): Step | undefined => {
  const end = text.indexOf("\n", at)
  // No mark at the start of a line is longer than this.
  const rest = text.slice(at, Math.min(end < 0 ? text.length : end + 1, at + 24))
  if (!atLine.test(rest)) return [0, ""]
  const isWhole = isLast || end >= 0 || rest.length === 24
  const rule = /^[ \t]*(?:[-*_=][ \t]*){3,}\n?$/.exec(rest)
  if (rule !== null && (end >= 0 || isLast)) return [rest.length, rest.endsWith("\n") ? "\n" : ""]
  const fence = /^[ \t]*(?:`{3,}|~{3,})[\w+-]*[ \t]*\n/.exec(rest)
  if (fence !== null) return [fence[0].length, ""]
  const mark = /^[ \t]*(?:(?:#{1,6}|>|[-+*•])[ \t]+)+(?=[^\s#>\-+*•]|[*_`[~])/.exec(rest)
  if (mark !== null) return [mark[0].length, ""]
  // The text so far may still become one of these.
  if (!isWhole && (/^[ \t]*(?:[#>\-+*•_=`~][ \t]*)*$/.test(rest) || openFence.test(rest))) return undefined
  return [0, ""]
}

/** Maximum number of consecutive marks to wait for. */
const longestRun = 16

/** Consecutive marks of one kind. */
const run = (text: string, at: number, isLast: boolean): Step | undefined => {
  let end = at
  while (text[end] === text[at] && end - at < longestRun) end++
  return end === text.length && end - at < longestRun && !isLast ? undefined : [end - at, ""]
}

const isLetter = (char: string): boolean => /\p{L}/u.test(char)
const isWord = (char: string): boolean => /[\p{L}\p{N}]/u.test(char)

const emphasis = (text: string, at: number, before: string, isLast: boolean): Step | undefined => {
  const char = text[at]!
  const marks = run(text, at, isLast)
  if (marks === undefined) return undefined
  const [length] = marks
  const behind = text[at + length] ?? ""
  const isApart = (before === "" || /\s/.test(before)) && (behind === "" || /\s/.test(behind))
  if (char === "~" ? length < 2 : isApart) return [length, text.slice(at, at + length)]
  if (char === "_" && isWord(before) && isWord(behind)) return [length, text.slice(at, at + length)]
  if (length > 1) return marks
  // A single one is a mark beside a letter or punctuation, and a telephone key beside a digit.
  const opens = !isWord(before) && (isLetter(behind) || /["'“([*_`]/.test(behind))
  const closes = !isWord(behind) && (isLetter(before) || /["'”).,!?:;…*_`]/.test(before))
  return opens || closes ? marks : [length, char]
}

/** A link, whose text is said. `skipped` characters before it belong to it. */
const link = (text: string, at: number, isLast: boolean, skipped: number): Step | undefined => {
  const known = text.slice(at, at + 2 * longestLink)
  const found = /^\[([^[\]\n]*)\]\(([^()\s]*(?:\([^()\s]*\))?[^()\s]*)(?:[ \t]+"[^"\n]*")?\)/.exec(known)
  if (found !== null) return [found[0].length + skipped, found[1]!]
  const isOpen = /^\[[^[\]\n]*(?:\](?:\((?:[^\s]*(?:[ \t]+(?:"[^"\n]*"?)?)?)?)?)?$/.test(known)
  const mayBecomeOne = !isLast && known.length < 2 * longestLink && isOpen
  return mayBecomeOne ? undefined : [1, text[at - skipped]!]
}
