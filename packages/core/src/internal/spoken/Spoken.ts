/**
 * How much of what was said was also heard: the text an agent sent, aligned with what the harness reports as spoken.
 *
 * The state moves forward only. A report costs what its own length costs, however long the call and whatever it holds: what
 * was heard is never looked at again, and the search for a place has a bound. Rules and worked examples are those of Line
 * (white space and emoji come back from the text that was said; text that cannot be interrupted counts in full once it has
 * begun), with one difference: a report that does not fit, such as a number read out in words, takes the place of the words
 * it replaces and the next report finds its way back. Line gives up on the rest of the call.
 */
import type * as History from "../../History.ts"
import * as Heard from "./Heard.ts"
import * as Said from "./saidText.ts"

/** The alignment of one call: a mutable value that belongs to the call's own fiber. */
export interface Spoken {
  pieces: Array<Said.Piece>
  turns: Array<{ readonly turn: number; readonly piece: number }>
  /** Turns that were cancelled: what they had not begun to say is not spoken any more. */
  stopped: Array<number>
  heardUpTo: Said.Place
  /** Text up to here counts as spoken although it was not reported yet. */
  committedUpTo: Said.Place
  /** Pieces before this one are not waited for any more: the agent's voice has ended since they were sent. */
  awaited: number
  /** How many pieces there were at the last report, while the agent's voice goes on. */
  saidAtReport: number | undefined
  readonly out: Heard.Builder
  /** What was reported and fits nothing yet. It takes its place once a later report does. */
  foreign: Array<string>
  foreignLength: number
  /**
   * The reports since the last `settle`, until they are so many that they have shown where they belong. Undefined then, and
   * while what was heard holds more than they say.
   */
  ambiguous: string | undefined
}

/**
 * How many unspoken characters a report of this many characters may skip. A short word is weak evidence: an "a" stands
 * everywhere. Chosen so that a dropped word or symbol is bridged by any report, a dropped paragraph by a real word.
 */
const reach = (length: number): number => [0, 8, 24, 80][length] ?? 1500

/** Characters that make a partial fit worth following. */
const enough = 4
/** A jump this short is a dropped word, and preferred to the beginning of a later turn. */
const droppedWord = 12
/** Later turns whose beginning a report is compared with. Older ones were interrupted before they were spoken. */
const laterTurns = 16
/** Reports, and characters of them, that are kept waiting for their place. */
const foreignLimit = { reports: 500, characters: 4000 }
/** How far ahead, in characters, the rest of a report is looked for once its beginning fits nowhere. */
const anchorReach = 160
/** Characters of a report that show where it may begin. */
const needleLength = 16
/** Pieces that are kept behind the place heard before they are let go. */
const prunedAfter = 256
/** Characters after which reports have shown which turn they belong to. */
const ambiguousLimit = 64
/** Comparisons that a report of this length may spend on looking for its place: some 10 ms at the most. */
const fuelFor = (length: number): number => 20_000 + 150 * Math.min(length, 4000)

/** Where a report goes on, the place that it follows there, and the reports before it that belong there too. */
interface Jump {
  readonly walk: Said.Walk
  readonly from: Said.Place
  readonly lead?: Said.Walk | undefined
}

/** What keeps a text apart from the one before: another turn has said it, or words that were not heard lay between. */
type Apart = "Turns" | "Words"

const start: Said.Place = { piece: 0, offset: 0, next: 0 }
const none: ReadonlyArray<Heard.Heard> = []
const isBefore = (a: Said.Place, b: Said.Place) => a.piece < b.piece || (a.piece === b.piece && a.offset < b.offset)

/** Makes the alignment of a call on which nothing was said yet. */
export const make = (): Spoken => ({
  pieces: [],
  turns: [],
  stopped: [],
  heardUpTo: start,
  committedUpTo: start,
  awaited: 0,
  saidAtReport: undefined,
  out: Heard.builder(),
  foreign: [],
  foreignLength: 0,
  ambiguous: ""
})

