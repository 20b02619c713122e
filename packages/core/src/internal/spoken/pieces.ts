/**
 * The text an agent has said, as a list of pieces, and what a report of it can count on.
 *
 * Reports come without white space and without emoji, and a speech engine drops punctuation and adds full stops. So only
 * *solid* characters count as evidence: those that are neither white space nor emoji. What lies between two solid
 * characters comes back from the text that was said.
 */
import * as Script from "../../Script.ts"

/** One piece of text, as it was said. */
export interface Piece {
  readonly text: string
  readonly interruptible: boolean
  /** Whether the harness has taken the piece for sure. While it is being handed the piece, it may still be cut off. */
  taken: boolean
  readonly turn: number
  /** Offset of the piece in all that its turn has said. */
  readonly start: number
  /** Counts what else was sent in the turn, so that words before and after it can be told apart. */
  readonly part: number
  /** Offsets of the solid characters in `text`. Made when a report first reaches the piece. */
  solid: ArrayLike<number> | undefined
}

/** A place in the text: `offset` in the text of piece `piece`, just behind what was matched, and the next solid one. */
export interface Place {
  readonly piece: number
  readonly offset: number
  readonly next: number
}

/** An unbroken stretch of one piece that a report has covered. */
export interface Run {
  readonly piece: number
  readonly index: number
  readonly start: number
  readonly end: number
}

const wordCharacter = /[\p{L}\p{M}\p{N}]/u
const whiteSpace = /\s/u
/** White space beyond ASCII: the same as `\s`. */
const isWideSpace = (point: number): boolean =>
  point === 0xa0 ||
  point === 0x1680 ||
  (point >= 0x2000 && point <= 0x200a) ||
  point === 0x2028 ||
  point === 0x2029 ||
  point === 0x202f ||
  point === 0x205f ||
  point === 0x3000 ||
  point === 0xfeff
/** The emoji ranges of Line. */
const isEmoji = (point: number): boolean =>
  (point >= 0x2600 && point <= 0x27bf) ||
  point === 0x200d ||
  (point >= 0xfe00 && point <= 0xfe0f) ||
  (point >= 0x1f000 && point <= 0x1f02f) ||
  (point >= 0x1f0a0 && point <= 0x1f0ff) ||
  (point >= 0x1f1e0 && point <= 0x1f1ff) ||
  (point >= 0x1f300 && point <= 0x1f64f) ||
  (point >= 0x1f680 && point <= 0x1f6ff) ||
  (point >= 0x1f900 && point <= 0x1f9ff) ||
  (point >= 0x1fa00 && point <= 0x1faff)
// There a word may begin anywhere.
export const unspaced = new RegExp(`[${Script.unspaced}]`, "u")

const isAsciiWord = (code: number) => (code > 96 && code < 123) || (code > 64 && code < 91) || (code > 47 && code < 58)

export const isSpace = (text: string, offset: number): boolean => {
  const code = text.charCodeAt(offset)
  return code < 128 ? code === 32 || (code > 8 && code < 14) : isWideSpace(code)
}

/** Whether a character is left out of reports: white space, or an emoji. */
export const isStrippable = (text: string, offset: number): boolean => {
  const code = text.charCodeAt(offset)
  if (code < 128) return code === 32 || (code > 8 && code < 14)
  return isWideSpace(code) || isEmoji(text.codePointAt(offset)!)
}

export const isWord = (text: string, offset: number): boolean => {
  const code = text.charCodeAt(offset)
  return code < 128 ? isAsciiWord(code) : wordCharacter.test(Script.characterAt(text, offset))
}

export const endsInWord = (text: string, end: number): boolean => isWord(text, Script.characterBefore(text, end))

export const isFullStop = (text: string, offset: number): boolean => {
  const character = text[offset]
  return character === "." || character === "।" || character === "。"
}

const solidOffsets = (text: string): ArrayLike<number> => {
  // A long text fills a list of its own length: a list that grows would be copied over and over.
  const offsets: Array<number> | Uint32Array = text.length < longText ? [] : new Uint32Array(text.length)
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 128) {
      if (code !== 32 && (code < 9 || code > 13)) offsets[count++] = i
      continue
    }
    if (!isStrippable(text, i)) offsets[count++] = i
    if (Script.widthAt(text, i) === 2) i++
  }
  return Array.isArray(offsets) ? offsets : offsets.subarray(0, count)
}

/** Length of a text, in UTF-16 units, from which on the offsets of its solid characters are kept as plain integers. */
const longText = 4096

export const solidOf = (piece: Piece): ArrayLike<number> => (piece.solid ??= solidOffsets(piece.text))

export const sameCharacter = (a: string, i: number, b: string, j: number): boolean =>
  a.charCodeAt(i) === b.charCodeAt(j) && (Script.widthAt(a, i) === 1 || a.charCodeAt(i + 1) === b.charCodeAt(j + 1))

