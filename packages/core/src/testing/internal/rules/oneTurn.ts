/** Rule 1: at most one turn runs, and nothing of a closed turn gets out. */
import type { Entry } from "../time/happening.ts"
import * as Rule from "./rule.ts"
import * as Situation from "./situation.ts"

const { unless } = Rule

export const rule = Rule.stateless(1, (observation) => {
  if (observation._tag === "Passes") return unanswered(observation.now, observation.until)
  if (observation._tag !== "Happened") return []
  const { before, entry } = observation
  switch (entry._tag) {
    case "TurnStarted":
      return started(before, entry)
    case "Sent":
      return sent(before, entry)
    case "Stepped":
      return unless(
        before.turns.get(entry.turn)?.closedAt === undefined,
        `turn ${entry.turn} went on with a step after it was closed`
      )
    default:
      return []
  }
})

/** When the turn that is wanted can start: when it was asked for, once the one before is over or has had its grace. */
const startsAt = (before: Situation.Situation): number => {
  const last = Situation.current(before)
  const free =
    last === undefined ? 0 : Math.min(last.overAt ?? Infinity, (last.closedAt ?? Infinity) + before.cancelGrace)
  return Math.max(before.wanted?.at ?? before.at, free)
}

const started = (
  before: Situation.Situation,
  { trigger, turn: id }: Extract<Entry, { readonly _tag: "TurnStarted" }>
): ReadonlyArray<string> => {
  const beside = [...before.turns.values()].filter(({ late, overAt }) => overAt === undefined && !late)
  return [
    ...unless(
      before.wanted?.event.eventId === trigger.eventId,
      `turn ${id} was started by an event that none waits for`
    ),
    ...beside.flatMap((other) => [
      ...unless(other.closedAt !== undefined, `turn ${id} started while turn ${other.id} ran`),
      ...unless(
        Situation.expired(before, other),
        `turn ${id} started before turn ${other.id} had cleaned up or had its grace`
      )
    ]),
    ...unless(before.at === startsAt(before), `turn ${id} started at ${before.at} ms, not at ${startsAt(before)} ms`)
  ]
}

const sent = (
  before: Situation.Situation,
  { output, turn: id }: Extract<Entry, { readonly _tag: "Sent" }>
): ReadonlyArray<string> => {
  const turn = before.turns.get(id)
  if (turn === undefined) return ["something was sent by no turn"]
  const what = "text" in output ? `“${output.text}”` : output._tag
  return [
    ...unless(turn.closedAt === undefined, `turn ${id} sent ${what} after it was closed`),
    ...unless(id === before.current, `turn ${id} sent ${what} beside another turn`)
  ]
}

const unanswered = (now: Situation.Situation, until: number): ReadonlyArray<string> => {
  if (now.wanted === undefined || now.hungUpAt !== undefined) return []
  const last = Situation.current(now)
  const free =
    last === undefined ||
    last.overAt !== undefined ||
    (last.closedAt !== undefined && until > last.closedAt + now.cancelGrace)
  return unless(!free, `nothing runs, and ${now.wanted.event._tag} is not answered`)
}
