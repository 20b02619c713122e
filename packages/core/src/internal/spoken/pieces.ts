/**
 * The text an agent has sent, as a list of pieces.
 *
 * Reports lack white space and emoji, and speech engines drop punctuation and add full stops. So only *solid*
 * characters count as evidence: those that are neither white space nor emoji. The characters between them are restored
 * from the text sent.
 */
import * as Characters from "../characters.ts"
import * as Script from "../../Script.ts"

/** One piece of text, as sent. */
export interface Piece {
  readonly text: string
  readonly interruptible: boolean
  /** Whether the harness has certainly taken the piece. While it is being handed over, it may still be interrupted. */
  taken: boolean
  readonly turn: number
  /** Offset of the piece in its turn's whole text. */
  readonly start: number
  /** Counts the turn's other outputs, to separate words before and after them. */
  readonly part: number
  /** Offsets of the solid characters in `text`. Made when a report first reaches the piece. */
  solid: ArrayLike<number> | undefined
}

/** Whether a piece is spoken even if its turn was cancelled. */
export const isLasting = (piece: Piece): boolean => !piece.interruptible && piece.taken

/**
 * A position in the text: `offset` in the text of piece `piece`, just after the matched text, and the next solid
 * character.
 */
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
  point > 0x3000
    ? point === 0xfeff
    : point === 0xa0 ||
      point === 0x1680 ||
      (point >= 0x2000 && point <= 0x200a) ||
      point === 0x2028 ||
      point === 0x2029 ||
      point === 0x202f ||
      point === 0x205f ||
      point === 0x3000
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
// Scripts without spaces, in which a word may begin anywhere.
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
  return code < 128 ? isAsciiWord(code) : wordCharacter.test(Characters.characterAt(text, offset))
}

export const endsInWord = (text: string, end: number): boolean => isWord(text, Characters.characterBefore(text, end))

export const isFullStop = (text: string, offset: number): boolean => {
  const character = text[offset]
  return character === "." || character === "।" || character === "。"
}

const solidOffsets = (text: string): ArrayLike<number> => oneWord(text) ?? offsetsIn(text)

/** The lists of texts that are one word, by its beginning and its length, because most pieces of a reply are such texts. */
const ofOneWord: ReadonlyArray<ReadonlyArray<ReadonlyArray<number>>> = [0, 1].map((begin) =>
  Array.from({ length: 24 }, (_, length) => Array.from({ length }, (_, i) => begin + i))
)

/** The offsets in an ASCII word, which may have a space before and behind it. */
const oneWord = (text: string): ArrayLike<number> | undefined => {
  const begin = text.charCodeAt(0) === 32 ? 1 : 0
  const end = text.charCodeAt(text.length - 1) === 32 ? text.length - 1 : text.length
  for (let i = begin; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code < 33 || code > 127) return undefined
  }
  return ofOneWord[begin]![end - begin]
}

const offsetsIn = (text: string): ArrayLike<number> => {
  // Allocates the list of a long text at once, because growing it would copy it repeatedly.
  const offsets: Array<number> | Uint32Array = text.length < longText ? [] : new Uint32Array(text.length)
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 128) {
      if (code !== 32 && (code < 9 || code > 13)) offsets[count++] = i
      continue
    }
    if (!isStrippable(text, i)) offsets[count++] = i
    if (Characters.widthAt(text, i) === 2) i++
  }
  return Array.isArray(offsets) ? offsets : offsets.subarray(0, count)
}

/** Texts of at least this length (in UTF-16 units) keep the offsets of their solid characters in an integer array. */
const longText = 4096

export const solidOf = (piece: Piece): ArrayLike<number> => (piece.solid ??= solidOffsets(piece.text))

export const sameCharacter = (a: string, i: number, b: string, j: number): boolean =>
  a.charCodeAt(i) === b.charCodeAt(j) && (Characters.widthAt(a, i) === 1 || a.charCodeAt(i + 1) === b.charCodeAt(j + 1))

/** The first position at or after `place` with a solid character, or undefined at the end of the text. */
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

/** The position of the next solid character, as the beginning of a run. Undefined at the end of the text. */
export const nextSolid = (pieces: ReadonlyArray<Piece>, from: Place): Omit<Run, "end"> | undefined => {
  const at = settlePlace(pieces, from)
  return at && { piece: at.piece, index: at.next, start: solidOf(pieces[at.piece]!)[at.next]! }
}

/** How far to search for an emoji, in UTF-16 units: it is next to the words before it. */
const emojiReach = 64

/** The position of an emoji before the next solid character. */
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

/** The strippable characters directly before a run, but not before `from`. */
export const gapBefore = (pieces: ReadonlyArray<Piece>, from: Place, run: Omit<Run, "end">): string => {
  let gap = ""
  for (let p = run.piece, k = run.index; ; p--, k = p >= 0 ? solidOf(pieces[p]!).length : 0) {
    const text = pieces[p]!.text
    const solid = solidOf(pieces[p]!)
    const end = p === run.piece ? run.start : text.length
    const before = k > 0 ? solid[k - 1]! + Characters.widthAt(text, solid[k - 1]!) : 0
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

/** Whether a position is inside a word. A piece may end in the middle of a word, a turn never does. */
export const wordBefore = (pieces: ReadonlyArray<Piece>, piece: number, offset: number): boolean => {
  const { text, turn } = pieces[piece]!
  if (offset > 0) return endsInWord(text, offset)
  const before = pieces[piece - 1]
  return before !== undefined && before.turn === turn && endsInWord(before.text, before.text.length)
}

/** How far to search a report for solid characters after emoji and white space, in UTF-16 units. */
const solidReach = 1024

/** The first solid characters of a report from `read` on, up to a number. */
export const solidText = (report: string, read: number, atMost: number): string => {
  let text = ""
  let count = 0
  const end = Math.min(report.length, read + 2 * atMost + solidReach)
  for (let i = read; i < end && count < atMost; i += Characters.widthAt(report, i)) {
    if (isStrippable(report, i)) continue
    text += Characters.characterAt(report, i)
    count++
  }
  return text
}

/** Whether two texts touch without a space, in a script that uses spaces. */
export const adjoin = (before: string, after: string): boolean => {
  if (before === "" || after === "") return false
  const [last, first] = [
    Characters.characterAt(before, Characters.characterBefore(before, before.length)),
    Characters.characterAt(after, 0)
  ]
  return !whiteSpace.test(last) && !whiteSpace.test(first) && !unspaced.test(last) && !unspaced.test(first)
}

/** Whether two texts would form one word when joined. */
export const runTogether = (before: string, after: string): boolean =>
  adjoin(before, after) && endsInWord(before, before.length) && isWord(after, 0)

/** The last solid character of a piece that ends at or before an offset: its end, and the number of the next one. */
export const solidBefore = (piece: Piece, offset: number): { readonly end: number; readonly next: number } => {
  const solid = solidOf(piece)
  const endOf = (index: number) => solid[index]! + Characters.widthAt(piece.text, solid[index]!)
  let [next, above] = [0, solid.length]
  while (next < above) {
    const middle = (next + above) >> 1
    if (endOf(middle) <= offset) next = middle + 1
    else above = middle
  }
  return { end: next === 0 ? 0 : endOf(next - 1), next }
}
