/**
 * The walk of a report over the text that was said, and the search for the place where it begins.
 */
import * as Script from "../../Script.ts"
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
 * What looking for the place of a report costs, in characters compared. A search costs more than its report is long, so it
 * has a bound; what it has not found by then counts as words that fit nowhere.
 */
export interface Fuel {
  /** What may still be spent. */
  left: number
  /** What was spent, the steps of a walk without a bound included. */
  spent: number
}

/** Unspoken marks that one report may run over in a row. */
const marksAtMost = 256

/** Emoji of one walk that stand nowhere near. More of them are no speech, and not looked for. */
const missesAtMost = 1024

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

/**
 * Follows a report from `read` over the text from `from` until a character does not fit.
 *
 * A full stop in the report that the text lacks was invented by the speech engine, punctuation in the text that the
 * report lacks was not pronounced, and punctuation that differs (a straight quote for a curly one) is the same. A walk
 * that is `Free` costs the length of the report at the most, so it needs no bound.
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
  // Where the text goes on: the solid character `next` of `piece`.
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
  // The place behind the last character that was matched.
  let [atPiece, atOffset, atNext] = [from.piece, from.offset, from.next]
  let marks = 0
  let misses = 0
  let matched = 0
  let exact = true
  let i = read
  let followed = read
  while (i < report.length) {
    fuel.spent++
    if (bound === "Bounded" && --fuel.left < 0) break
    const code = report.charCodeAt(i)
    // Most of what is reported is ASCII, and is what was said.
    if (code > 32 && code < 127 && next < solid.length && text.charCodeAt(solid[next]!) === code) {
      const begin = solid[next]!
      extend(piece, next, begin, begin + 1)
      next++
      atPiece = piece
      atOffset = begin + 1
      atNext = next
      marks = 0
      matched++
      i++
      followed = i
      continue
    }
    if (isStrippable(report, i)) {
      // An emoji that was reported counts where it stands next; white space never does.
      const isSought = misses < missesAtMost && !isSpace(report, i)
      const emoji = isSought ? Script.characterAt(report, i) : ""
      i += Script.widthAt(report, i)
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
      const end = j + Script.widthAt(text, j)
      extend(piece, next, j, end)
      next++
      atPiece = piece
      atOffset = end
      atNext = next
      marks = 0
      matched++
      i += Script.widthAt(report, i)
      followed = i
    } else if (isFullStop(report, i)) i++
    else if (!isWord(text, j) && ++marks < marksAtMost) {
      run = undefined
      next++
    } else if (!isWord(report, i)) i += Script.widthAt(report, i)
    else break
  }
  // What is left may begin with full stops that the speech engine invented; alone they are no remainder.
  let rest = followed
  while (rest < report.length && (isFullStop(report, rest) || isStrippable(report, rest)))
    rest += Script.widthAt(report, rest)
  const place = { piece: atPiece, offset: atOffset, next: atNext }
  return { read: rest === report.length || isAtEnd() ? rest : followed, place, matched, exact, runs }
}

const none: ArrayLike<number> = []

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