/** Adds a piece of text that was sent to the harness in the turn of this number. */
export const said = (
  self: Spoken,
  text: string,
  { interruptible, part = 0, turn }: { readonly interruptible: boolean; readonly turn: number; readonly part?: number }
): void => {
  if (text === "") return
  // What was passed on because nothing was left to fit it stays as it is.
  if (self.out.text === "" && self.foreign.length > 0 && isOver(self)) placeForeign(self)
  const last = self.pieces.at(-1)
  const continues = last?.turn === turn
  if (!continues) self.turns.push({ turn, piece: self.pieces.length })
  if (self.turns.length > 4 * laterTurns) self.turns = self.turns.slice(-laterTurns)
  const begin = continues ? last.start + last.text.length : 0
  self.pieces.push({ text, interruptible, turn, start: begin, part, solid: undefined })
}

/** Tells that a turn was cancelled. What it had not begun to say is given up as soon as a later turn is heard. */
export const stop = (self: Spoken, turn: number): void => {
  if (!self.turns.some((said) => said.turn === turn)) return
  self.stopped = [...self.stopped.slice(-laterTurns), turn]
}

/** Tells that the caller cut in: every turn that is not heard to its end was cancelled, or its voice was cut. */
export const stopAll = (self: Spoken): void => {
  for (const { turn } of pending(self)) stop(self, turn)
}

/**
 * Tells that the agent's voice has ended. What was sent before the last words were heard is not waited for any more: it was
 * read out differently, or dropped. What was sent after them is still to come.
 */
export const quiet = (self: Spoken): void => {
  self.awaited = Math.max(self.awaited, self.saidAtReport ?? self.pieces.length)
  self.saidAtReport = undefined
}

/** The place from which words may still be heard, or undefined if all was. */
const pendingFrom = (self: Spoken): Said.Place | undefined => {
  const heard = later(later(self.heardUpTo, self.committedUpTo), { ...start, piece: self.awaited })
  let place = Said.settlePlace(self.pieces, heard)
  while (place !== undefined && self.stopped.includes(self.pieces[place.piece]!.turn)) {
    const at = place.piece
    const next = self.turns.find(({ piece }) => piece > at)
    place = next && Said.settlePlace(self.pieces, { ...start, piece: next.piece })
  }
  return place
}

/** Whether something that was said may still be heard. */
export const isPending = (self: Spoken): boolean => pendingFrom(self) !== undefined

/** What was said and may still be heard, by turn. */
export const pending = (self: Spoken): ReadonlyArray<History.Stretch> => {
  const from = pendingFrom(self)
  if (from === undefined) return []
  const stretches: Array<History.Stretch> = []
  for (const [index, { piece, turn }] of self.turns.entries()) {
    const last = self.pieces[(self.turns[index + 1]?.piece ?? self.pieces.length) - 1]!
    const end = (self.turns[index + 1]?.piece ?? self.pieces.length) - 1
    if (end < from.piece || self.stopped.includes(turn)) continue
    const begin = piece >= from.piece ? 0 : self.pieces[from.piece]!.start + from.offset
    const to = last.start + last.text.length
    if (to > begin) stretches.push({ turn, from: begin, to })
  }
  return stretches
}

/**
 * Takes a report of speech, and returns all that was heard since the last `settle`. Undefined if that is nothing new for the
 * history: the report repeats text that counted already, or fits nothing that was said.
 */
export const heard = (self: Spoken, report: string): Heard.Heard | undefined => {
  const before = current(self)
  self.saidAtReport = self.pieces.length
  if (self.pieces.length > 0) follow(self, report)
  else if (report !== "") addForeign(self, report)
  if (self.ambiguous !== undefined) {
    self.ambiguous = self.ambiguous.length < ambiguousLimit ? self.ambiguous + report : undefined
  }
  if (self.foreign.length > foreignLimit.reports || self.foreignLength > foreignLimit.characters) {
    placeForeign(self, "Words")
  }
  prune(self)
  const now = current(self)
  return now?.text === before?.text ? undefined : now
}

/**
 * Takes it from the harness that the caller has heard a turn up to an offset in all that it has said. Returns what `heard`
 * returns: exactly these words, whatever was reported or guessed before.
 */
