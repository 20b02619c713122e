/**
 * How much of what was said was also heard: the text an agent sent, aligned with what the harness reports as spoken.
 *
 * The state moves forward only. A report costs what its own length costs, however long the call: what was heard is never
 * looked at again. Rules and worked examples are those of Line (white space and emoji come back from the text that was
 * said; text that cannot be interrupted counts in full once it has begun), with one difference: a report that does not
 * fit, such as a number read out in words, takes the place of the words it replaces and the next report finds its way
 * back, where Line gives up on the rest of the call.
 *
 * @since 0.1.0
 */
import * as Said from "./saidText.ts"

/** The alignment of one call. It is a mutable value that belongs to the call's own fiber. */
export interface Spoken {
  /** Adds a piece of text that was sent to the harness in the turn of this number. */
  readonly said: (text: string, options: { readonly interruptible: boolean; readonly turn: number }) => void
  /**
   * Takes a report of speech, and returns all that was heard since the last `settle`. Undefined where that is nothing
   * new for the history: the report repeats text that counted already, or fits nothing that was said.
   */
  readonly heard: (report: string) => string | undefined
  /**
   * Closes what was heard so far, because something else happened on the call, and returns the texts to put before it: at
   * most two, the second one being what fitted nowhere, given up where the agent's turn or the call is over (`final`).
   */
  readonly settle: (options: { readonly final: boolean }) => ReadonlyArray<string>
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
/** Reports that are kept waiting for their place. */
const foreignLimit = 500
/** How far ahead, in characters, the rest of a report is looked for once its beginning fits nowhere. */
const anchorReach = 160
/** Pieces that are kept behind the place heard before they are let go. */
const prunedAfter = 256

/** Characters after which reports have shown which turn they belong to. */
const ambiguousLimit = 64

/** Where a report goes on, the place that it follows there, and the reports before it that belong there too. */
interface Jump {
  readonly walk: Said.Walk
  readonly from: Said.Place
  readonly lead?: Said.Walk | undefined
}

/** What keeps a text apart from the one before: another turn has said it, or words that were not heard lay between. */
type Apart = "Turns" | "Words"

const start: Said.Place = { piece: 0, offset: 0, next: 0 }
const none: ReadonlyArray<string> = []
const isBefore = (a: Said.Place, b: Said.Place) => a.piece < b.piece || (a.piece === b.piece && a.offset < b.offset)

/** Makes the alignment of a call on which nothing was said yet. */
export const make = (): Spoken => {
  let pieces: Array<Said.Piece> = []
  let turns: Array<{ readonly turn: number; readonly piece: number }> = []
  let heardUpTo = start
  // Text up to here counts as spoken although it was not reported yet.
  let committedUpTo = heardUpTo
  let out = ""
  let linked = false
  // What was reported and fits nothing yet. It takes its place once a later report does.
  let foreign: Array<string> = []
  // The reports since the last `settle`, until they are so many that they have shown where they belong. Undefined then, and
  // where what was heard holds more than they say.
  let ambiguous: string | undefined = ""

  const ended = () => Said.settlePlace(pieces, heardUpTo) === undefined
  const current = () => (out !== "" ? out : foreign.length > 0 && ended() ? foreign.join("") : undefined)
  const append = (gap: string, text: string, apart: Apart | undefined) => {
    const space = apart !== undefined && (apart === "Turns" ? Said.adjoin : Said.runTogether)(out, text) ? " " : ""
    out += (linked ? gap || space : "") + text
    linked = true
  }
  const between = (from: Said.Place, to: { readonly piece: number }): Apart =>
    pieces[from.piece]!.turn === pieces[to.piece]!.turn ? "Words" : "Turns"

  /** Moves on to the end of a walk. Words are kept apart where the walk began with a jump, or a turn ends. */
  const accept = (step: Said.Walk, jumped: Apart | undefined) => {
    let apart = jumped
    for (const run of step.runs) {
      const begin: Said.Place = { piece: run.piece, offset: run.start, next: run.index }
      if (!isBefore(begin, committedUpTo)) {
        let gap = Said.gapBefore(pieces, heardUpTo, run)
        if (foreign.length > 0 && !isBefore(heardUpTo, committedUpTo)) {
          const next = Said.nextSolid(pieces, heardUpTo) ?? run
          append(Said.gapBefore(pieces, heardUpTo, next), foreign.join(" "), between(heardUpTo, next))
          // Where it replaced nothing it stands in the middle of one gap, which is not there twice.
          if (next.piece === run.piece && next.index === run.index && gap !== "") gap = " "
          apart ??= "Words"
        }
        const how = between(heardUpTo, run)
        // The emoji in the middle of another turn was heard where that was left.
        if (how === "Turns" && gap.trim() !== "" && !Said.beginsTurn(pieces, run)) gap = " "
        append(gap, pieces[run.piece]!.text.slice(run.start, run.end), how === "Turns" ? how : apart)
      }
      apart = undefined
      foreign = []
      heardUpTo = { piece: run.piece, offset: run.end, next: run.index }
    }
    heardUpTo = step.place
  }

  const jump = ({ from, lead, walk }: Jump) => {
    const apart = between(heardUpTo, from)
    heardUpTo = from
    if (lead === undefined) return accept(walk, apart)
    // What was heard so far is a part of this turn and not, with the spacing and the marks it has there, of an earlier one.
    out = ""
    linked = false
    foreign = []
    accept(lead, apart)
    accept(walk, undefined)
  }

  /**
   * Where a report fits the beginning of a later turn, alone or behind the reports before it: those may have fitted the
   * rest of an interrupted turn only because both go on with the same words. `better`: only behind them, and where all marks
   * are the same.
   */
  const atLaterTurn = (report: string, read: number, better = false): Jump | undefined => {
    const begins = turns.slice(-laterTurns).flatMap(({ piece }) => (piece > heardUpTo.piece ? { ...start, piece } : []))
    const reported = read === 0 && ambiguous ? [ambiguous] : []
    for (const before of better ? reported : [...reported, ""]) {
      for (const from of begins) {
        const lead = before === "" ? undefined : Said.walk(pieces, from, before, 0)
        if (lead !== undefined && lead.read < before.length) continue
        const walk = Said.walk(pieces, lead?.place ?? from, report, read)
        if (better && !(walk.exact && lead?.exact === true)) continue
        if (walk.read === report.length && walk.matched > 0) return { walk, from, lead }
      }
    }
    return undefined
  }

  const ahead = (
    report: string,
    read: number,
    limit = Infinity
  ): { whole?: Jump | undefined; part?: Said.Walk | undefined } => {
    const needle = Said.solidText(report, read)
    if (needle === "") return {}
    const found = Said.seek(pieces, heardUpTo, report, read, {
      needle,
      enough,
      furthest: Math.min(limit, reach(needle.length))
    })
    const fit = found.whole ?? found.loose
    const whole = fit && { walk: fit.walk, from: heardUpTo }
    if (found.whole !== undefined && found.whole.distance <= droppedWord) return { whole }
    return { whole: atLaterTurn(report, read) ?? whole, part: found.part?.walk }
  }

  /** The first offset behind `read` from which the report fits somewhere ahead. */
  const anchor = (report: string, read: number): number | undefined => {
    for (let i = read + 1; i < Math.min(report.length - 2, read + 40); i++) {
      const { part, whole } = ahead(report, i, anchorReach)
      if (part !== undefined || (whole !== undefined && whole.walk.matched >= 3)) return i
    }
    return undefined
  }

  const follow = (report: string) => {
    let read = 0
    while (read < report.length) {
      const here = Said.walk(pieces, heardUpTo, report, read)
      if (here.read === report.length) {
        const fits = Said.mayEnd(pieces, here.place, report)
        const later = fits && here.exact ? undefined : atLaterTurn(report, read, fits)
        if (later === undefined || !Said.mayEnd(pieces, later.walk.place, report)) return accept(here, undefined)
        return jump(later)
      }
      const { part, whole } = ahead(report, read)
      if (whole !== undefined) return jump(whole)
      // What counts already is not reported again in part.
      const late = isBefore(heardUpTo, committedUpTo)
      const strong = here.matched >= 3 || (!late && here.matched * 2 >= Said.solidText(report, read).length)
      const step = here.matched > 0 && strong ? here : part
      if (step !== undefined) {
        accept(step, step === part ? "Words" : undefined)
        read = step.read
        if (!ended()) continue
      }
      const next = ended() ? undefined : anchor(report, read)
      foreign.push(report.slice(read, next))
      if (next === undefined) return
      read = next
    }
  }

  /** Completes text that cannot be interrupted and has begun to be spoken. */
  const precommit = (): string => {
    const from = isBefore(heardUpTo, committedUpTo) ? committedUpTo : heardUpTo
    const piece = pieces[from.piece]
    if (piece === undefined || piece.interruptible || from.offset === 0 || from.offset >= piece.text.length) return ""
    let text = piece.text.slice(from.offset)
    let next = from.piece + 1
    for (; pieces[next]?.interruptible === false; next++) text += pieces[next]!.text
    committedUpTo = { piece: next, offset: 0, next: 0 }
    return text
  }

  const prune = () => {
    const count = heardUpTo.piece
    if (count < prunedAfter) return
    pieces = pieces.slice(count)
    turns = turns.slice(-laterTurns).map(({ piece, turn }) => ({ turn, piece: piece - count }))
    heardUpTo = { ...heardUpTo, piece: 0 }
    committedUpTo = { ...committedUpTo, piece: Math.max(-1, committedUpTo.piece - count) }
  }

  return {
    said: (text, { interruptible, turn }) => {
      if (text === "") return
      // What was passed on because nothing was left to fit it stays as it is.
      if (out === "" && foreign.length > 0 && ended()) {
        append("", foreign.join(""), undefined)
        foreign = []
      }
      if (turns.at(-1)?.turn !== turn) turns.push({ turn, piece: pieces.length })
      if (turns.length > 4 * laterTurns) turns = turns.slice(-laterTurns)
      pieces.push({ text, interruptible, turn, solid: undefined })
    },
    heard: (report) => {
      const before = current()
      if (pieces.length > 0) follow(report)
      else if (report !== "") foreign.push(report)
      if (ambiguous !== undefined) ambiguous = ambiguous.length < ambiguousLimit ? ambiguous + report : undefined
      if (foreign.length > foreignLimit) {
        append("", foreign.join(" "), "Words")
        foreign = []
      }
      prune()
      const now = current()
      return now === before ? undefined : now
    },
    settle: ({ final }) => {
      if (pieces.length === 0 && foreign.length === 0) return none
      const heard = current() ?? ""
      if (out === "" && heard !== "") foreign = []
      const text = heard + precommit()
      out = ""
      linked = false
      const rest = final ? foreign.join("") : ""
      if (final) foreign = []
      ambiguous = foreign.length > 0 ? undefined : ""
      if (text === "" && rest === "") return none
      return text === "" ? [rest] : rest === "" ? [text] : [text, rest]
    }
  }
}
