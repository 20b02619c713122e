/**
 * The text an agent has said, as a list of pieces, and the walk of a spoken report over it.
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
  readonly turn: number
  /** Offset of the piece in all that its turn has said. */
  readonly start: number
  /** Counts what else was sent in the turn, so that words before and after it can be told apart. */
  readonly part: number
  /** Offsets of the solid characters in `text`. Made when a report first reaches the piece. */
  solid: ReadonlyArray<number> | undefined
}

/** A place in the text: `offset` in the text of piece `piece`, just behind what was matched, and the next solid one. */
export interface Place {
  readonly piece: number
  readonly offset: number
  readonly next: number
}

// White space, and the emoji ranges of reference/line-runtime.md, section 4.3.
const strippable =
  /[\s\u{1F600}-\u{1F64F}\u{1F300}-\u{1F5FF}\u{1F680}-\u{1F6FF}\u{1F1E0}-\u{1F1FF}\u{1F900}-\u{1F9FF}\u{1FA00}-\u{1FAFF}\u{2600}-\u{26FF}\u{2700}-\u{27BF}\u{1F000}-\u{1F02F}\u{1F0A0}-\u{1F0FF}\u{200D}]|[\u{FE00}-\u{FE0F}]/u
const wordCharacter = /[\p{L}\p{M}\p{N}]/u
const whiteSpace = /\s/u
// There a word may begin anywhere.
const unspaced = new RegExp(`[${Script.unspaced}]`, "u")

const isPlainAscii = (code: number) => code > 32 && code < 127
const isAsciiWord = (code: number) => (code > 96 && code < 123) || (code > 64 && code < 91) || (code > 47 && code < 58)

const isStrippable = (text: string, offset: number): boolean =>
  !isPlainAscii(text.charCodeAt(offset)) && strippable.test(Script.characterAt(text, offset))

const isWord = (text: string, offset: number): boolean => {
  const code = text.charCodeAt(offset)
  return code < 128 ? isAsciiWord(code) : wordCharacter.test(Script.characterAt(text, offset))
}

const endsInWord = (text: string, end: number): boolean => isWord(text, Script.characterBefore(text, end))

const isFullStop = (text: string, offset: number): boolean => {
  const character = text[offset]
  return character === "." || character === "।" || character === "。"
}

const solidOffsets = (text: string): Array<number> => {
  const offsets: Array<number> = []
  for (let i = 0; i < text.length; i += Script.widthAt(text, i)) if (!isStrippable(text, i)) offsets.push(i)
  return offsets
}

const solidOf = (piece: Piece): ReadonlyArray<number> => (piece.solid ??= solidOffsets(piece.text))

const sameCharacter = (a: string, i: number, b: string, j: number): boolean =>
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

/** Pieces without words that an emoji is looked for in. */
const emojiReach = 64

