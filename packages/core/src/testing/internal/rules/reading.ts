/** Rule 2: reading never waits, neither for a turn or its cleanup nor for a filter. */
import type { Entry } from "../time/happening.ts"
import * as Rule from "./rule.ts"
import * as Situation from "./situation.ts"

/** Reports not decided on by any filter yet, with their tags. */
type Unseen = ReadonlyMap<string, string>

export const rule = Rule.make<Unseen>(2, {
  start: new Map(),
  step: (unseen, observation) => {
    if (observation._tag === "Over") return [unseen]
    const { now } = observation
    if (observation._tag === "Passes") {
      if (now.hungUpAt !== undefined || now.failed) return [unseen]
      return [
        unseen,
        ...Rule.unless(now.reading === undefined, `time passes while ${now.reading} is being read`),
        ...[...unseen].map(([id, tag]) => `${id} (${tag}) was not looked at while time passed`)
      ]
    }
    const { before, entry } = observation
    const looked = Situation.lookedAt(before, entry)
    if (looked !== undefined) return [without(unseen, looked.eventId)]
    switch (entry._tag) {
      case "Reported":
        return [isEvent(before, entry) ? new Map(unseen).set(entry.eventId, entry.report._tag) : unseen]
      case "Taken":
        return [unseen, ...Rule.unless(!unseen.has(entry.eventId), `${entry.eventId} was taken and not looked at`)]
      case "CallFailed":
      case "HungUp":
        return [new Map()]
      default:
        return [unseen]
    }
  }
})

/** Whether a report is an event that the filters are asked about, by its id. */
const isEvent = (before: Situation.Situation, entry: Extract<Entry, { readonly _tag: "Reported" }>): boolean => {
  if (before.hungUpAt !== undefined || before.failed || Situation.commits(before, entry)) return false
  switch (entry.report._tag) {
    // A report of speech without news is not an event.
    case "AgentTextSent":
    case "UserTurnCommitted":
    case "UserTurnResumed":
    case "UserTurnWithdrawn":
      return false
    case "UserTurnStarted":
    case "UserTextSent":
    case "UserDtmfSent":
    case "UserTurnEnded":
    case "UserTurnAbandoned":
    case "UserTurnRevised":
    case "UserSilent":
    case "UserCustomSent":
    case "AgentTurnStarted":
    case "AgentDtmfSent":
    case "AgentTurnEnded":
      return true
  }
}

const without = (unseen: Unseen, id: string): Unseen => {
  if (!unseen.has(id)) return unseen
  const rest = new Map(unseen)
  rest.delete(id)
  return rest
}