export const heardTo = (self: Spoken, turn: number, offset: number): Heard.Heard | undefined => {
  const first = self.pieces.findIndex((piece) => piece.turn === turn)
  if (first < 0) return undefined
  const before = current(self)?.text
  self.saidAtReport = self.pieces.length
  const from = self.pieces[self.heardUpTo.piece]?.turn === turn ? self.heardUpTo : { ...start, piece: first }
  const isLate = first < self.heardUpTo.piece && from !== self.heardUpTo
  if (isLate) return undefined
  let at = from
  for (let piece = from.piece; self.pieces[piece]?.turn === turn; piece++) {
    const { part, start: begin, text } = self.pieces[piece]!
    const end = Math.min(text.length, offset - begin)
    const begun = piece === from.piece ? from.offset : 0
    if (end <= begun) break
    const solid = Said.solidBefore(self.pieces[piece]!, end)
    const words = text.slice(begun, solid.end)
    if (words !== "") {
      const gap = text.slice(begun, begun + words.length - words.trimStart().length)
      const reported = words.trimStart()
      if (reported !== "") {
        const place = { piece, offset: begun + gap.length }
        const between = self.out.linked && place.piece !== at.piece ? betweenPieces(self, at, place) : gap
        Heard.append(self.out, between, {
          text: reported,
          turn,
          part,
          from: begin + place.offset,
          to: begin + solid.end
        })
        at = { piece, offset: solid.end, next: solid.next }
      }
    }
  }
  if (at !== from) {
    self.foreign = []
    self.foreignLength = 0
    self.heardUpTo = at
  }
  const now = current(self)
  return now?.text === before ? undefined : now
}

const betweenPieces = (
  self: Spoken,
  from: Said.Place,
  to: { readonly piece: number; readonly offset: number }
): string => {
  if (self.pieces[from.piece]?.turn !== self.pieces[to.piece]!.turn) return " "
  let gap = self.pieces[from.piece]!.text.slice(from.offset)
  for (let piece = from.piece + 1; piece < to.piece; piece++) gap += self.pieces[piece]!.text
  return gap + self.pieces[to.piece]!.text.slice(0, to.offset)
}

/**
 * Closes what was heard so far, because something else happened on the call, and returns the texts to put before it: at
 * most two, the second one being what fitted nowhere, given up when the agent's turn or the call is over (`final`).
 */
export const settle = (self: Spoken, { final }: { readonly final: boolean }): ReadonlyArray<Heard.Heard> => {
  if (self.pieces.length === 0 && self.foreign.length === 0) return none
  if (self.out.text === "" && self.foreign.length > 0 && isOver(self)) placeForeign(self)
  precommit(self)
  const texts: Array<Heard.Heard> = []
  if (self.out.text !== "") texts.push(Heard.snapshot(self.out))
  Heard.clear(self.out)
  if (final && self.foreign.length > 0) {
    placeForeign(self)
    texts.push(Heard.snapshot(self.out))
    Heard.clear(self.out)
  }
  self.ambiguous = self.foreign.length > 0 ? undefined : ""
  return texts
}

const isOver = (self: Spoken): boolean => Said.settlePlace(self.pieces, self.heardUpTo) === undefined

const later = (a: Said.Place, b: Said.Place): Said.Place => (isBefore(a, b) ? b : a)

/** Everything heard since the last `settle`, with what fits nothing because nothing is left to fit. */
const current = (self: Spoken): Heard.Heard | undefined => {
  if (self.out.text !== "") return Heard.snapshot(self.out)
  if (self.foreign.length === 0 || !isOver(self)) return undefined
  const text = Heard.join(self.foreign)
  const { from, to, turn } = here(self)
  return { text, spans: [{ turn, from, to, length: text.length }] }
}

/** The place of words that stand nowhere in what was said: behind what was heard. */
const here = (self: Spoken, place: Said.Place = self.heardUpTo): Omit<Heard.Stretch, "text"> => {
  const piece = self.pieces[place.piece] ?? self.pieces.at(-1)
  if (piece === undefined) return { turn: 0, part: 0, from: 0, to: 0 }
  const at = piece.start + Math.min(place.offset, piece.text.length)
  return { turn: piece.turn, part: piece.part, from: at, to: at }
}

const addForeign = (self: Spoken, words: string) => {
  self.foreign.push(words)
  self.foreignLength += words.length
}

/** Puts the words that fit nowhere behind what was heard. */
const placeForeign = (self: Spoken, apart?: Apart) => {
  const text = Heard.join(self.foreign)
  const space = apart !== undefined && Said.runTogether(self.out.text, text) ? " " : ""
  Heard.append(self.out, space, { ...here(self), text })
  self.foreign = []
  self.foreignLength = 0
}

