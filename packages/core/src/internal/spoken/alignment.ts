/**
 * The state of an alignment, and how it moves on: forward only, with each word put down to its place.
 */
import * as Heard from "./Heard.ts"
import * as Pieces from "./pieces.ts"
import type { Walk } from "./walk.ts"

/** What one turn has said, without a break. */
export interface SaidTurn {
  readonly turn: number
  /** Its first piece. */
  readonly piece: number
  /** The turn was cancelled: what it had not begun to say, and can be interrupted, is not spoken any more. */
  stopped: boolean
  /** Behind its last piece that is spoken also if the turn was cancelled. */
  lastingTo: number
}

/** How an alignment stood before a report, so that it can go back there. */
export interface Before {
  readonly heardUpTo: Pieces.Place
  readonly committedUpTo: Pieces.Place
  readonly reached: ReadonlyMap<number, number>
  readonly out: Heard.Builder
  readonly foreign: ReadonlyArray<string>
  readonly foreignLength: number
}

/** Reports that fit two places: where they were put down is left again if what follows them fits the other one only. */
export interface Fork {
  readonly before: Before
  /** The reports since then. */
  readonly reports: string
  /** Characters of reports since they fitted both. */
  readonly age: number
}

/** The alignment of one call: a mutable value that belongs to the call's own fiber. */
export interface Alignment {
  pieces: Array<Pieces.Piece>
  turns: Array<SaidTurn>
  heardUpTo: Pieces.Place
  /** Text up to here counts as spoken although it was not reported yet. */
  committedUpTo: Pieces.Place
  /** Pieces before this one are not waited for any more: the agent's voice has ended since they were sent. */
  awaited: number
  /** How many pieces there were at the last report, while the agent's voice goes on. */
  saidAtReport: number | undefined
  /** Where each of the latest turns was heard up to, as an offset in all that it has said. */
  reached: Map<number, number>
  out: Heard.Builder
  /** What was reported and fits nothing yet. It takes its place once a later report does. */
  foreign: Array<string>
  foreignLength: number
  /**
   * The reports since the last `settle`, until they are so many that they have shown where they belong. Undefined then, and
   * while what was heard holds more than they say.
   */
  ambiguous: string | undefined
  /** The latest, oldest first. */
  forks: ReadonlyArray<Fork>
  /** What looking for the places of reports has cost so far, in characters compared. */
  spent: number
}

/** What keeps a text apart from the one before: another turn has said it, or words that were not heard lay between. */
export type Apart = "Turns" | "Words"

/** Turns whose places are known. */
export const turnsKept = 64

export const start: Pieces.Place = { piece: 0, offset: 0, next: 0 }

/** Makes the alignment of a call on which nothing was said yet. */
export const make = (): Alignment => ({
  pieces: [],
  turns: [],
  heardUpTo: start,
  committedUpTo: start,
  awaited: 0,
  saidAtReport: undefined,
  reached: new Map(),
  out: Heard.builder(),
  foreign: [],
  foreignLength: 0,
  ambiguous: "",
  forks: [],
  spent: 0
})

/** How an alignment stands now. */
export const before = ({ committedUpTo, foreign, foreignLength, heardUpTo, out, reached }: Alignment): Before => ({
  heardUpTo,
  committedUpTo,
  reached: new Map(reached),
  out: { ...out, spans: out.spans.map((span) => ({ ...span })) },
  foreign: foreign.slice(),
  foreignLength
})

/** Goes back to how an alignment stood. */
export const goBack = (self: Alignment, before: Before): void => {
  const { committedUpTo, foreign, foreignLength, heardUpTo, out, reached } = before
  self.heardUpTo = heardUpTo
  self.committedUpTo = committedUpTo
  self.reached = new Map(reached)
  self.out = out
  self.foreign = foreign.slice()
  self.foreignLength = foreignLength
}

export const isBefore = (a: Pieces.Place, b: Pieces.Place) =>
  a.piece < b.piece || (a.piece === b.piece && a.offset < b.offset)

export const later = (a: Pieces.Place, b: Pieces.Place): Pieces.Place => (isBefore(a, b) ? b : a)

