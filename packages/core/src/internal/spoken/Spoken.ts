/**
 * Aligns the text an agent sent with the words that the harness reports as spoken, to tell how much was heard. The
 * state only moves forward.
 *
 * The cost of a report depends on its own length alone, not on the length of the call: heard text is never examined
 * again, and the search for a position is bounded. Rules and worked examples are those of Line (white space and emoji
 * are restored from the text sent; uninterruptible text counts in full once it has begun), with one difference: a
 * report that does not match, such as a number read out in words, takes the place of the words it replaces, and the
 * next report is aligned again. Line gives up on the rest of the call.
 */
import type * as History from "../../History.ts"
import * as Align from "./alignment.ts"
import * as Follow from "./follow.ts"
import * as Heard from "./Heard.ts"
import * as Pieces from "./pieces.ts"

export interface Spoken extends Align.Alignment {}

/** Number of unmatched reports, and of their characters, to keep. */
const foreignLimit = { reports: 500, characters: 4000 }
/** Number of pieces to keep before the heard position. */
const prunedAfter = 256
/** Number of runs of uninterruptible pieces to remember for each turn. */
const runsKept = 32
/** Number of characters after which it is clear which turn reports belong to. */
const ambiguousLimit = 64
const none: ReadonlyArray<Heard.Heard> = []

/** Makes the alignment of a new call. */
export const make = (): Spoken => Align.make()

/** Adds a piece of text sent to the harness in the turn with this number. */
export const said = (
  self: Spoken,
  text: string,
  {
    interruptible,
    part = 0,
    start,
    taken = true,
    turn
  }: {
    readonly interruptible: boolean
    readonly turn: number
    readonly part?: number | undefined
    /** The position of the piece in its turn's whole text. Defaults to the end of the previous piece. */
    readonly start?: number | undefined
    /** Whether the harness has certainly taken it. Otherwise call `taken` once it has. */
    readonly taken?: boolean | undefined
  }
): void => {
  if (text === "") return
  // Unmatched text that was already returned stays as it is.
  if (self.out.text === "" && self.foreign.length > 0 && Align.isOver(self)) Align.placeForeign(self)
  const last = self.pieces.at(-1)
  const continues = last?.turn === turn
  if (!continues) {
    self.turns.push({ turn, piece: self.pieces.length, stopped: false, lastingTo: 0, lastingFrom: [] })
  }
  if (self.turns.length > 2 * Align.turnsKept) self.turns = self.turns.slice(-Align.turnsKept)
  const begin = start ?? (continues ? last.start + last.text.length : 0)
  self.pieces.push({ text, interruptible, taken, turn, start: begin, part, solid: undefined })
  if (!interruptible && taken) lasts(self, self.turns.at(-1)!, self.pieces.length - 1)
}

/** The position up to which a turn was heard, as an offset in its whole text. */
export const reached = (self: Spoken, turn: number): number => self.reached.get(turn) ?? 0

/** Notes that the harness has taken the piece at an offset in its turn's whole text. */
export const taken = (self: Spoken, turn: number, offset: number): void => {
  for (let index = self.turns.length - 1; index >= 0; index--) {
    const said = self.turns[index]!
    if (said.turn !== turn) continue
    for (let i = endOf(self, index); i >= Math.max(0, said.piece) && self.pieces[i]!.start >= offset; i--) {
      const piece = self.pieces[i]!
      if (piece.start !== offset) continue
      piece.taken = true
      if (!piece.interruptible) lasts(self, said, i)
    }
  }
}

/** Notes that a piece is spoken even if its turn was cancelled. */
const lasts = ({ pieces }: Spoken, said: Align.SaidTurn, index: number): void => {
  said.lastingTo = Math.max(said.lastingTo, index + 1)
  const before = index > said.piece ? pieces[index - 1] : undefined
  if (before !== undefined && Pieces.isLasting(before)) return
  said.lastingFrom.push(index)
  if (said.lastingFrom.length > runsKept) said.lastingFrom.shift()
}