const append = (self: Spoken, gap: string, stretch: Heard.Stretch, apart: Apart | undefined) => {
  const touch = apart === "Turns" ? Said.adjoin : Said.runTogether
  const space = apart !== undefined && touch(self.out.text, stretch.text) ? " " : ""
  Heard.append(self.out, gap || space, stretch)
}

const between = (self: Spoken, from: Said.Place, to: { readonly piece: number }): Apart =>
  self.pieces[from.piece]!.turn === self.pieces[to.piece]!.turn ? "Words" : "Turns"

/** Moves on to the end of a walk. Words are kept apart where the walk began with a jump, or a turn ends. */
const accept = (self: Spoken, step: Said.Walk, jumped: Apart | undefined) => {
  const { committedUpTo, pieces } = self
  let apart = jumped
  for (const run of step.runs) {
    const begin: Said.Place = { piece: run.piece, offset: run.start, next: run.index }
    if (!isBefore(begin, committedUpTo)) {
      const piece = pieces[run.piece]!
      let gap = Said.gapBefore(pieces, self.heardUpTo, run)
      if (self.foreign.length > 0 && !isBefore(self.heardUpTo, committedUpTo)) {
        const next = Said.nextSolid(pieces, self.heardUpTo) ?? run
        const place = here(self, { piece: next.piece, offset: next.start, next: next.index })
        const stretch = { ...place, text: Heard.join(self.foreign) }
        append(self, Said.gapBefore(pieces, self.heardUpTo, next), stretch, between(self, self.heardUpTo, next))
        // If it replaced nothing it stands in the middle of one gap, which is not there twice.
        if (next.piece === run.piece && next.index === run.index && gap !== "") gap = " "
        apart ??= "Words"
      }
      const how = between(self, self.heardUpTo, run)
      // The emoji in the middle of another turn was heard where that was left.
      if (how === "Turns" && gap.trim() !== "" && !Said.beginsTurn(pieces, run)) gap = " "
      const stretch: Heard.Stretch = {
        text: piece.text.slice(run.start, run.end),
        turn: piece.turn,
        part: piece.part,
        from: piece.start + run.start,
        to: piece.start + run.end
      }
      append(self, gap, stretch, how === "Turns" ? how : apart)
    }
    apart = undefined
    self.foreign = []
    self.foreignLength = 0
    self.heardUpTo = { piece: run.piece, offset: run.end, next: run.index }
  }
  self.heardUpTo = step.place
}

const jump = (self: Spoken, { from, lead, walk }: Jump) => {
  const apart = between(self, self.heardUpTo, from)
  self.heardUpTo = from
  if (lead === undefined) return accept(self, walk, apart)
  // What was heard so far is a part of this turn and not, with the spacing and the marks it has there, of an earlier one.
  Heard.clear(self.out)
  self.foreign = []
  self.foreignLength = 0
  accept(self, lead, apart)
  accept(self, walk, undefined)
}

/**
 * Where a report fits the beginning of a later turn, alone or behind the reports before it: those may have fitted the
 * rest of an interrupted turn only because both go on with the same words. `better`: only behind them, and if all marks
 * are the same.
 */
const atLaterTurn = (
  { ambiguous, heardUpTo, pieces, turns }: Spoken,
  report: string,
  read: number,
  fuel: Said.Fuel,
  better = false
): Jump | undefined => {
  const begins = turns.slice(-laterTurns).flatMap(({ piece }) => (piece > heardUpTo.piece ? { ...start, piece } : []))
  const reported = read === 0 && ambiguous ? [ambiguous] : []
  for (const before of better ? reported : [...reported, ""]) {
    for (const from of begins) {
      const lead = before === "" ? undefined : Said.walk(pieces, from, before, 0, fuel)
      if (lead !== undefined && lead.read < before.length) continue
      const walk = Said.walk(pieces, lead?.place ?? from, report, read, fuel)
      if (better && !(walk.exact && lead?.exact === true)) continue
      if (walk.read === report.length && walk.matched > 0) return { walk, from, lead }
    }
  }
  return undefined
}