/** Whether all that was said was heard. */
export const isOver = (self: Alignment): boolean => Pieces.settlePlace(self.pieces, self.heardUpTo) === undefined

/** Remembers how far the turn of a place was heard. */
export const reach = (self: Alignment, { offset, piece }: Pieces.Place) => {
  const { start, turn } = self.pieces[piece]!
  self.reached.set(turn, Math.max(self.reached.get(turn) ?? 0, start + offset))
  if (self.reached.size > turnsKept) self.reached.delete(self.reached.keys().next().value!)
}

/** Moves on to a place that was heard. */
export const moveTo = (self: Alignment, place: Pieces.Place): void => {
  self.heardUpTo = place
  reach(self, place)
}

/** Text that cannot be interrupted counts up to this place. */
export const commitTo = (self: Alignment, place: Pieces.Place): void => {
  self.committedUpTo = place
  const last = self.pieces[place.piece - 1]
  if (place.offset === 0 && last !== undefined) {
    reach(self, { piece: place.piece - 1, offset: last.text.length, next: 0 })
  }
}

/** The place of words that stand nowhere in what was said: behind what was heard. */
export const here = (self: Alignment, place: Pieces.Place = self.heardUpTo): Omit<Heard.Stretch, "text"> => {
  const piece = self.pieces[place.piece] ?? self.pieces.at(-1)
  if (piece === undefined) return { turn: 0, part: 0, from: 0, to: 0 }
  const at = piece.start + Math.min(place.offset, piece.text.length)
  return { turn: piece.turn, part: piece.part, from: at, to: at }
}

export const addForeign = (self: Alignment, words: string) => {
  self.foreign.push(words)
  self.foreignLength += words.length
}

/** Puts the words that fit nowhere behind what was heard. */
export const placeForeign = (self: Alignment, apart?: Apart) => {
  const text = Heard.join(self.foreign)
  const space = apart !== undefined && Pieces.runTogether(self.out.text, text) ? " " : ""
  Heard.append(self.out, space, { ...here(self), text })
  self.foreign = []
  self.foreignLength = 0
}

const append = (self: Alignment, gap: string, stretch: Heard.Stretch, apart: Apart | undefined) => {
  const touch = apart === "Turns" ? Pieces.adjoin : Pieces.runTogether
  const space = apart !== undefined && touch(self.out.text, stretch.text) ? " " : ""
  Heard.append(self.out, gap || space, stretch)
}

export const between = (self: Alignment, from: Pieces.Place, to: { readonly piece: number }): Apart =>
  self.pieces[from.piece]!.turn === self.pieces[to.piece]!.turn ? "Words" : "Turns"

/** Moves on to the end of a walk. Words are kept apart where the walk began with a jump, or a turn ends. */
export const accept = (self: Alignment, step: Walk, jumped: Apart | undefined) => {
  const { committedUpTo, pieces } = self
  let apart = jumped
  for (const run of step.runs) {
    const begin: Pieces.Place = { piece: run.piece, offset: run.start, next: run.index }
    if (!isBefore(begin, committedUpTo)) {
      const piece = pieces[run.piece]!
      let gap = Pieces.gapBefore(pieces, self.heardUpTo, run)
      if (self.foreign.length > 0 && !isBefore(self.heardUpTo, committedUpTo)) {
        const next = Pieces.nextSolid(pieces, self.heardUpTo) ?? run
        const place = here(self, { piece: next.piece, offset: next.start, next: next.index })
        const stretch = { ...place, text: Heard.join(self.foreign) }
        append(self, Pieces.gapBefore(pieces, self.heardUpTo, next), stretch, between(self, self.heardUpTo, next))
        // If it replaced nothing it stands in the middle of one gap, which is not there twice.
        if (next.piece === run.piece && next.index === run.index && gap !== "") gap = " "
        apart ??= "Words"
      }
      const how = between(self, self.heardUpTo, run)
      // The emoji in the middle of another turn was heard where that was left.
      if (how === "Turns" && gap.trim() !== "" && !Pieces.beginsTurn(pieces, run)) gap = " "
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
    moveTo(self, { piece: run.piece, offset: run.end, next: run.index })
  }
  self.heardUpTo = step.place
}