/** The last piece of a turn, by the turn's index. */
const endOf = ({ pieces, turns }: Spoken, index: number): number => (turns[index + 1]?.piece ?? pieces.length) - 1

/**
 * Notes that a turn was cancelled. Its interruptible text that was not begun is given up as soon as a later turn is
 * heard.
 */
export const stop = (self: Spoken, turn: number): void => {
  for (const said of self.turns) if (said.turn === turn) said.stopped = true
}

/**
 * Notes that the caller interrupted: every turn not heard to its end was cancelled, or its voice was cut.
 * Uninterruptible text is spoken all the same.
 */
export const stopAll = (self: Spoken): void => {
  const from = pendingFrom(self)
  if (from === undefined) return
  for (let i = self.turns.length - 1; i >= 0; i--) {
    self.turns[i]!.stopped = true
    if (self.turns[i]!.piece <= from.piece) break
  }
  self.awaited = pendingFrom(self)?.piece ?? self.pieces.length
}

/**
 * Notes that the agent's voice has ended. Text sent before the last heard words is no longer expected: it was read out
 * differently, or dropped. Text sent after them is still expected.
 */
export const quiet = (self: Spoken): void => {
  self.awaited = Math.max(self.awaited, self.saidAtReport ?? self.pieces.length)
  self.saidAtReport = undefined
}

/** The position from which words may still be heard, or undefined if all were. */
const pendingFrom = (self: Spoken): Pieces.Place | undefined => {
  const heard = Align.later(Align.later(self.heardUpTo, self.committedUpTo), { ...Align.start, piece: self.awaited })
  const place = Pieces.settlePlace(self.pieces, heard)
  if (place === undefined) return undefined
  const first = self.turns.findLastIndex(({ piece }) => piece <= place.piece)
  for (let index = Math.max(0, first); index < self.turns.length; index++) {
    const { lastingTo, piece, stopped } = self.turns[index]!
    const begin = Math.max(piece, place.piece)
    const end = stopped ? lastingTo : begin + 1
    for (let i = begin; i < end; i++) {
      const piece = self.pieces[i]!
      if (stopped && !(Pieces.isLasting(piece) && Pieces.solidOf(piece).length > 0)) continue
      return i === place.piece ? place : Pieces.settlePlace(self.pieces, { ...Align.start, piece: i })
    }
  }
  return undefined
}

/** Whether more text may still be heard. */
export const isPending = (self: Spoken): boolean => pendingFrom(self) !== undefined

/** The text that may still be heard, by turn. */
export const pending = (self: Spoken): ReadonlyArray<History.Stretch> => {
  const from = pendingFrom(self)
  if (from === undefined) return []
  const stretches: Array<History.Stretch> = []
  const first = self.turns.findLastIndex(({ piece }) => piece <= from.piece)
  for (let index = Math.max(0, first); index < self.turns.length; index++) {
    const { lastingTo, piece, stopped, turn } = self.turns[index]!
    const end = stopped ? lastingTo - 1 : endOf(self, index)
    let begin = Math.max(piece, from.piece)
    if (!stopped) push(self, stretches, turn, begin, end, from)
    for (; stopped && begin <= end; begin++) {
      let last = begin
      while (last <= end && Pieces.isLasting(self.pieces[last]!)) last++
      push(self, stretches, turn, begin, last - 1, from)
      begin = last
    }
  }
  return stretches
}

/** Adds the text of a turn's pieces, as far as it follows a position. */
const push = (
  self: Spoken,
  stretches: Array<History.Stretch>,
  turn: number,
  first: number,
  last: number,
  { offset, piece }: Pieces.Place
): void => {
  if (last < first) return
  const [begin, end] = [self.pieces[first]!, self.pieces[last]!]
  const from = begin.start + (first > piece ? 0 : offset)
  const to = end.start + end.text.length
  if (to > from) stretches.push({ turn, from, to })
}