/** The first place at or after `place` that has a solid character, or undefined at the end of what was said. */
export const settlePlace = (pieces: ReadonlyArray<Piece>, place: Place): Place | undefined => {
  let { next, offset, piece } = place
  while (piece < pieces.length) {
    if (next < solidOf(pieces[piece]!).length) return piece === place.piece ? place : { piece, offset, next }
    piece++
    next = 0
    offset = 0
  }
  return undefined
}

/** The place of the next solid character as the beginning of a run, or undefined at the end of what was said. */
export const nextSolid = (pieces: ReadonlyArray<Piece>, from: Place): Omit<Run, "end"> | undefined => {
  const at = settlePlace(pieces, from)
  return at && { piece: at.piece, index: at.next, start: solidOf(pieces[at.piece]!)[at.next]! }
}

/** How far an emoji is looked for, in UTF-16 units: it stands next to the words before it. */
const emojiReach = 64

/** Where an emoji stands between a place and the next solid character. */
export const findEmoji = (pieces: ReadonlyArray<Piece>, from: Place, emoji: string): Omit<Run, "end"> | undefined => {
  let { next, offset } = from
  let left = emojiReach
  for (let piece = from.piece; piece < pieces.length && left > 0; piece++, next = 0, offset = 0) {
    const { text } = pieces[piece]!
    const solid = solidOf(pieces[piece]!)[next]
    const end = Math.min(solid ?? text.length, offset + left)
    const found = text.slice(offset, end).indexOf(emoji)
    if (found >= 0) return { piece, index: next, start: offset + found }
    if (solid !== undefined) return undefined
    left -= Math.max(1, end - offset)
  }
  return undefined
}

/** The strippable characters directly before a run, back to `from` at the furthest. */
export const gapBefore = (pieces: ReadonlyArray<Piece>, from: Place, run: Omit<Run, "end">): string => {
  let gap = ""
  for (let p = run.piece, k = run.index; ; p--, k = p >= 0 ? solidOf(pieces[p]!).length : 0) {
    const text = pieces[p]!.text
    const solid = solidOf(pieces[p]!)
    const end = p === run.piece ? run.start : text.length
    const before = k > 0 ? solid[k - 1]! + Script.widthAt(text, solid[k - 1]!) : 0
    const start = p === from.piece ? Math.max(before, from.offset) : before
    gap = text.slice(start, Math.max(start, end)) + gap
    if (k > 0 || p <= from.piece || p === 0) return gap
  }
}

/** Whether a run begins with the first solid character of its turn. */
export const beginsTurn = (pieces: ReadonlyArray<Piece>, { index, piece }: Omit<Run, "end">): boolean => {
  if (index > 0) return false
  const { turn } = pieces[piece]!
  let before = piece - 1
  while (pieces[before]?.turn === turn && solidOf(pieces[before]!).length === 0) before--
  return pieces[before]?.turn !== turn
}

/** Whether a word is under way at a place. A piece may end in the middle of a word, a turn does not. */
export const wordBefore = (pieces: ReadonlyArray<Piece>, piece: number, offset: number): boolean => {
  const { text, turn } = pieces[piece]!
  if (offset > 0) return endsInWord(text, offset)
  const before = pieces[piece - 1]
  return before !== undefined && before.turn === turn && endsInWord(before.text, before.text.length)
}

/** The furthest that solid characters of a report are looked for behind emoji and white space, in UTF-16 units. */
const solidReach = 1024

/** The first solid characters of a report from `read` on, at most so many. */
export const solidText = (report: string, read: number, atMost: number): string => {
  let text = ""
  let count = 0
  const end = Math.min(report.length, read + 2 * atMost + solidReach)
  for (let i = read; i < end && count < atMost; i += Script.widthAt(report, i)) {
    if (isStrippable(report, i)) continue
    text += Script.characterAt(report, i)
    count++
  }
  return text
}

/** Whether two texts touch, in a script that puts spaces between words. */
export const adjoin = (before: string, after: string): boolean => {
  if (before === "" || after === "") return false
  const [last, first] = [
    Script.characterAt(before, Script.characterBefore(before, before.length)),
    Script.characterAt(after, 0)
  ]
  return !whiteSpace.test(last) && !whiteSpace.test(first) && !unspaced.test(last) && !unspaced.test(first)
}

/** Whether two texts run into one word when put side by side. */
export const runTogether = (before: string, after: string): boolean =>
  adjoin(before, after) && endsInWord(before, before.length) && isWord(after, 0)

/** The last solid character of a piece that ends at or before an offset: its end, and the number of the next one. */
export const solidBefore = (piece: Piece, offset: number): { readonly end: number; readonly next: number } => {
  const solid = solidOf(piece)
  const endOf = (index: number) => solid[index]! + Script.widthAt(piece.text, solid[index]!)
  let [next, above] = [0, solid.length]
  while (next < above) {
    const middle = (next + above) >> 1
    if (endOf(middle) <= offset) next = middle + 1
    else above = middle
  }
  return { end: next === 0 ? 0 : endOf(next - 1), next }
}
