/**
 * Decides where a report continues in the text sent: right after the heard text, further ahead, or at a later turn.
 * Unmatched text waits as foreign words, which are placed once a later report is matched.
 */
import * as Align from "./alignment.ts"
import * as Heard from "./Heard.ts"
import * as Pieces from "./pieces.ts"
import * as Walk from "./walk.ts"

/**
 * How many unspoken characters a report of this length may skip. A short word is weak evidence: an "a" occurs
 * everywhere. Chosen so that any report can skip a dropped word or symbol, and a longer word a dropped paragraph.
 */
const reach = (length: number): number => [0, 8, 24, 80][length] ?? 1500

/** Number of characters that make a partial match worth following. */
const enough = 4
/** A jump no longer than this is a dropped word, and preferred to the beginning of a later turn. */
const droppedWord = 12
/** Number of later turns to compare a report with. Older ones were interrupted before they were spoken. */
const laterTurns = 16
/** How far ahead, in characters, to search for the rest of a report whose beginning matches nothing. */
const anchorReach = 160
/** Number of characters of a report that select candidate positions. */
const needleLength = 16
/** Comparisons that a report of this length may spend on the search: at most some 10 ms. */
const fuelFor = (length: number): number => 20_000 + 150 * Math.min(length, 4000)

/** Where a report continues: the position it follows, and the earlier reports that belong there too. */
interface Jump {
  readonly walk: Walk.Walk
  readonly from: Pieces.Place
  readonly lead?: Walk.Walk | undefined
}

/**
 * Number of characters after which a jump is final, number of alternatives to remember until then, and length of a report
 * that is compared with them: a longer one would cost its length for each.
 */
const forkLimit = { characters: 64, places: 8, report: 4000 }

/**
 * Jumps to a position where the report may end, and remembers the position left if the report matches there as well.
 * Returns whether there is such a position.
 */
const jumps = (self: Align.Alignment, here: Walk.Walk, report: string, read: number, to: Jump | undefined): boolean => {
  if (to === undefined || !Walk.mayEnd(self.pieces, to.walk.place, report)) return false
  const fitsBoth = read === 0 && here.read === report.length && Walk.mayEnd(self.pieces, here.place, report)
  if (fitsBoth)
    self.forks = [...self.forks, { before: Align.before(self), reports: report, age: report.length }].slice(
      -forkLimit.places
    )
  jump(self, to)
  return true
}

/** Follows a list of reports from a position. */
const follows = (
  pieces: ReadonlyArray<Pieces.Piece>,
  from: Pieces.Place,
  reports: string,
  fuel: Walk.Fuel
): Walk.Walk | undefined => {
  const walk = Walk.walk(pieces, from, reports, 0, fuel, "Free")
  return walk.read === reports.length && Walk.mayEnd(pieces, walk.place, reports) ? walk : undefined
}

/** Undoes a jump, if a report continues from before the jump but not from after it. */
const goesBack = (self: Align.Alignment, report: string, fuel: Walk.Fuel): boolean => {
  if (report.length > forkLimit.report) self.forks = []
  if (self.forks.length === 0) return false
  const { heardUpTo, pieces } = self
  const forks = self.forks.map((fork) => ({
    ...fork,
    reports: fork.reports + report,
    age: fork.age + report.length
  }))
  self.forks = forks.filter(({ age }) => age < forkLimit.characters)
  if (follows(pieces, heardUpTo, report, fuel) !== undefined) return false
  for (let index = forks.length - 1; index >= 0; index--) {
    const { before, reports } = forks[index]!
    const walk = follows(pieces, before.heardUpTo, reports, fuel)
    if (walk === undefined) continue
    self.forks = forks.slice(0, index)
    Align.goBack(self, before)
    Align.accept(self, walk, undefined)
    return true
  }
  self.forks = []
  return goesBackAndOn(self, forks, report, fuel)
}

/** Goes back to before a jump if the report continues somewhere ahead of that position, and nowhere ahead of this one. */
const goesBackAndOn = (
  self: Align.Alignment,
  forks: ReadonlyArray<Align.Fork>,
  report: string,
  fuel: Walk.Fuel
): boolean => {
  if (ahead(self, report, 0, fuel).whole !== undefined) return false
  for (const { before, reports } of forks.toReversed()) {
    const lead = follows(self.pieces, before.heardUpTo, reports.slice(0, -report.length), fuel)
    const next = lead && ahead({ ...self, heardUpTo: lead.place }, report, 0, fuel).whole
    if (lead === undefined || next === undefined) continue
    Align.goBack(self, before)
    Align.accept(self, lead, undefined)
    jump(self, next)
    return true
  }
  return false
}

/** The heard text is complete: its words keep their positions, and only later words may still move. */
export const settleForks = (self: Align.Alignment): void => {
  const { forks, pieces } = self
  if (forks.length === 0) return
  const fuel: Walk.Fuel = { left: 0, spent: 0 }
  self.forks = forks.flatMap(({ age, before, reports }) => {
    const walk = follows(pieces, before.heardUpTo, reports, fuel)
    if (walk === undefined) return []
    const heardUpTo = walk.place
    return [{ before: { ...before, heardUpTo, out: Heard.builder(), foreign: [], foreignLength: 0 }, reports: "", age }]
  })
  self.spent += fuel.spent
}

const jump = (self: Align.Alignment, { from, lead, walk }: Jump) => {
  // What was skipped parts the words like the end of a turn.
  const apart = from === self.heardUpTo ? Align.between(self, self.heardUpTo, from) : "Turns"
  self.heardUpTo = from
  if (lead === undefined) return Align.accept(self, walk, apart)
  // Whether the heard text, with its spacing and punctuation, occurs in this turn and not in an earlier one.
  Heard.clear(self.out)
  self.foreign = []
  self.foreignLength = 0
  Align.accept(self, lead, apart)
  Align.accept(self, walk, undefined)
}

