/**
 * Cuts text that arrives in pieces into clauses for a voice: a short first one, so that the voice starts soon, and then
 * whole sentences, so that it sounds natural.
 *
 * Works for any language: sentences end with the punctuation of any script; abbreviations, initials, decimals and
 * addresses do not end one. Long text without punctuation is cut at a space, and never within a grapheme.
 *
 * @since 0.1.0
 */

/** How long clauses are, in characters. */
export interface Options {
  /** The first clause may end at a comma once it has this many characters. 12 by default. */
  readonly firstLeast?: number | undefined
  /** The first clause is cut at a space if it is longer than this. 80 by default. */
  readonly firstMost?: number | undefined
  /** Sentences shorter than this are spoken with the next one. 20 by default. */
  readonly least?: number | undefined
  /** Sentences longer than this are cut, at a comma if there is one. 240 by default. */
  readonly most?: number | undefined
}

/** A clause and its position in the text. Clauses follow one another without gaps. */
export interface Clause {
  readonly text: string
  readonly from: number
  readonly to: number
}

/** The state of a text that is being cut. Plain data. */
export interface Clauses {
  readonly held: string
  readonly at: number
  readonly isFirst: boolean
  readonly limits: Required<{ readonly [Name in keyof Options]: number }>
}

/** Starts a text. */
export const make = (options: Options = {}): Clauses => ({
  held: "",
  at: 0,
  isFirst: true,
  limits: {
    firstLeast: options.firstLeast ?? 12,
    firstMost: options.firstMost ?? 80,
    least: options.least ?? 20,
    most: options.most ?? 240
  }
})

/** Adds text. Returns the clauses that are complete. */
export const push = (self: Clauses, text: string): readonly [Clauses, ReadonlyArray<Clause>] => {
  const clauses: Array<Clause> = []
  let { held, at, isFirst } = self
  held += text
  for (let length = next(held, isFirst, self.limits); length > 0; length = next(held, isFirst, self.limits)) {
    clauses.push({ text: held.slice(0, length), from: at, to: at + length })
    held = held.slice(length)
    at += length
    isFirst = false
  }
  return [{ ...self, held, at, isFirst }, clauses]
}

/** Returns the held text, complete or not, because the text has ended or the voice must not wait any longer. */
export const flush = (self: Clauses): readonly [Clauses, ReadonlyArray<Clause>] => {
  const { held, at } = self
  if (held === "") return [self, []]
  const to = at + held.length
  return [{ ...self, held: "", at: to, isFirst: false }, [{ text: held, from: at, to }]]
}

/** Cuts a whole text. */
export const split = (text: string, options?: Options): ReadonlyArray<string> => {
  const [self, clauses] = push(make(options), text)
  return [...clauses, ...flush(self)[1]].map((clause) => clause.text)
}

// Punctuation that ends a sentence, its closing quotes, and the following space, which belongs to the clause before.
const wide = /[。！？｡؟۔।॥។]+["'”’»）」』]*\s*/
const narrow = /(?<![.!?…])[.!?…]+["'”’»)\]]*\s+/
const breaks = /\n+\s*/
const sentenceEnd = new RegExp(`${wide.source}|${narrow.source}|${breaks.source}`, "gu")
const commaEnd = /[,;:](?=\s)["'”’»)]?\s+|\s[–—-]\s+|[，、；：،]["'”’»）]?\s*/gu

/** Abbreviations that a capital letter may follow, in several languages. A single letter always is one. */
const abbreviations: ReadonlySet<string> = new Set(
  (
    "mr mrs ms dr prof rev gen sen rep gov capt col sgt st ave blvd rd jr sr vs etc eg ie cf al approx dept est fig inc ltd co corp no nos vol pp ed " +
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun " +
    "bzw usw ggf evtl inkl exkl ca str tel hr fr hrn frau nr abs bd mio mrd max min zzgl " +
    "sra srta dra ud uds pág núm av avda " +
    "mme mlle mm me art env chap"
  ).split(" ")
)

/** The length of the first clause of a text; 0 if it is not complete. */
const next = (held: string, isFirst: boolean, limits: Clauses["limits"]): number => {
  const least = isFirst ? 1 : limits.least
  const most = isFirst ? limits.firstMost : limits.most
  const end = endOf(held, sentenceEnd, least, true)
  const isSoon = end > 0 && width(held.slice(0, end)) <= most
  if (isFirst) {
    const comma = endOf(held, commaEnd, limits.firstLeast, false)
    if (comma > 0 && (end === 0 || comma < end)) return comma
  }
  if (isSoon) return end
  return width(held) > most ? cut(held, most) : 0
}

const endOf = (held: string, pattern: RegExp, least: number, isSentence: boolean): number => {
  for (const found of held.matchAll(pattern)) {
    const end = found.index + found[0].length
    // More closing quotes, or more spaces, may follow.
    if (end === held.length && !/\S\s+$/.test(held.slice(0, end)) && !/[。！？｡，、]/.test(found[0])) return 0
    if (width(held.slice(0, end).trim()) < least) continue
    if (isSentence && isAbbreviation(held, found)) continue
    return end
  }
  return 0
}

/** Whether a full stop belongs to the word before it. */
const isAbbreviation = (held: string, found: RegExpExecArray): boolean => {
  if (!found[0].startsWith(".") || found[0].startsWith("..") || found[0].includes("\n")) return false
  const word = /(?<![\p{L}\p{N}.])[\p{L}\p{N}.]*$/u.exec(held.slice(0, found.index))![0]
  const after = held.slice(found.index + found[0].length)
  // A sentence goes on if the next word is in lower case, or is a number after "No.".
  if (/^\p{Ll}/u.test(after)) return true
  const bare = word.toLowerCase().replaceAll(".", "")
  if (/^(?:\p{L}\.)+\p{L}$/u.test(word)) return !/^[ap]\.m$/i.test(word)
  if (/^\p{Lu}$/u.test(word)) return word !== "I"
  // A number in front of a word, as in "3. Mai": a list or a day.
  if (/^\d{1,2}$/.test(word))
    return /(?:^|\s)$/.test(held.slice(0, found.index - word.length)) && isCounted(held, found)
  return abbreviations.has(bare)
}

/** Whether a short number starts a line or follows a small word, like days and list items: "am 3. Mai". */
const isCounted = (held: string, found: RegExpExecArray): boolean => {
  const before = held.slice(0, found.index).replace(/\d{1,2}$/, "")
  const words = before.trimEnd()
  if (words === "" || before.slice(words.length).includes("\n")) return true
  return /\s(?:am|vom|zum|der|dem|den|die|das|im|bis|und)$/.test(words)
}

/** An estimate of how long a text takes to speak: a character of a script without spaces counts as two. */
const width = (text: string): number =>
  text.length + (text.match(/[\u2E80-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF]/g)?.length ?? 0)

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" })

/** Where to cut an endless text: after the last comma that fits, or else the last space, or else a grapheme. */
const cut = (held: string, most: number): number => {
  let fits = 0
  let wideSoFar = 0
  for (const { segment, index } of graphemes.segment(held)) {
    wideSoFar += width(segment)
    if (wideSoFar > most) break
    fits = index + segment.length
  }
  const part = held.slice(0, fits)
  let comma = 0
  for (const found of part.matchAll(commaEnd)) comma = found.index + found[0].length
  if (comma > fits / 3) return comma
  const space = part.search(/\s\S*$/)
  return space > 0 ? space + 1 : fits
}
