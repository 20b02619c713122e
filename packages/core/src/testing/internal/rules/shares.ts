/**
 * Rule 12: a call takes no more than its share. Its activity is bounded by its input: a turn for each event that starts
 * one, an event for each failure and each result, and a few log lines for each of them.
 *
 * Memory, sockets and processor time are not visible here; the limits of a server bound them.
 */
import type { Entry } from "../time/happening.ts"
import * as Rule from "./rule.ts"
import * as Situation from "./situation.ts"

interface Counts {
  /** Number of reports, turns and pieces of background work, each of which may cause output. */
  readonly causes: number
  readonly logged: number
  /** Number of turns started at this moment without a report in between. */
  readonly turnsAtOnce: number
}

/** Log lines allowed for each report, turn, and piece of work. */
const linesForEach = 3
/** Turns that a call may start at one moment by itself, in addition to those for results. */
const turnsAtOnce = 8

export const rule = Rule.make<Counts>(12, {
  start: { causes: 1, logged: 0, turnsAtOnce: 0 },
  step: (counts, observation) => {
    switch (observation._tag) {
      case "Passes":
        return [{ ...counts, turnsAtOnce: 0 }]
      case "Over":
        return [counts]
      case "Happened":
        return happened(counts, observation.before, observation.entry)
    }
  }
})

const happened = (counts: Counts, before: Situation.Situation, entry: Entry): Rule.Step<Counts> => {
  switch (entry._tag) {
    case "Reported":
      return [{ ...counts, causes: counts.causes + 1, turnsAtOnce: 0 }]
    case "WorkEnded":
      return [{ ...counts, causes: counts.causes + 1, turnsAtOnce: Math.max(0, counts.turnsAtOnce - 1) }]
    case "TurnStarted": {
      const started = counts.turnsAtOnce + 1
      return [
        { ...counts, causes: counts.causes + 1, turnsAtOnce: started },
        ...Rule.unless(started !== turnsAtOnce + 1, `more than ${turnsAtOnce} turns started at once, out of nothing`)
      ]
    }
    case "Logged": {
      const logged = counts.logged + 1
      const most = linesForEach * (counts.causes + before.asked)
      return [
        { ...counts, logged },
        ...Rule.unless(logged <= most, `${logged} lines of log for ${counts.causes} causes`)
      ]
    }
    default:
      return [counts]
  }
}
