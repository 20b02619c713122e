/** Rule 7: the result of background work comes exactly once, when its delivery says so, and is answered in one turn. */
import * as Duration from "effect/Duration"
import type * as Event from "../../../Event.ts"
import type * as History from "../../../History.ts"
import type { Entry } from "../time/happening.ts"
import * as Rule from "./rule.ts"
import * as Situation from "./situation.ts"
import * as Speech from "./speech.ts"
import * as TurnState from "./turnState.ts"

type EntryOf<Tag extends Entry["_tag"]> = Extract<Entry, { readonly _tag: Tag }>
const { unless } = Rule

/** A result that has not been delivered. */
interface Result {
  readonly key: string
  readonly delivery: EntryOf<"WorkEnded">["delivery"]
  readonly outcome: EntryOf<"WorkEnded">["outcome"]
  readonly at: number
}

interface Delivered {
  readonly key: string
  readonly at: number
}

interface Results {
  readonly pending: ReadonlyArray<Result>
  readonly delivered: ReadonlyArray<Delivered>
  /** The results that must be delivered to the next turn. */
  readonly expected: ReadonlyArray<Delivered>
  /** The ids of the results that a turn has responded to. */
  readonly answered: ReadonlySet<string>
}

export const rule = Rule.make<Results>(7, {
  start: { pending: [], delivered: [], expected: [], answered: new Set() },
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

const returnedIn = ({ events }: History.History) =>
  events.flatMap((event) => (event._tag === "BackgroundReturned" ? [Situation.keyOf(event)] : []))

const deliver = (results: Results, now: ReadonlyArray<Result>, at: number): Results => ({
  ...results,
  pending: results.pending.filter((one) => !now.includes(one)),
  delivered: [...results.delivered, ...now.map(({ key }) => ({ key, at }))]
})

const happened = (results: Results, before: Situation.Situation, entry: Entry): Rule.Step<Results> => {
  switch (entry._tag) {
    case "WorkEnded": {
      if (before.hungUpAt !== undefined) return [results]
      const { delivery, outcome } = entry
      const result = { key: Situation.keyOf(entry), delivery, outcome, at: before.at }
      return [{ ...results, pending: [...results.pending, result] }]
    }
    case "Deciding":
    case "Decided":
      return looked(results, before, entry)
    case "TurnStarted":
      return turnStarted(results, before, entry)
    case "HungUp":
      return [entry.by === "connection" ? results : deliver(results, results.pending, before.at)]
    default:
      return [results]
  }
}

const looked = (
  results: Results,
  before: Situation.Situation,
  entry: EntryOf<"Deciding"> | EntryOf<"Decided">
): Rule.Step<Results> => {
  const event = Situation.lookedAt(before, entry)
  const [next, ...broken] =
    event?._tag === "BackgroundReturned" && before.hungUpAt === undefined
      ? returned(results, before, event)
      : ([results] as const)
  if (entry._tag === "Deciding" || entry.decision !== "Run" || !Situation.counts(before, entry))
    return [next, ...broken]
  const held = next.pending.filter(({ delivery }) => delivery === "nextTurn")
  const after = deliver(next, held, before.at)
  return [{ ...after, expected: after.delivered }, ...broken]
}

const turnStarted = (
  results: Results,
  before: Situation.Situation,
  { history, triggers, turn }: EntryOf<"TurnStarted">
): Rule.Step<Results> => {
  const answered = new Set(results.answered)
  const again: Array<string> = []
  for (const event of triggers) {
    if (event._tag !== "BackgroundReturned") continue
    if (answered.has(event.eventId)) again.push(`turn ${turn} answers ${Situation.keyOf(event)} once more`)
    answered.add(event.eventId)
  }
  const seen = new Set(returnedIn(history))
  // Results that wait for a turn come with it. If several results started the turn, the time of taking them is unknown.
  const waited = results.pending.filter(({ delivery, key }) => delivery === "nextTurn" && seen.has(key))
  const next = deliver({ ...results, answered }, waited, before.at)
  // The turn may also see results that arrived after its event was decided on.
  if (before.wanted === undefined || before.editedAt !== undefined) return [next, ...again]
  const delivered = new Set(next.delivered.map(({ key }) => key))
  const missing = results.expected.flatMap(({ key }) => (seen.has(key) ? [] : [key]))
  const tooMany = [...seen].filter((key) => !delivered.has(key))
  return [
    next,
    ...again,
    ...unless(missing.length === 0, `turn ${turn} does not see the results [${missing.join(", ")}]`),
    ...unless(tooMany.length === 0, `turn ${turn} sees the results [${tooMany.join(", ")}], which were not delivered`)
  ]
}

const returned = (
  results: Results,
  before: Situation.Situation,
  event: Event.BackgroundReturned
): Rule.Step<Results> => {
  const key = Situation.keyOf(event)
  const result = results.pending.find((one) => one.key === key)
  if (result === undefined) return [results, `${key} was delivered twice, or out of nothing`]
  const next = deliver(results, [result], before.at)
  const outcome = unless(
    event.outcome === (result.outcome === "Returned" ? "Returned" : "Failed"),
    `${key} has ended: ${result.outcome}, and comes as ${event.outcome}`
  )
  switch (result.delivery) {
    case "immediate":
      return [next, ...outcome, ...unless(before.at === result.at, `${key} came late`)]
    case "nextTurn":
      return [next, ...outcome, `${key} came by itself, not with a turn`]
    case "whenIdle":
      return [next, ...outcome, ...(isImpatient(before, result) ? [] : intoTheConversation(results, before, key))]
  }
}

const isImpatient = ({ at, patience }: Situation.Situation, result: Result): boolean => at === result.at + patience

/** Whether a turn counts, so that its speech will still be heard. */
const isHeard =
  (now: Situation.Situation) =>
  (id: number): boolean => {
    const turn = Situation.turn(now, id)
    return turn?.closedAt === undefined && turn?.withdrawn !== true
  }

const intoTheConversation = (
  { answered, delivered }: Results,
  before: Situation.Situation,
  key: string
): ReadonlyArray<string> => {
  const { at, speech, wanted } = before
  // Simultaneous results are delivered one by one at the same moment, and start a single turn.
  const isTogether =
    wanted?.event._tag === "BackgroundReturned" &&
    wanted.at === at &&
    delivered.at(-1)?.at === at &&
    !answered.has(wanted.event.eventId)
  // A harness that has reported no speech so far is assumed never to do so.
  const isMute = !speech.reportsSpeech && at >= Duration.toMillis(before.policies.firstSound)
  const isFree = isTogether || (wanted === undefined && at >= Situation.freeAt(before))
  return [
    ...unless(!Speech.isTalking(speech) && isFree, `${key} came into the conversation`),
    ...unless(
      !speech.honest || isMute || Speech.pending(speech, isHeard(before)) === 0,
      `${key} came before what was said had been heard`
    )
  ]
}

/** Results that should have been delivered by the end of this moment. */
const overdue = ({ pending }: Results, now: Situation.Situation): ReadonlyArray<string> => {
  if (now.hungUpAt !== undefined || now.failed) return []
  const turn = Situation.current(now)
  const hasLeft = turn === undefined || TurnState.hasLeft(turn, now.cancelGrace, now.at)
  const isFree = now.wanted === undefined && hasLeft
  const isSilent = !Speech.isTalking(now.speech) && Speech.pending(now.speech, () => true) === 0
  // If the phone distorted words, the heard text is uncertain. A pending filter delays silence.
  const mustUse = isFree && isSilent && now.speech.honest && now.deciding.size === 0
  return pending.flatMap(({ at, delivery, key }) => {
    if (delivery === "immediate") return [`${key} did not come at once`]
    if (delivery === "nextTurn") return []
    return [
      ...unless(!mustUse, `${key} did not use the silence`),
      ...unless(now.at <= at + now.patience, `${key} lost its patience and did not come`)
    ]
  })
}

const onRecord = (
  { delivered }: Results,
  history: History.History,
  now: Situation.Situation
): ReadonlyArray<string> => {
  if (now.cutOff) return []
  const returned = countsOf(returnedIn(history))
  const expected = countsOf(delivered.map(({ key }) => key))
  return [
    ...delivered.flatMap(({ at, key }) => {
      const times = returned.get(key) ?? 0
      return unless(
        times === expected.get(key) || !Situation.isTold(now, at),
        `the history has the result of ${key} ${times} times`
      )
    }),
    ...[...returned.keys()].flatMap((key) =>
      unless(expected.has(key), `the history has the result of ${key}, which was not delivered`)
    )
  ]
}

const countsOf = (keys: ReadonlyArray<string>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}