/**
 * Matches a report with the beginning of a later turn, alone or together with earlier reports, which may have matched
 * the rest of an interrupted turn only because both continue with the same words. `better`: only together with them,
 * and with equal punctuation.
 */
const atLaterTurn = (
  { ambiguous, heardUpTo, pieces, turns }: Align.Alignment,
  report: string,
  read: number,
  fuel: Walk.Fuel,
  better = false
): Jump | undefined => {
  const next = Pieces.settlePlace(pieces, heardUpTo)?.piece ?? pieces.length
  // Cancelled turns come last, because they may never be spoken, except what is spoken all the same.
  const begins = turns
    .slice(-laterTurns)
    .flatMap(({ lastingFrom, piece, stopped }) => [
      { piece, spoken: !stopped || lastingFrom[0] === piece },
      // Text that follows directly is no jump.
      ...(stopped ? lastingFrom.flatMap((piece) => (piece > next ? [{ piece, spoken: true }] : [])) : [])
    ])
    .filter(({ piece }) => piece > heardUpTo.piece)
    .toSorted((a, b) => Number(b.spoken) - Number(a.spoken))
    .map(({ piece }) => ({ ...Align.start, piece }))
  const reported = read === 0 && ambiguous ? [ambiguous] : []
  for (const before of better ? reported : [...reported, ""]) {
    for (const from of begins) {
      const lead = before === "" ? undefined : Walk.walk(pieces, from, before, 0, fuel)
      if (lead !== undefined && lead.read < before.length) continue
      const walk = Walk.walk(pieces, lead?.place ?? from, report, read, fuel)
      if (better && !(walk.exact && lead?.exact === true)) continue
      if (walk.read === report.length && walk.matched > 0) return { walk, from, lead }
    }
  }
  return undefined
}

const ahead = (
  self: Align.Alignment,
  report: string,
  read: number,
  fuel: Walk.Fuel,
  limit = Infinity
): { whole?: Jump | undefined; part?: Walk.Walk | undefined } => {
  const needle = Pieces.solidText(report, read, needleLength)
  if (needle === "" || fuel.left <= 0) return {}
  const found = Walk.seek(self.pieces, self.heardUpTo, report, read, {
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

/** The first offset after `read` from which the report matches somewhere ahead. */
const anchor = (self: Align.Alignment, report: string, read: number, fuel: Walk.Fuel): number | undefined => {
  for (let i = read + 1; i < Math.min(report.length - 2, read + 40) && fuel.left > 0; i++) {
    const { part, whole } = ahead(self, report, i, fuel, anchorReach)
    if (part !== undefined || (whole !== undefined && whole.walk.matched >= 3)) return i
  }
  return undefined
}

/**
 * Whether a cancelled turn continues where the last report ended, with words that are not spoken regardless. They may
 * still be reported, but the words of a later turn take precedence.
 */
const inStopped = ({ heardUpTo, pieces, turns }: Align.Alignment): boolean => {
  const next = Pieces.settlePlace(pieces, heardUpTo)
  if (next === undefined || Pieces.isLasting(pieces[next.piece]!)) return false
  return turns.findLast(({ piece }) => piece <= next.piece)?.stopped === true
}

/** Takes a report: advances over matching text, and keeps the rest as foreign words. */
export const follow = (self: Align.Alignment, report: string): void => {
  const fuel: Walk.Fuel = { left: fuelFor(report.length), spent: 0 }
  if (!goesBack(self, report, fuel)) advance(self, report, fuel)
  self.spent += fuel.spent
}

const advance = (self: Align.Alignment, report: string, fuel: Walk.Fuel) => {
  const { pieces } = self
  let read = 0
  while (read < report.length) {
    const here = Walk.walk(pieces, self.heardUpTo, report, read, fuel, "Free")
    if (inStopped(self) && jumps(self, here, report, read, atLaterTurn(self, report, read, fuel))) return
    if (here.read === report.length) {
      const fits = Walk.mayEnd(pieces, here.place, report)
      const later = fits && here.exact ? undefined : atLaterTurn(self, report, read, fuel, fits)
      if (!jumps(self, here, report, read, later)) Align.accept(self, here, undefined)
      return
    }
    // The report covers the rest of a text that counts already, and goes on elsewhere, unless all of it begins a later turn.
    if (here.matched > 0 && Align.isCounted(self) && !Align.isCounted(self, here.place)) {
      if (jumps(self, here, report, read, atLaterTurn(self, report, read, fuel))) return
      Align.accept(self, here, undefined)
      read = here.read
      continue
    }
    const { part, whole } = ahead(self, report, read, fuel)
    if (whole !== undefined) return jump(self, whole)
    // Text already committed as spoken never arrives as a partial report.
    const late = Align.isCounted(self)
    const half = () => here.matched * 2 >= Pieces.solidText(report, read, here.matched * 2 + 1).length
    const strong = here.matched >= 3 || (!late && half())
    const step = here.matched > 0 && strong ? here : part
    if (step !== undefined) {
      Align.accept(self, step, step === part ? "Words" : undefined)
      read = step.read
      if (!Align.isOver(self)) continue
    }
    const next = Align.isOver(self) ? undefined : anchor(self, report, read, fuel)
    Align.addForeign(self, report.slice(read, next))
    if (next === undefined) return
    read = next
  }
}
