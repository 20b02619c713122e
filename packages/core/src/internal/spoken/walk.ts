/** Follows a report over the text sent, and searches for the position where it begins. */
import * as Characters from "../characters.ts"
import {
  endsInWord,
  findEmoji,
  isFullStop,
  isSpace,
  isStrippable,
  isWord,
  sameCharacter,
  solidOf,
  unspaced,
  wordBefore,
  type Piece,
  type Place,
  type Run
} from "./pieces.ts"

/**
 * The cost of searching for a report, in characters compared. A search can cost more than the length of its report, so
 * it is bounded; text not found by then counts as unmatched.
 */
export interface Fuel {
  /** The remaining budget. */
  left: number
  /** The total cost, including the steps of unbounded walks. */
  spent: number
}

/** Number of consecutive unspoken marks that a report may skip. */
const marksAtMost = 256

/** Number of emoji per walk that may be missing nearby. Further ones are ignored. */
const missesAtMost = 1024

/** How far a report could be followed from a place. */
export interface Walk {
  /** Offset in the report of the first character that does not fit, or its length. */
  readonly read: number
  /** Position after the last matched character. */
  readonly place: Place
  /** Number of matched characters. */
  readonly matched: number
  /** Whether punctuation matches, too. */
  readonly exact: boolean
  /** Matched runs of text, including the characters in between. */
  readonly runs: ReadonlyArray<Run>
}

/**
 * Follows a report from `read` over the text from `from` until a character does not match.
 *
 * A full stop only in the report was invented by the speech engine, punctuation only in the text was not pronounced,
 * and different punctuation at the same position (a straight quote for a curly one) counts as equal. A `Free` walk
 * costs at most the length of the report, so it needs no bound.
 */
export const walk = (
  pieces: ReadonlyArray<Piece>,
  from: Place,
  report: string,
  read: number,
  fuel: Fuel,
  bound: "Bounded" | "Free" = "Bounded"
): Walk => {
  const runs: Array<Run> = []
  let run: { piece: number; index: number; start: number; end: number } | undefined
  const extend = (piece: number, index: number, start: number, end: number) => {
    if (run !== undefined && run.piece === piece) run.end = end
    else {
      run = { piece, index, start, end }
      runs.push(run)
    }
  }
  // Where the text continues: the solid character `next` of `piece`.
  let { next, piece } = from
  let solid = piece < pieces.length ? solidOf(pieces[piece]!) : none
  let text = pieces[piece]?.text ?? ""
  const isAtEnd = (): boolean => {
    while (piece < pieces.length && next >= solid.length) {
      piece++
      next = 0
      solid = piece < pieces.length ? solidOf(pieces[piece]!) : none
      text = pieces[piece]?.text ?? ""
    }
    return piece >= pieces.length
  }
  // The position after the last matched character.
  let [atPiece, atOffset, atNext] = [from.piece, from.offset, from.next]
  let marks = 0
  let misses = 0
  let matched = 0
  let exact = true
  let i = read
  let followed = read
  while (i < report.length) {
    isAtEnd()
    // Most reports equal the text sent, and are ASCII.
    const equal = equalAscii(text, solid, next, report, i)
    const count = bound === "Bounded" ? Math.min(equal, fuel.left) : equal
    if (count > 0) {
      fuel.spent += count
      if (bound === "Bounded") fuel.left -= count
      const begin = solid[next]!
      next += count
      atPiece = piece
      atOffset = solid[next - 1]! + 1
      atNext = next
      extend(piece, next - count, begin, atOffset)
      marks = 0
      matched += count
      i += count
      followed = i
      continue
    }
    fuel.spent++
    if (bound === "Bounded" && --fuel.left < 0) break
    if (isStrippable(report, i)) {
      // A reported emoji matches its next occurrence; white space never counts.
      const isSought = misses < missesAtMost && !isSpace(report, i)
      const emoji = isSought ? Characters.characterAt(report, i) : ""
      i += Characters.widthAt(report, i)
      if (!isSought) continue
      const found = findEmoji(pieces, { piece: atPiece, offset: atOffset, next: atNext }, emoji)
      if (found === undefined) {
        misses++
        continue
      }
      atPiece = found.piece
      atOffset = found.start + emoji.length
      atNext = found.index
      extend(atPiece, atNext, found.start, atOffset)
      continue
    }
    if (isAtEnd()) break
    const j = solid[next]!
    const same = sameCharacter(report, i, text, j)
    exact &&= same
    if (same || (!isWord(report, i) && !isWord(text, j) && !isFullStop(report, i))) {
      const end = j + Characters.widthAt(text, j)
      extend(piece, next, j, end)
      next++
      atPiece = piece
      atOffset = end
      atNext = next
      marks = 0
      matched++
      i += Characters.widthAt(report, i)
      followed = i
    } else if (isFullStop(report, i)) i++
    else if (!isWord(text, j) && ++marks < marksAtMost) {
      run = undefined
      next++
    } else if (!isWord(report, i)) i += Characters.widthAt(report, i)
    else break
  }
  // The rest may begin with full stops that the speech engine invented. Full stops alone are not a remainder.
  let rest = followed
  while (rest < report.length && (isFullStop(report, rest) || isStrippable(report, rest)))
    rest += Characters.widthAt(report, rest)
  const place = { piece: atPiece, offset: atOffset, next: atNext }
  return { read: rest === report.length || isAtEnd() ? rest : followed, place, matched, exact, runs }
}

const none: ArrayLike<number> = []

/** The number of solid characters from a place on that are ASCII and equal to a report from `i` on. */
const equalAscii = (text: string, solid: ArrayLike<number>, next: number, report: string, i: number): number => {
  const most = Math.min(solid.length - next, report.length - i)
  for (let count = 0; count < most; count++) {
    const code = report.charCodeAt(i + count)
    if (code < 33 || code > 126 || text.charCodeAt(solid[next + count]!) !== code) return count
  }
  return most
}

/** Where a report continues, and the number of unspoken characters it skips. */
export interface Jump {
  readonly walk: Walk
  readonly distance: number
}

/**
 * Searches for the nearest position, at most `furthest` solid characters ahead, where a report continues: with a
 * complete match (`whole`, or `loose` if a short report ends in the middle of a word, like "an" in "a nice day"), or
 * else with a match of at least `enough` characters.
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
    fuel.spent++
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

// A report begins at the start of a word, unless it is long enough to be evidence by itself.
const mayBegin = (pieces: ReadonlyArray<Piece>, piece: number, offset: number, needle: string): boolean =>
  needle.length >= 8 ||
  unspaced.test(needle) ||
  !isWord(pieces[piece]!.text, offset) ||
  !wordBefore(pieces, piece, offset)

/** Whether a report may end at a position: not in the middle of a word, unless the report is long. */
export const mayEnd = (pieces: ReadonlyArray<Piece>, { offset, piece }: Place, report: string): boolean => {
  if (report.length >= 8) return true
  const { text, turn } = pieces[piece]!
  const after = pieces[piece + 1]
  const begins =
    offset < text.length ? isWord(text, offset) : after !== undefined && after.turn === turn && isWord(after.text, 0)
  // The script comes last, because most reports end before a space, and looking for it costs most.
  return !begins || !endsInWord(text, offset) || unspaced.test(report)
}