/** Where an emoji stands between a place and the next solid character. */
const findEmoji = (pieces: ReadonlyArray<Piece>, from: Place, emoji: string): Omit<Run, "end"> | undefined => {
  let { next, offset } = from
  const last = Math.min(pieces.length, from.piece + emojiReach)
  for (let piece = from.piece; piece < last; piece++, next = 0, offset = 0) {
    const { text } = pieces[piece]!
    const end = solidOf(pieces[piece]!)[next]
    const found = text.slice(offset, end).indexOf(emoji)
    if (found >= 0) return { piece, index: next, start: offset + found }
    if (end !== undefined) return undefined
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

/**
 * What may still be spent on looking for the place of a report, in characters compared. A search costs more than its
 * report is long, so it has a bound; what it has not found by then counts as words that fit nowhere.
 */
export interface Fuel {
  left: number
}

/** Unspoken marks that one report may run over in a row. */
const marksAtMost = 256

/** How far a report could be followed from a place. */
export interface Walk {
  /** Offset in the report of the first character that does not fit, or its length. */
  readonly read: number
  /** Place behind the last character that was matched. */
  readonly place: Place
  /** How many characters were matched. */
  readonly matched: number
  /** Whether all marks are the same too. */
  readonly exact: boolean
  /** Runs of text that were matched, with what stands between their characters. */
  readonly runs: ReadonlyArray<Run>
}

/** An unbroken stretch of one piece that a report has covered. */
export interface Run {
  readonly piece: number
  readonly index: number
  readonly start: number
  readonly end: number
}

/**
 * Follows a report from `read` over the text from `from` until a character does not fit.
 *
 * A full stop in the report that the text lacks was invented by the speech engine, punctuation in the text that the
 * report lacks was not pronounced, and punctuation that differs (a straight quote for a curly one) is the same.
 */
export const walk = (pieces: ReadonlyArray<Piece>, from: Place, report: string, read: number, fuel?: Fuel): Walk => {
  const runs: Array<Run> = []
  let marks = 0
  let place = from
  let matched = 0
  let exact = true
  let i = read
  let run: { piece: number; index: number; start: number; end: number } | undefined
  const close = () => {
    if (run !== undefined) runs.push(run)
    run = undefined
  }
  const extend = (piece: number, index: number, start: number, end: number) => {
    if (run !== undefined && run.piece === piece) run.end = end
    else {
      close()
      run = { piece, index, start, end }
    }
  }
  let at: Place | undefined = settlePlace(pieces, from)
  let followed = read
  while (i < report.length) {
    if (fuel !== undefined && --fuel.left < 0) break
    if (isStrippable(report, i)) {
      const emoji = Script.characterAt(report, i)
      i += Script.widthAt(report, i)
      // An emoji that was reported counts where it stands next; white space never does.
      if (whiteSpace.test(emoji)) continue
      const found = findEmoji(pieces, place, emoji)
      if (found === undefined) continue
      extend(found.piece, found.index, found.start, found.start + emoji.length)
      place = { piece: found.piece, offset: found.start + emoji.length, next: found.index }
      continue
    }
    if (at === undefined) break
    const { text } = pieces[at.piece]!
    const j = solidOf(pieces[at.piece]!)[at.next]!
    const same = sameCharacter(report, i, text, j)
    exact &&= same
    if (same || (!isWord(report, i) && !isWord(text, j) && !isFullStop(report, i))) {
      extend(at.piece, at.next, j, j + Script.widthAt(text, j))
      place = { piece: at.piece, offset: j + Script.widthAt(text, j), next: at.next + 1 }
      marks = 0
      matched++
      i += Script.widthAt(report, i)
      followed = i
      at = settlePlace(pieces, place)
    } else if (isFullStop(report, i)) i++
    else if (!isWord(text, j) && ++marks < marksAtMost) {
      close()
      at = settlePlace(pieces, { piece: at.piece, offset: j + Script.widthAt(text, j), next: at.next + 1 })
    } else if (!isWord(report, i)) i += Script.widthAt(report, i)
    else break
  }
  close()
  // What is left may begin with full stops that the speech engine invented; alone they are no remainder.
  let rest = followed
  while (rest < report.length && (isFullStop(report, rest) || isStrippable(report, rest)))
    rest += Script.widthAt(report, rest)
  return { read: rest === report.length || at === undefined ? rest : followed, place, matched, exact, runs }
}

/** Where a report goes on, and over how many characters that were not spoken. */
export interface Jump {
  readonly walk: Walk
  readonly distance: number
}

/**
 * Looks for the nearest place, at most `furthest` solid characters ahead, where a report goes on: one that all of it fits
 * (`whole`, or `loose` where a short report ends in the middle of a word, as "an" does in "a nice day"), or else one that
 * at least `enough` characters of it fit.
 */
export const seek = (
  pieces: ReadonlyArray<Piece>,
  from: Place,
  report: string,
  read: number,
  {
    enough,
    fuel,
    furthest,
    needle
  }: { readonly enough: number; readonly fuel: Fuel; readonly furthest: number; readonly needle: string }
): { readonly whole: Jump | undefined; readonly loose: Jump | undefined; readonly part: Jump | undefined } => {
  let loose: Jump | undefined
  let part: Jump | undefined
  let distance = 0
  let { next, piece } = from
  while (piece < pieces.length && distance <= furthest && --fuel.left > 0) {
    const { text } = pieces[piece]!
    const offset = solidOf(pieces[piece]!)[next]
    if (offset === undefined) {
      piece++
      next = 0
      continue
    }
    if (sameCharacter(needle, 0, text, offset) && mayBegin(pieces, piece, offset, needle)) {
      const found = walk(pieces, { piece, offset, next }, report, read, fuel)
      if (found.read === report.length) {
        if (mayEnd(pieces, found.place, needle)) return { whole: { walk: found, distance }, loose, part }
        loose ??= { walk: found, distance }
      } else if (part === undefined && distance > 0 && found.matched >= enough) part = { walk: found, distance }
    }
    next++
    distance++
  }
  return { whole: undefined, loose, part }
}

// A report begins with a word. Only a long run of characters is evidence by itself.
const mayBegin = (pieces: ReadonlyArray<Piece>, piece: number, offset: number, needle: string): boolean =>
  needle.length >= 8 ||
  unspaced.test(needle) ||
  !isWord(pieces[piece]!.text, offset) ||
  !wordBefore(pieces, piece, offset)

/** Whether a report may end at a place: not where a word goes on, unless the report is long. */
export const mayEnd = (pieces: ReadonlyArray<Piece>, { offset, piece }: Place, report: string): boolean => {
  if (report.length >= 8 || unspaced.test(report)) return true
  const { text, turn } = pieces[piece]!
  if (!endsInWord(text, offset)) return true
  if (offset < text.length) return !isWord(text, offset)
  const after = pieces[piece + 1]
  return after === undefined || after.turn !== turn || !isWord(after.text, 0)
}

/** Whether a word is under way at a place. A piece may end in the middle of a word, a turn does not. */
const wordBefore = (pieces: ReadonlyArray<Piece>, piece: number, offset: number): boolean => {
  const { text, turn } = pieces[piece]!
  if (offset > 0) return endsInWord(text, offset)
  const before = pieces[piece - 1]
  return before !== undefined && before.turn === turn && endsInWord(before.text, before.text.length)
}

/** The first solid characters of a report from `read` on, at most so many. */
export const solidText = (report: string, read: number, atMost: number): string => {
  let text = ""
  let count = 0
  for (let i = read; i < report.length && count < atMost; i += Script.widthAt(report, i)) {
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
  let next = solid.length
  while (next > 0 && solid[next - 1]! + Script.widthAt(piece.text, solid[next - 1]!) > offset) next--
  return { end: next === 0 ? 0 : solid[next - 1]! + Script.widthAt(piece.text, solid[next - 1]!), next }
}
