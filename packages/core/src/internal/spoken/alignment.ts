/** The state of an alignment. It only moves forward, placing each word. */
import * as Heard from "./Heard.ts"
import * as Pieces from "./pieces.ts"
import type { Walk } from "./walk.ts"

/** An uninterrupted run of one turn's pieces. */
export interface SaidTurn {
  readonly turn: number
  /** Its first piece. */
  readonly piece: number
  /** The turn was cancelled: its interruptible text that was not begun is no longer spoken. */
  stopped: boolean
  /** The end of its last piece that is spoken even if the turn was cancelled. */
  lastingTo: number
  /** Its last pieces that are spoken even if the turn was cancelled, each the first of a run of such pieces. */
  readonly lastingFrom: Array<number>
}

/** The state of an alignment before a report, to restore. */
export interface Before {
  readonly heardUpTo: Pieces.Place
  readonly committedUpTo: Pieces.Place
  readonly reached: ReadonlyMap<number, number>
  readonly out: Heard.Builder
  readonly foreign: ReadonlyArray<string>
  readonly foreignLength: number
}

/**
 * An ambiguous match of reports at two positions. If later reports fit only the other one, the alignment goes back to
 * it.
 */
export interface Fork {
  readonly before: Before
  /** Reports since then. */
  readonly reports: string
  /** Number of characters reported since the match became ambiguous. */
  readonly age: number
}

/** The alignment of one call: a mutable value that belongs to the call's own fiber. */
export interface Alignment {
  pieces: Array<Pieces.Piece>
  turns: Array<SaidTurn>
  heardUpTo: Pieces.Place
  /** Text up to here counts as spoken, although it was not reported yet. */
  committedUpTo: Pieces.Place
  /** Pieces before this one are no longer expected: the agent's voice has ended since they were sent. */
  awaited: number
  /** Number of pieces at the last report, while the agent's voice continues. */
  saidAtReport: number | undefined
  /** How far each of the latest turns was heard, as an offset in its whole text. */
  reached: Map<number, number>
  out: Heard.Builder
  /** Reported text without a match so far. It is placed once a later report is matched. */
  foreign: Array<string>
  foreignLength: number
  /**
   * The reports since the last `settle`, until they are long enough to show where they belong. Undefined after that,
   * and while the heard text contains more than they do.
   */
  ambiguous: string | undefined
  /** The latest, oldest first. */
  forks: ReadonlyArray<Fork>
  /** The first half of a surrogate pair, at the end of the last report. */
  half: string
  /** The cost of all searches so far, in characters compared. */
  spent: number
}

/** Why a text is separate from the previous one: it belongs to another turn, or unheard words lie between. */
export type Apart = "Turns" | "Words"

/** Number of turns to remember positions for. */
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
  half: "",
  spent: 0
})

/** Captures the state of an alignment. */
export const before = ({ committedUpTo, foreign, foreignLength, heardUpTo, out, reached }: Alignment): Before => ({
  heardUpTo,
  committedUpTo,
  reached: new Map(reached),
  out: { ...out, spans: out.spans.map((span) => ({ ...span })) },
  foreign: foreign.slice(),
  foreignLength
})

/** Restores an earlier state of an alignment. */
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

/** Whether the words at a position, by default the next to be reported, count already. */
export const isCounted = (
  { committedUpTo, heardUpTo, pieces }: Alignment,
  place: Pieces.Place = heardUpTo
): boolean => {
  // The end of one piece and the beginning of the next are the same place.
  const next = Pieces.settlePlace(pieces, place)
  return next !== undefined && isBefore(next, committedUpTo)
}

/** Whether everything sent was heard. */
export const isOver = (self: Alignment): boolean => Pieces.settlePlace(self.pieces, self.heardUpTo) === undefined

/** Notes how far the turn at a position was heard. */
export const reach = (self: Alignment, { offset, piece }: Pieces.Place) => {
  const { start, turn } = self.pieces[piece]!
  self.reached.set(turn, Math.max(self.reached.get(turn) ?? 0, start + offset))
  if (self.reached.size > turnsKept) self.reached.delete(self.reached.keys().next().value!)
}

/** Moves to a position that was heard. */
export const moveTo = (self: Alignment, place: Pieces.Place): void => {
  self.heardUpTo = place
  reach(self, place)
}

/** Counts uninterruptible text up to this position. */
export const commitTo = (self: Alignment, place: Pieces.Place): void => {
  self.committedUpTo = place
  const last = self.pieces[place.piece - 1]
  if (place.offset === 0 && last !== undefined) {
    reach(self, { piece: place.piece - 1, offset: last.text.length, next: 0 })
  }
}

/** The position of unmatched words: after the heard text. */
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

/** Places unmatched words after the heard text. */
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

/** Moves to the end of a walk. Words are separated if the walk began with a jump, or a turn ends. */
export const accept = (self: Alignment, step: Walk, jumped: Apart | undefined) => {
  const { committedUpTo, pieces } = self
  let apart = jumped
  for (const run of step.runs) {
    const begin: Pieces.Place = { piece: run.piece, offset: run.start, next: run.index }
    if (!isBefore(begin, committedUpTo)) {
      const piece = pieces[run.piece]!
      let gap = Pieces.gapBefore(pieces, self.heardUpTo, run)
      if (self.foreign.length > 0 && !isCounted(self)) {
        const next = Pieces.nextSolid(pieces, self.heardUpTo) ?? run
        const place = here(self, { piece: next.piece, offset: next.start, next: next.index })
        const stretch = { ...place, text: Heard.join(self.foreign) }
        append(self, Pieces.gapBefore(pieces, self.heardUpTo, next), stretch, between(self, self.heardUpTo, next))
        // If it replaced nothing, it is inside a single gap, which must not appear twice.
        if (next.piece === run.piece && next.index === run.index && gap !== "") gap = " "
        apart ??= "Words"
      }
      const how = between(self, self.heardUpTo, run)
      // An emoji in the middle of another turn was heard where that turn was left.
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
