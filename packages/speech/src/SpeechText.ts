/**
 * Makes text speakable: removes Markdown, addresses, emoji, code and tables, or puts them into words, and spells out
 * numbers, money, dates and telephone numbers.
 *
 * Text may come in pieces of any size. A piece is spoken as soon as the next word shows how, so at most one word, one
 * number or one line of a table is held. Each piece of speech keeps its place in the original text, so that heard words
 * can be found there: {@link place}.
 *
 * Anything that implements {@link Filter} can be used instead.
 *
 * @since 0.1.0
 */
import { de } from "./text/internal/language/de.ts"
import { en } from "./text/internal/language/en.ts"
import { es } from "./text/internal/language/es.ts"
import { fr } from "./text/internal/language/fr.ts"
import type { Language } from "./text/internal/language/language.ts"
import * as Piece from "./text/internal/piece.ts"
import * as Scan from "./text/internal/scan.ts"

/** What to say for a stretch of the original. `exact`: the same characters. */
export interface Spoken extends Piece.Piece {}

/** Makes the text of one reply speakable. Make a new filter for each reply. */
export interface Filter {
  /** Adds text. Returns what can be spoken. */
  readonly push: (text: string) => ReadonlyArray<Spoken>
  /** Ends the text. Returns the rest. */
  readonly end: () => ReadonlyArray<Spoken>
}

/** Options for reading text. */
export interface Options {
  /** A tag such as `en` or `de-CH`. Numbers are left as they are in a language that is not in {@link languages}. */
  readonly language?: string | undefined
  /** Whether numbers are written out. True by default; turn it off for a voice that does it better. */
  readonly numbers?: boolean | undefined
  /** Words that are said differently, such as `{ SQL: "sequel" }`. Whole words, in any case. */
  readonly say?: { readonly [word: string]: string } | undefined
  /** Said instead of a block of code. Nothing by default. */
  readonly code?: string | undefined
}

/** The languages in which numbers are written out. */
export const languages: ReadonlyArray<string> = ["en", "de", "es", "fr"]

const known: ReadonlyMap<string, Language> = new Map([
  ["en", en],
  ["de", de],
  ["es", es],
  ["fr", fr]
])

/** The state of a text that is being read. Plain data. */
interface SpeechText {
  readonly scan: Scan.Scan
  readonly settings: Scan.Settings
}

/** Begins a text. */
const make = (options: Options = {}): SpeechText => {
  const tag = (options.language ?? "en").toLowerCase()
  const language = known.get(tag.split(/[-_]/)[0]!)
  const local = language === en && /^en[-_](?!us|ca|ph)/.test(tag) ? { ...en, dayFirst: true } : language
  return {
    scan: Scan.empty,
    settings: {
      language: local,
      signs: local ?? en,
      numbers: options.numbers ?? true,
      say: new Map(Object.entries(options.say ?? {}).map(([word, said]) => [word.toLowerCase(), said])),
      code: options.code ?? ""
    }
  }
}

/** Adds text. Returns what can be spoken. */
const push = (self: SpeechText, text: string): readonly [SpeechText, ReadonlyArray<Spoken>] => {
  const [scan, pieces] = Scan.read(self.scan, text, self.settings, false)
  return [{ ...self, scan }, pieces]
}

/** Ends the text. Returns the rest. */
const end = (self: SpeechText): ReadonlyArray<Spoken> => Scan.read(self.scan, "", self.settings, true)[1]

/** Makes a filter that reads text with these options. */
export const filter = (options?: Options): Filter => {
  let self = make(options)
  return {
    push: (text) => {
      const [next, spoken] = push(self, text)
      self = next
      return spoken
    },
    end: () => end(self)
  }
}

/** Makes a filter that changes nothing. */
export const verbatim = (): Filter => {
  let at = 0
  return {
    push: (text) => {
      const from = at
      at += text.length
      return text === "" ? [] : [{ text, from, to: at, exact: true }]
    },
    end: () => []
  }
}

/** Reads a whole text. */
export const read = (text: string, options?: Options): string => {
  const [self, first] = push(make(options), text)
  return [...first, ...end(self)]
    .map((piece) => piece.text)
    .join("")
    .trim()
}

/**
 * Finds the place in the original text of the characters from `from` to `to` of all pieces together.
 *
 * A rewritten piece counts once its last character has been said: after "five", "$5" has not been heard yet.
 */
export const place = (
  pieces: ReadonlyArray<Spoken>,
  from: number,
  to: number
): { readonly from: number; readonly to: number } => ({
  from: original(pieces, from, "Begin"),
  to: Math.max(original(pieces, from, "Begin"), original(pieces, to, "End"))
})

const original = (pieces: ReadonlyArray<Spoken>, offset: number, side: "Begin" | "End"): number => {
  let at = 0
  let place = pieces[0]?.from ?? 0
  for (const piece of pieces) {
    const end = at + piece.text.length
    const isWithin = side === "Begin" ? offset < end : offset <= end
    if (isWithin && piece.text !== "") {
      if (piece.exact) return piece.from + (offset - at)
      return side === "End" && offset >= at + piece.text.trimEnd().length ? piece.to : piece.from
    }
    if (piece.text !== "" || side === "Begin") place = piece.to
    at = end
  }
  return place
}
