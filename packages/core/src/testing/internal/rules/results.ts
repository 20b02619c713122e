/** Rule 7: the result of background work comes exactly once, when its delivery says so. */
import type * as Event from "../../../Event.ts"
import type * as History from "../../../History.ts"
import type { Entry } from "../time/happening.ts"
import * as Rule from "./rule.ts"
import * as Situation from "./situation.ts"

const { unless } = Rule

/** A result that has not been delivered. */
interface Result {
  readonly key: string
  readonly delivery: Extract<Entry, { readonly _tag: "WorkEnded" }>["delivery"]
  readonly at: number
}

interface Results {
  readonly pending: ReadonlyArray<Result>
  /** The keys of what was delivered, in order. */
  readonly delivered: ReadonlyArray<string>
  /** What the turn that is to start next must find delivered. */
  readonly expected: ReadonlyArray<string>
}

export const rule = Rule.make<Results>(7, {
  start: { pending: [], delivered: [], expected: [] },
  step: (results, observation) => {
    switch (observation._tag) {
      case "Passes":
        return [results, ...overdue(results, observation.now)]
      case "Over":
        return [results, ...onRecord(results, observation.call.history, observation.now)]
      case "Happened":
        return happened(results, observation.before, observation.entry)
    }
  }
})

const sorted = (keys: Iterable<string>) => [...keys].toSorted().join(", ")
const returnedIn = ({ events }: History.History) =>
  events.flatMap((event) => (event._tag === "BackgroundReturned" ? [Situation.keyOf(event)] : []))

const deliver = ({ delivered, expected, pending }: Results, results: ReadonlyArray<Result>): Results => ({
  pending: pending.filter((one) => !results.includes(one)),
  delivered: [...delivered, ...results.map(({ key }) => key)],
  expected
})

const happened = (results: Results, before: Situation.Situation, entry: Entry): Rule.Step<Results> => {
  switch (entry._tag) {
    case "WorkEnded": {
      if (before.hungUpAt !== undefined) return [results]
      const result = { key: Situation.keyOf(entry), delivery: entry.delivery, at: before.at }
      return [{ ...results, pending: [...results.pending, result] }]
    }
    case "Deciding":
    case "Decided": {
      const looked = Situation.lookedAt(before, entry)
      const [next, ...broken] =
        looked?._tag === "BackgroundReturned" && before.hungUpAt === undefined
          ? returned(results, before, looked)
          : ([results] as const)
      if (entry._tag === "Deciding" || entry.decision !== "Run" || !Situation.counts(before, entry))
        return [next, ...broken]
      const held = next.pending.filter(({ delivery }) => delivery === "nextTurn")
      const after = deliver(next, held)
      return [{ ...after, expected: after.delivered }, ...broken]
    }
    case "TurnStarted": {
      // An edited history says nothing, and where filters take their time a result may come between.
      if (before.wanted === undefined || before.edited || before.slow) return [results]
      const seen = sorted(returnedIn(entry.history))
      const expected = sorted(results.expected)
      return [results, ...unless(seen === expected, `turn ${entry.turn} sees the results [${seen}], not [${expected}]`)]
    }
    case "HungUp":
      return [entry.by === "connection" ? results : deliver(results, results.pending)]
    default:
      return [results]
  }
}

const returned = (
  results: Results,
  before: Situation.Situation,
  event: Event.InputOf<"BackgroundReturned">
): Rule.Step<Results> => {
  const key = Situation.keyOf(event)
  const result = results.pending.find((one) => one.key === key)
  if (result === undefined) return [results, `${key} was delivered twice, or out of nothing`]
  const next = deliver(results, [result])
  if (before.slow) return [next]
  switch (result.delivery) {
    case "immediate":
      return [next, ...unless(before.at === result.at, `${key} came late`)]
    case "nextTurn":
      return [next, `${key} came by itself, not with a turn`]
    case "whenIdle": {
      const impatient = before.at === result.at + before.patience
      return [
        next,
        ...unless(impatient || (!talking(before) && mayBeFree(before)), `${key} came into the conversation`)
      ]
    }
  }
}

const talking = ({ agentSpeaking, userSpeaking }: Situation.Situation) => userSpeaking || agentSpeaking

/** Whether no turn may be running: at the very end of its grace, one may or may not. */
const mayBeFree = (now: Situation.Situation) => {
  const turn = Situation.current(now)
  return now.wanted === undefined && (turn === undefined || turn.overAt !== undefined || Situation.expired(now, turn))
}

/** Whether certainly no turn runs. */
const isFree = (now: Situation.Situation) => {
  const turn = Situation.current(now)
  const hasLeft =
    turn === undefined ||
    turn.overAt !== undefined ||
    (turn.closedAt !== undefined && now.at > turn.closedAt + now.cancelGrace)
  return now.wanted === undefined && hasLeft
}

/** Results that should have come by the time this moment is over. */
const overdue = ({ pending }: Results, now: Situation.Situation): ReadonlyArray<string> => {
  if (now.hungUpAt !== undefined || now.slow) return []
  return pending.flatMap(({ at, delivery, key }) => {
    if (delivery === "immediate") return [`${key} did not come at once`]
    if (delivery === "nextTurn") return []
    return [
      ...unless(talking(now) || !isFree(now), `${key} did not use the silence`),
      ...unless(now.at <= at + now.patience, `${key} lost its patience and did not come`)
    ]
  })
}

const onRecord = (
  { delivered }: Results,
  history: History.History,
  now: Situation.Situation
): ReadonlyArray<string> => {
  if (now.cutOff || now.edited) return []
  const names = sorted(returnedIn(history))
  const expected = sorted(delivered)
  return unless(names === expected, `the history has the results [${names}], not [${expected}]`)
}