const ahead = (
  self: Spoken,
  report: string,
  read: number,
  fuel: Said.Fuel,
  limit = Infinity
): { whole?: Jump | undefined; part?: Said.Walk | undefined } => {
  const needle = Said.solidText(report, read, needleLength)
  if (needle === "" || fuel.left <= 0) return {}
  const found = Said.seek(self.pieces, self.heardUpTo, report, read, {
    needle,
    enough,
    fuel,
    furthest: Math.min(limit, reach(needle.length))
  })
  const fit = found.whole ?? found.loose
  const whole = fit && { walk: fit.walk, from: self.heardUpTo }
  if (found.whole !== undefined && found.whole.distance <= droppedWord) return { whole }
  return { whole: atLaterTurn(self, report, read, fuel) ?? whole, part: found.part?.walk }
}

/** The first offset behind `read` from which the report fits somewhere ahead. */
const anchor = (self: Spoken, report: string, read: number, fuel: Said.Fuel): number | undefined => {
  for (let i = read + 1; i < Math.min(report.length - 2, read + 40) && fuel.left > 0; i++) {
    const { part, whole } = ahead(self, report, i, fuel, anchorReach)
    if (part !== undefined || (whole !== undefined && whole.walk.matched >= 3)) return i
  }
  return undefined
}

/** Whether a cancelled turn goes on where the last report ended: its words may still come, those of a later turn do first. */
const inStopped = ({ heardUpTo, pieces, stopped }: Spoken): boolean => {
  if (stopped.length === 0) return false
  const next = Said.settlePlace(pieces, heardUpTo)
  return next !== undefined && stopped.includes(pieces[next.piece]!.turn)
}

const follow = (self: Spoken, report: string) => {
  const { pieces } = self
  const fuel: Said.Fuel = { left: fuelFor(report.length) }
  let read = 0
  while (read < report.length) {
    if (inStopped(self)) {
      const next = atLaterTurn(self, report, read, fuel)
      if (next !== undefined && Said.mayEnd(pieces, next.walk.place, report)) return jump(self, next)
    }
    const here = Said.walk(pieces, self.heardUpTo, report, read)
    if (here.read === report.length) {
      const fits = Said.mayEnd(pieces, here.place, report)
      const later = fits && here.exact ? undefined : atLaterTurn(self, report, read, fuel, fits)
      if (later === undefined || !Said.mayEnd(pieces, later.walk.place, report)) return accept(self, here, undefined)
      return jump(self, later)
    }
    const { part, whole } = ahead(self, report, read, fuel)
    if (whole !== undefined) return jump(self, whole)
    // What counts already is not reported again in part.
    const late = isBefore(self.heardUpTo, self.committedUpTo)
    const half = () => here.matched * 2 >= Said.solidText(report, read, here.matched * 2 + 1).length
    const strong = here.matched >= 3 || (!late && half())
    const step = here.matched > 0 && strong ? here : part
    if (step !== undefined) {
      accept(self, step, step === part ? "Words" : undefined)
      read = step.read
      if (!isOver(self)) continue
    }
    const next = isOver(self) ? undefined : anchor(self, report, read, fuel)
    addForeign(self, report.slice(read, next))
    if (next === undefined) return
    read = next
  }
}

/** Completes text that cannot be interrupted and has begun to be spoken. */
const precommit = (self: Spoken): void => {
  const { committedUpTo, heardUpTo, pieces } = self
  const from = isBefore(heardUpTo, committedUpTo) ? committedUpTo : heardUpTo
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
  } while (pieces[at]?.interruptible === false)
  self.committedUpTo = { piece: at, offset: 0, next: 0 }
}

const prune = (self: Spoken) => {
  const count = self.heardUpTo.piece
  if (count < prunedAfter) return
  self.pieces = self.pieces.slice(count)
  self.turns = self.turns.slice(-laterTurns).map(({ piece, turn }) => ({ turn, piece: piece - count }))
  self.heardUpTo = { ...self.heardUpTo, piece: 0 }
  self.committedUpTo = { ...self.committedUpTo, piece: Math.max(-1, self.committedUpTo.piece - count) }
  self.awaited = Math.max(0, self.awaited - count)
  if (self.saidAtReport !== undefined) self.saidAtReport -= count
}
