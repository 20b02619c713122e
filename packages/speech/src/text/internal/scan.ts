/**
 * Turns streamed text into pieces of speech.
 *
 * Holds text that cannot be decided yet: the last word, an unclosed bracket, a number that a unit may follow. A single
 * word or number waits for the next word. Nothing waits longer than a line.
 */
import * as Script from "@antiphon/core/Script"
import * as Address from "./address.ts"
import * as Block from "./block.ts"
import type { Language } from "./language/language.ts"
import type { Found } from "./match.ts"
import * as Piece from "./piece.ts"
import * as Quantity from "./quantity.ts"

/** How a text is read. */
export interface Settings {
  readonly language: Language | undefined
  readonly signs: Address.Signs & Pick<Language, "and" | "equals" | "percent" | "signs" | "times">
  readonly numbers: boolean
  readonly say: ReadonlyMap<string, string>
  readonly code: string
}

/** A text that is being read. Plain data. */
export interface Scan {
  /** The held text, and its position in the original. */
  readonly held: string
  readonly at: number
  readonly place: "LineStart" | "Line"
  /** The fence that ends the code being skipped. */
  readonly fence: string | undefined
  readonly isItem: boolean
  /** A row of a table that waits for the next line, or the names of the columns once a line of dashes has followed. */
  readonly table: { readonly cells: ReadonlyArray<string>; readonly isHead: boolean } | undefined
  /** The last character spoken, and the last of the original. */
  readonly spoken: string
  readonly before: string
}

export const empty: Scan = {
  held: "",
  at: 0,
  place: "LineStart",
  fence: undefined,
  isItem: false,
  table: undefined,
  spoken: "",
  before: ""
}

/** Holds at most this many characters, so that an unclosed construct is eventually spoken as it stands. */
const mostHeld = 400

type Draft = { -readonly [Field in keyof Scan]: Scan[Field] } & { readonly pieces: Array<Piece.Piece> }

/** Reads as far as can be decided; `isLast`: nothing follows. */
export const read = (
  scan: Scan,
  text: string,
  settings: Settings,
  isLast: boolean
): readonly [Scan, ReadonlyArray<Piece.Piece>] => {
  const draft: Draft = { ...scan, held: scan.held + text, pieces: [] }
  while (draft.held !== "") {
    const ends = isLast || draft.held.length > mostHeld
    if (!(draft.fence !== undefined ? code(draft, ends) : step(draft, settings, ends))) break
  }
  if (isLast) endLine(draft)
  const { pieces, ...next } = draft
  return [next, pieces]
}

/** Speaks `text` for the next characters of the original. */
const speak = (draft: Draft, length: number, text: string): void => {
  const original = draft.held.slice(0, length)
  // Avoids two spaces around omitted text.
  const isDouble = /^\s/.test(text) && (draft.spoken === "" || /\s/.test(draft.spoken))
  const said = isDouble ? text.replace(/^\s+/, "") : text
  Piece.append(draft.pieces, { text: said, from: draft.at, to: draft.at + length, exact: said === original })
  if (said !== "") draft.spoken = said[said.length - 1]!
  if (original !== "") draft.before = original[original.length - 1]!
  draft.held = draft.held.slice(length)
  draft.at += length
}

const skip = (draft: Draft, length: number): void => speak(draft, length, "")

/** What is said for a part of a construct, such as the text of a link. */
const within = (text: string, settings: Settings): string =>
  read({ ...empty, place: "Line" }, text, settings, true)[1]
    .map((piece) => piece.text)
    .join("")
    .trim()

/** Characters without a sound: controls, marks of direction, joiners, the tags of flags. */
const silent = /^(?:(?![\t\n\v\f\r\u200C])[\p{Cc}\p{Cf}\uFE0E\uFE0F])+/u

/** What is spoken as it comes: no word need be waited for. Korean syllables, wide letters, and signs between them too. */
const unspaced = new RegExp(`^[${Script.unspaced}\\p{Script=Hangul}\\u3005-\\u30FF\\uFF10-\\uFF9F]+`, "u")