/**
 * Takes a report of speech, and returns everything heard since the last `settle`. Returns undefined if the history
 * gains nothing: the report repeats text that already counted, or matches nothing that was sent.
 */
export const heard = (self: Spoken, reported: string): Heard.Heard | undefined => {
  const report = wholeCharacters(self, reported)
  const before = currentText(self)
  self.saidAtReport = self.pieces.length
  if (self.pieces.length > 0) Follow.follow(self, report)
  else if (report !== "") Align.addForeign(self, report)
  if (self.ambiguous !== undefined) {
    self.ambiguous = self.ambiguous.length < ambiguousLimit ? self.ambiguous + report : undefined
  }
  if (self.foreign.length > foreignLimit.reports || self.foreignLength > foreignLimit.characters) {
    Align.placeForeign(self, "Words")
  }
  prune(self)
  return currentText(self) === before ? undefined : current(self)
}

/** A report with whole characters: half of one waits for the next report, and is dropped if the other half never comes. */
const wholeCharacters = (self: Spoken, report: string): string => {
  const last = report.charCodeAt(report.length - 1)
  const isCut = last >= 0xd800 && last <= 0xdbff
  if (self.half === "" && !isCut && report.isWellFormed()) return report
  const joined = self.half + report
  const end = isCut ? joined.length - 1 : joined.length
  self.half = joined.slice(end)
  return joined.slice(0, end).replace(/[\ud800-\udfff]/gu, "")
}

/**
 * Takes a report that the caller has heard a turn up to an offset in its whole text, and returns what `heard` returns:
 * exactly the words between the previous offset of this turn, or `begin` if that is later, and the new one. A late report, after a later turn was
 * heard, completes its turn without moving back.
 */
export const heardTo = (self: Spoken, turn: number, offset: number, begin = 0): Heard.Heard | undefined => {
  const before = currentText(self)
  self.saidAtReport = self.pieces.length
  const first = self.turns.find((said) => said.turn === turn)
  if (first === undefined) return undefined
  const isLate = isHeardLater(self, turn)
  self.forks = []
  const reached = self.reached.get(turn) ?? 0
  const from = Math.max(reached, begin)
  let last: Pieces.Place | undefined
  for (let index = Math.max(0, first.piece); index < self.pieces.length; index++) {
    const piece = self.pieces[index]!
    if (piece.turn !== turn || piece.start + piece.text.length <= from) continue
    if (piece.start >= offset) break
    const begun = Math.max(0, from - piece.start)
    const { end, next } = Pieces.solidBefore(piece, offset - piece.start)
    if (end <= begun) continue
    const words = piece.text.slice(begun, end)
    const text = words.trimStart()
    const at = begun + words.length - text.length
    const place: Pieces.Place = { piece: index, offset: end, next }
    const isSkipped = last === undefined && begin > reached
    const gap = isSkipped ? (self.out.text === "" ? "" : " ") : gapTo(self, index, piece.start + at)
    // Skipped words belong to no heard stretch.
    if (isSkipped) self.out.part = -1
    Heard.append(self.out, gap, { text, turn, part: piece.part, from: piece.start + at, to: piece.start + end })
    if (isLate) Align.reach(self, place)
    else Align.moveTo(self, place)
    last = place
  }
  if (last !== undefined && !isLate) {
    self.foreign = []
    self.foreignLength = 0
    prune(self)
  }
  return currentText(self) === before ? undefined : current(self)
}

/** Whether a later turn was already heard. */
export const isHeardLater = (self: Spoken, turn: number): boolean => {
  const heard = self.pieces[self.heardUpTo.piece]?.turn
  return heard !== undefined && heard !== turn && (self.reached.get(heard) ?? 0) > 0 && isAfter(self, heard, turn)
}

const isAfter = (self: Spoken, turn: number, other: number): boolean =>
  self.turns.findLastIndex((said) => said.turn === turn) > self.turns.findLastIndex((said) => said.turn === other)

