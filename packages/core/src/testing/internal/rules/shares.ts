/**
 * Rule 12: a call takes no more than its share. What it does by itself is bounded by what it was told to do: a turn for each
 * event that starts one, an event for each failure and each result, and a few lines of log for each of them.
 *
 * Memory, sockets and processor time do not show on a call; the bounds of a server hold them.
 */
import type { Entry } from "../time/happening.ts"
import * as Rule from "./rule.ts"
import * as Situation from "./situation.ts"

interface Counts {
  /** Reports, turns and pieces of background work: what may give the call something to say. */
  readonly causes: number
  readonly logged: number
  /** Turns that were started at this moment, and nothing was reported meanwhile. */
  readonly turnsAtOnce: number
}

/** Lines of log for each report, turn, and piece of work. */
const linesForEach = 3
/** Turns that a call may start at one moment out of itself, beside those for results that come at it. */
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