/** Reads the next token. Returns false if it must wait. */
const step = (draft: Draft, settings: Settings, isLast: boolean): boolean => {
  if (draft.place === "LineStart") return lineStart(draft, settings, isLast)
  const { held } = draft
  const unheard = silent.exec(held)
  if (unheard !== null) {
    const { before } = draft
    skip(draft, unheard[0].length)
    draft.before = before
    return true
  }
  if (/^\s/.test(held)) return space(draft, isLast)
  const isInWord = /[\p{L}\p{N}]/u.test(draft.before)
  const run = unspaced.exec(held)?.[0]
  if (run !== undefined) {
    // The last character may still receive a combining mark.
    const length = run.length === held.length && !isLast ? lastGrapheme(run) : run.length
    if (length === 0) return false
    speak(draft, length, held.slice(0, length))
    return true
  }
  const hasWord = isLast || /\s/.test(held)
  const found =
    inline(held, draft, settings, isLast, hasWord) ??
    (isInWord ? undefined : wordRules(held, draft, settings, isLast, hasWord))
  if (found === "Wait") return false
  if (found !== undefined) {
    speak(draft, found.length, found.text)
    return true
  }
  const word =
    /^\p{L}+\d+(?:\.\d+)+|^[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*|^[^\p{L}\p{N}]\p{M}*/u.exec(held)?.[0] ?? held[0]!
  if (!hasWord && word.length === held.length) return false
  const said = isInWord ? undefined : settings.say.get(word.toLowerCase())
  speak(draft, word.length, said ?? word)
  return true
}

const lastGrapheme = (text: string): number => {
  let last = 0
  for (const { index } of graphemes.segment(text)) last = index
  return last
}
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" })

const wordRules = (held: string, draft: Draft, settings: Settings, isLast: boolean, hasWord: boolean): Found => {
  if (!hasWord) return "Wait"
  const name = emojiName.exec(held)
  if (name !== null) return none(name[0].length)
  const address = Address.match(held, settings.signs)
  if (address !== undefined) return address
  const { language } = settings
  // "...5" is no decimal.
  if (/^\.\d/.test(held) && draft.before === ".") return undefined
  return language === undefined || !settings.numbers ? undefined : Quantity.match(held, language, isLast)
}

/** The name of an emoji, as chats write it. */
const emojiName = /^:[a-z][a-z_]*:(?![\w:])/

const none = (length: number): Found => ({ length, text: "" })

const entities: { readonly [name: string]: string } = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  copy: "©",
  reg: "®",
  trade: "™",
  hellip: "…",
  mdash: "—",
  ndash: "–",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  euro: "€",
  pound: "£",
  deg: "°",
  times: "×"
}