/** The text between the last placed words and an offset in a piece. */
const gapTo = (self: Spoken, index: number, offset: number): string => {
  const last = self.out.spans.at(-1)
  const { start, text, turn } = self.pieces[index]!
  if (last?.turn !== turn) return last === undefined ? "" : " "
  let gap = text.slice(Math.max(0, last.to - start), offset - start)
  for (let before = index - 1; before >= 0; before--) {
    const piece = self.pieces[before]!
    if (piece.turn !== turn) continue
    if (piece.start + piece.text.length <= last.to) break
    gap = piece.text.slice(Math.max(0, last.to - piece.start)) + gap
  }
  return gap
}

/**
 * Completes the heard text, because something else happened on the call, and returns the texts to record before that:
 * at most two. The second is text that matched nothing, given up when the agent's turn or the call is over (`final`).
 */
export const settle = (self: Spoken, { final }: { readonly final: boolean }): ReadonlyArray<Heard.Heard> => {
  if (self.pieces.length === 0 && self.foreign.length === 0) return none
  if (self.out.text === "" && self.foreign.length > 0 && Align.isOver(self)) Align.placeForeign(self)
  precommit(self)
  const texts: Array<Heard.Heard> = []
  if (self.out.text !== "") texts.push(Heard.snapshot(self.out))
  Heard.clear(self.out)
  if (final && self.foreign.length > 0) {
    Align.placeForeign(self)
    texts.push(Heard.snapshot(self.out))
    Heard.clear(self.out)
  }
  self.ambiguous = self.foreign.length > 0 ? undefined : ""
  Follow.settleForks(self)
  return texts
}

/** The text of what `current` returns. */
const currentText = (self: Spoken): string | undefined => {
  if (self.out.text !== "") return self.out.text
  return self.foreign.length === 0 || !Align.isOver(self) ? undefined : Heard.join(self.foreign)
}

/** Everything heard since the last `settle`, including unmatched text if nothing is left to match. */
const current = (self: Spoken): Heard.Heard | undefined => {
  if (self.out.text !== "") return Heard.snapshot(self.out)
  const text = currentText(self)
  if (text === undefined) return undefined
  const { from, to, turn } = Align.here(self)
  return { text, spans: [{ turn, from, to, length: text.length }] }
}

/**
 * Completes uninterruptible text that has begun to be spoken, with the uninterruptible text that follows directly, as far as
 * the harness has taken it.
 */
const precommit = (self: Spoken): void => {
  const { committedUpTo, heardUpTo, pieces } = self
  const from = Align.isBefore(heardUpTo, committedUpTo) ? committedUpTo : heardUpTo
  const piece = pieces[from.piece]
  if (piece === undefined || piece.interruptible || from.offset === 0 || from.offset >= piece.text.length) return
  let at = from.piece
  let offset = from.offset
  do {
    const { part, start: begin, text, turn } = pieces[at]!
    self.out.linked = false
    Heard.append(self.out, "", { text: text.slice(offset), turn, part, from: begin + offset, to: begin + text.length })
    at++
    offset = 0
  } while (at < pieces.length && Pieces.isLasting(pieces[at]!))
  Align.commitTo(self, { piece: at, offset: 0, next: 0 })
}

const prune = (self: Spoken) => {
  const count = self.heardUpTo.piece
  if (count < prunedAfter || self.forks.length > 0) return
  self.pieces = self.pieces.slice(count)
  self.turns = self.turns.slice(-Align.turnsKept).map((said) => ({
    ...said,
    piece: said.piece - count,
    lastingTo: said.lastingTo - count,
    lastingFrom: said.lastingFrom.flatMap((piece) => (piece < count ? [] : [piece - count]))
  }))
  self.heardUpTo = { ...self.heardUpTo, piece: 0 }
  self.committedUpTo = { ...self.committedUpTo, piece: Math.max(-1, self.committedUpTo.piece - count) }
  self.awaited = Math.max(0, self.awaited - count)
  if (self.saidAtReport !== undefined) self.saidAtReport -= count
}