/** Emoji, markers of Markdown, tags, signs. */
const inline = (held: string, draft: Draft, settings: Settings, isLast: boolean, hasWord: boolean): Found => {
  const emoji = /^(?:\p{RGI_Emoji}|\p{Extended_Pictographic}|\p{Regional_Indicator})(?:\uFE0F|\u200D|\u20E3)*/v.exec(
    held
  )
  if (emoji !== null && !/^[\d#*©®™]$/.test(emoji[0])) {
    return emoji[0].length === held.length && !isLast ? "Wait" : none(emoji[0].length)
  }
  const next = held[1]
  const isEnd = next === undefined && !isLast
  switch (held[0]) {
    case "!":
      return next === "[" ? bracket(held, 1, settings, isLast) : isEnd ? "Wait" : undefined
    case "[":
      return bracket(held, 0, settings, isLast)
    case "]":
      return linkEnd(held, isLast)
    case "*":
    case "~":
      if (!isLast && /^(?:[*~]+|\*[^\S\n]+)$/.test(held)) return "Wait"
      if (held[0] === "~" && next !== "~") return undefined
      if (/\s/.test(draft.before) && /^\*[^\S\n]+[\p{L}\p{N}(]/u.test(held)) {
        return { length: 1, text: settings.signs.times }
      }
      if (held[0] === "*" && /\d/.test(draft.before) && /\d/.test(next ?? "")) {
        return { length: 1, text: ` ${settings.signs.times} ` }
      }
      return none(/^[*~]+/.exec(held)![0].length)
    case "`":
      return none(/^`+/.exec(held)![0].length)
    case "_":
      if (!isLast && /^_+$/.test(held)) return "Wait"
      return /\w/.test(draft.before) && /\w/.test(next ?? "")
        ? { length: 1, text: " " }
        : none(/^_+/.exec(held)![0].length)
    case "\\":
      if (isEnd) return "Wait"
      if (/[*_~`]/.test(next ?? "")) return { length: 2, text: next! }
      return /[!-/:-@[-`{-~]/.test(next ?? "") ? none(1) : undefined
    case "<":
      return tag(held, isLast) ?? compared(held, draft, settings, isEnd)
    case ">":
      return compared(held, draft, settings, isEnd) ?? none(1)
    case "&":
      return ampersand(held, draft, settings, hasWord)
    case "|":
      return isEnd ? "Wait" : /[\s,]/.test(next ?? "") && /\s/.test(draft.before) ? { length: 1, text: "," } : none(1)
    case "-": {
      const arrow = /^-{1,2}>/.exec(held)
      return arrow === null ? undefined : none(arrow[0].length)
    }
    case "→":
    case "←":
    case "⇒":
    case "•":
      return none(1)
    case "=": {
      if (!isLast && /^=+$/.test(held)) return "Wait"
      const run = /^=+>?/.exec(held)![0]
      // "==marked==" touches a word on one side only.
      const isMark =
        run.length > 1 && /^[\s\p{P}]?$/u.test(draft.before) !== /^[\s\p{P}]?$/u.test(held[run.length] ?? "")
      return run.endsWith(">") || isMark ? none(run.length) : { length: run.length, text: ` ${settings.signs.equals} ` }
    }
    case "^":
      if (isEnd) return "Wait"
      return /[\p{L}\p{N})]/u.test(draft.before) && /[\p{L}\p{N}(-]/u.test(next ?? "")
        ? { length: 1, text: ` ${settings.signs.signs["^"]} ` }
        : undefined
    case "×":
    case "÷":
    case "±":
    case "≈":
    case "≠":
    case "≤":
    case "≥":
      return { length: 1, text: ` ${settings.signs.signs[held[0]]} ` }
    case "+":
      if (/\d/.test(draft.before) && /\d/.test(next ?? "")) return { length: 1, text: ` ${settings.signs.plus} ` }
      return /\s/.test(draft.before) && /^\+\s/.test(held)
        ? { length: 1, text: settings.signs.plus }
        : isEnd
          ? "Wait"
          : undefined
    case "%":
      return { length: 1, text: ` ${settings.signs.percent}` }
    default:
      // Never splits a surrogate pair.
      return isEnd && /^[\uD800-\uDBFF]/.test(held) ? "Wait" : undefined
  }
}

/** Links and pictures are spoken by their text; citations are skipped. */
const bracket = (held: string, start: number, settings: Settings, isLast: boolean): Found => {
  const found = /^!?\[([^\][\n]*)\](\([^)\s]*(?:\s+"[^"\n]*")?\)|\[[^\]\n]{0,60}\])?/.exec(held)
  if (found === null) {
    const isOpen = !/\n/.test(held) && held.length < 200 && !/^!?\[[^\]\n]*\[/.test(held)
    return isOpen && !isLast ? "Wait" : none(start + 1)
  }
  const rest = held.slice(found[0].length)
  if (found[2] === undefined && !isLast && /^(?:$|\([^)\n]{0,200}$|\[[^\]\n]{0,60}$)/.test(rest)) return "Wait"
  const isCitation = /^\^?\d{1,3}$/.test(found[1]!) && !found[2]?.startsWith("(")
  return isCitation ? none(found[0].length) : { length: found[0].length, text: within(found[1]!, settings) }
}

/** The target of a link whose text holds other brackets. */
const linkEnd = (held: string, isLast: boolean): Found => {
  const found = /^\]\([^)\n]*\)/.exec(held)
  if (found !== null) return none(found[0].length)
  return !isLast && /^\](?:\([^)\n]{0,200})?$/.test(held) ? "Wait" : undefined
}

/** "<" and ">" between spaces, or before a number. */
const compared = (held: string, draft: Draft, settings: Settings, isEnd: boolean): Found => {
  if (isEnd) return "Wait"
  const isSpaced = /\s/.test(draft.before) && /^.\s/.test(held)
  const sign = settings.signs.signs[held[0]!]!
  return isSpaced || (/^.\d/.test(held) && !/[-=<>]/.test(draft.before)) ? { length: 1, text: ` ${sign} ` } : undefined
}

const tag = (held: string, isLast: boolean): Found => {
  if (/^<(?:https?:|mailto:|[^\s<>@]+@)/.test(held)) return none(1)
  const found = /^<\/?[a-zA-Z][^<>\n]{0,200}>|^<!--.*?-->/.exec(held)
  if (found !== null) return { length: found[0].length, text: /^<(?:br|p|li)\b/i.test(found[0]) ? " " : "" }
  return !isLast && /^<(?:$|[!/a-zA-Z][^<>\n]{0,100}$)/.test(held) ? "Wait" : undefined
}

const ampersand = (held: string, draft: Draft, settings: Settings, hasWord: boolean): Found => {
  const found = /^&(#\d{1,6}|#[xX][0-9a-fA-F]{1,5}|[a-zA-Z]{2,8});/.exec(held)
  if (found !== null) {
    const entity = character(found[1]!)
    const isInName = /\p{L}/u.test(draft.before) && /^\p{L}/u.test(held.slice(found[0].length))
    if (entity === "&" && !isInName) return { length: found[0].length, text: settings.signs.and }
    if (entity !== undefined) return { length: found[0].length, text: entity }
  }
  if (!hasWord) return "Wait"
  return /\s/.test(draft.before) && /^&\s/.test(held) ? { length: 1, text: settings.signs.and } : undefined
}

const character = (entity: string): string | undefined => {
  if (!entity.startsWith("#")) return entities[entity]
  const code = /^#[xX]/.test(entity) ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1))
  const isSpoken = code >= 0x20 && code <= 0xffff && !(code >= 0xd800 && code <= 0xdfff)
  return isSpoken ? String.fromCodePoint(code) : ""
}

// An unspoken character, such as an emoji, leaves no space before a following full stop.
const unspokenBeforeMark = /^[^\S\n]+(?:(?:\p{RGI_Emoji}|\[\^?\d{1,3}\])[^\S\n]*)+(?=[.,!?;:\)])/v
const unspokenOpen =
  /^[^\S\n]+(?:(?:\p{RGI_Emoji}|\p{Extended_Pictographic}|\p{Emoji_Component}|[\uD800-\uDBFF]|\[\^?\d{0,3}\]?)[^\S\n]*)+$/v

/** White space. The end of a line outside running text becomes a pause. */
const space = (draft: Draft, isLast: boolean): boolean => {
  const run = /^\s+/.exec(draft.held)![0]
  if (!isLast && unspokenOpen.test(draft.held)) return false
  if (unspokenBeforeMark.test(draft.held)) {
    skip(draft, run.length)
    return true
  }
  if (draft.isItem) {
    // Signs that close a heading.
    const closing = /^[^\S\n]+#+[^\S\n]*(?=\n|$)/.exec(draft.held)
    if (!isLast && /^[^\S\n]+(?:#+[^\S\n]*)?$/.test(draft.held)) return false
    if (closing !== null) {
      skip(draft, closing[0].length)
      return true
    }
  }
  const lineEnd = run.indexOf("\n")
  if (lineEnd === -1 && /^\|(?:\s|$)/.test(draft.held.slice(run.length))) {
    if (!isLast && draft.held.length === run.length + 1) return false
    // A bar between spaces is said like a comma.
    const { before } = draft
    skip(draft, run.length)
    draft.before = before === "" ? "" : " "
    return true
  }
  if (lineEnd === -1) {
    if (run.length === draft.held.length && !isLast) return false
    speak(draft, run.length, " ")
    return true
  }
  const rest = draft.held.slice(lineEnd + 1)
  const isParagraph = /^[^\S\n]*\n/.test(rest)
  // The next line tells whether this one was the end of a sentence.
  const next = draft.isItem || isParagraph ? undefined : Block.read(rest, isLast)
  if (next?._tag === "Wait" || (next !== undefined && !isLast && /^\s*$/.test(rest))) return false
  if (next === undefined || (next._tag !== "Text" && next._tag !== "Separator")) endSentence(draft)
  draft.isItem = false
  speak(draft, lineEnd + 1, " ")
  draft.place = "LineStart"
  return true
}

const endSentence = (draft: Draft): void => {
  if (draft.spoken === "" || /[\s.!?:;,…。！？：；、，]/.test(draft.spoken)) return
  draft.pieces.push({ text: ".", from: draft.at, to: draft.at, exact: false })
  draft.spoken = "."
}

const endLine = (draft: Draft): void => {
  if (draft.isItem) endSentence(draft)
  endTable(draft)
}

/** Without a line of dashes after it, a row is spoken as it is. */
const endTable = (draft: Draft): void => {
  if (draft.table !== undefined && !draft.table.isHead) sayRow(draft, 0, draft.table.cells)
  draft.table = undefined
}

/** The beginning of a line. */
const lineStart = (draft: Draft, settings: Settings, isLast: boolean): boolean => {
  const blank = /^[^\S\n]*\n+|^[^\S\n]+$/.exec(draft.held)
  if (blank !== null) {
    if (!blank[0].includes("\n") && !isLast) return false
    speak(draft, blank[0].length, " ")
    return true
  }
  const block = Block.read(draft.held, isLast)
  if (block._tag === "Wait") return false
  if (block._tag !== "Row" && block._tag !== "Separator") endTable(draft)
  switch (block._tag) {
    case "Fence":
      endSentence(draft)
      speak(draft, block.skip, settings.code === "" ? "" : ` ${settings.code} `)
      draft.fence = block.mark
      return true
    case "Skip":
      skip(draft, block.skip)
      return true
    case "Separator":
      skip(draft, block.skip)
      if (draft.table !== undefined) draft.table = { ...draft.table, isHead: true }
      return true
    case "Row":
      return tableRow(
        draft,
        block.skip,
        block.cells.map((cell) => within(cell, settings))
      )
    case "Item":
      draft.isItem = true
      draft.place = "Line"
      speak(draft, block.skip, block.number === undefined ? " " : ` ${numbered(block.number, settings)}, `)
      return true
    case "Text":
      draft.place = "Line"
      if (block.skip > 0) skip(draft, block.skip)
      return true
  }
}

const numbered = (number: number, { language, numbers }: Settings): string =>
  language === undefined || !numbers ? String(number) : language.number(number)

/** The first row waits for the next line: if that is a line of dashes, the row names the columns. */
const tableRow = (draft: Draft, length: number, cells: ReadonlyArray<string>): boolean => {
  const { table } = draft
  if (table?.isHead === true) {
    const named = cells.map((cell, column) =>
      cell === "" || !table.cells[column] ? cell : `${table.cells[column]}: ${cell}`
    )
    sayRow(draft, length, named)
    return true
  }
  if (table !== undefined) sayRow(draft, 0, table.cells)
  draft.table = { cells, isHead: false }
  skip(draft, length)
  return true
}

const sayRow = (draft: Draft, length: number, cells: ReadonlyArray<string>): void => {
  const said = cells.filter((cell) => cell !== "").join(", ")
  speak(draft, length, said === "" ? "" : `${/\s|^$/.test(draft.spoken) ? "" : " "}${said}. `)
}

/** Code is not spoken. */
const code = (draft: Draft, isLast: boolean): boolean => {
  const end = draft.held.indexOf("\n")
  if (end === -1 && !isLast) return false
  const line = end === -1 ? draft.held : draft.held.slice(0, end)
  if (line.trim().startsWith(draft.fence!)) draft.fence = undefined
  skip(draft, end === -1 ? draft.held.length : end + 1)
  return true
}
