/**
 * Rule 1: at most one turn runs, a closed turn sends nothing, and no output is recorded as sent unless it was handed
 * over.
 */
import type * as Played from "../../Played.ts"
import type { Entry } from "../time/happening.ts"
import * as Rule from "./rule.ts"
import * as Situation from "./situation.ts"
import * as TurnState from "./turnState.ts"

type EntryOf<Tag extends Entry["_tag"]> = Extract<Entry, { readonly _tag: Tag }>
const { unless } = Rule

/** The last outcome of each turn that the harness was told. */
type Told = ReadonlyMap<number, EntryOf<"TurnTold">["change"]>

export const rule = Rule.make<Told>(1, {
  start: new Map(),
  step: (told, observation) => {
    switch (observation._tag) {
      case "Passes":
        return [told, ...unanswered(observation.now, observation.until)]
      case "Over":
        return [told, ...inTheEnd(told, observation.call, observation.now)]
      case "Happened": {
        const { before, entry } = observation
        switch (entry._tag) {
          case "TurnStarted":
            return [told, ...started(before, entry)]
          case "TurnTold":
            return tell(told, before, entry)
          case "Sent":
            return [told, ...sent(told, before, entry)]
          case "Stepped": {
            const turn = Situation.turn(before, entry.turn)
            return [
              told,
              ...unless(
                turn === undefined || TurnState.isOpen(turn, before.at),
                `turn ${entry.turn} went on with a step after it was closed`
              )
            ]
          }
          default:
            return [told]
        }
      }
    }
  }
})

const started = (before: Situation.Situation, { trigger, turn: id }: EntryOf<"TurnStarted">): ReadonlyArray<string> => {
  const beside = Situation.running(before).filter(({ late }) => !late)
  const startsAt = Math.max(before.wanted?.at ?? before.at, Situation.freeAt(before))
  return [
    ...unless(
      before.wanted?.event.eventId === trigger.eventId,
      `turn ${id} was started by an event that none waits for`
    ),
    ...beside.flatMap((other) => [
      ...unless(other.closedAt !== undefined, `turn ${id} started while turn ${other.id} ran`),
      ...unless(
        before.at >= TurnState.freeAt(other, before.cancelGrace),
        `turn ${id} started before turn ${other.id} had cleaned up or had its grace`
      )
    ]),
    ...unless(
      before.wanted?.gathers === true || before.at === startsAt,
      `turn ${id} started at ${before.at} ms, not at ${startsAt} ms`
    )
  ]
}

const tell = (told: Told, before: Situation.Situation, { change, turn }: EntryOf<"TurnTold">): Rule.Step<Told> => {
  // A turn that never started has no number.
  if (turn === 0) return [told]
  const last = told.get(turn)
  const isInOrder = change === "Started" ? last === undefined : last === "Started"
  const state = Situation.turn(before, turn)
  const isStopped = state?.stoppedAt !== undefined || before.hungUpAt !== undefined
  return [
    new Map(told).set(turn, change),
    ...unless(isInOrder, `the harness was told that turn ${turn} is ${change}, after ${last ?? "nothing"}`),
    ...unless(
      change !== "Cancelled" || isStopped,
      `the harness was told that turn ${turn} is cancelled, and nothing had stopped it`
    )
  ]
}

const sent = (
  told: Told,
  before: Situation.Situation,
  { output, turn: id }: EntryOf<"Sent">
): ReadonlyArray<string> => {
  if (Situation.isHolding(before, output)) return []
  const turn = Situation.turn(before, id)
  const what = "text" in output ? `“${output.text}”` : output._tag
  if (turn === undefined) return unless(id === 0 && hasSession(before), `${what} was sent by no turn`)
  const { at } = before
  return [
    ...unless(turn.regionFailed || TurnState.isOpen(turn, at), `turn ${id} sent ${what} after it was closed`),
    ...unless(id === before.current, `turn ${id} sent ${what} beside another turn`),
    ...unless(
      before.draft !== turn.trigger.eventId,
      `turn ${id} sent ${what} before its caller's turn was sure to count`
    ),
    ...unless(told.get(id) === "Started", `turn ${id} sent ${what}, and its harness did not know that it ran`)
  ]
}

/** The session of an agent speaks between turns. */
const hasSession = ({ policies }: Situation.Situation): boolean =>
  "session" in policies && policies.session !== undefined

const unanswered = (now: Situation.Situation, until: number): ReadonlyArray<string> => {
  if (now.wanted === undefined || now.wanted.gathers || now.hungUpAt !== undefined) return []
  return unless(until <= Situation.freeAt(now), `nothing runs, and ${now.wanted.event._tag} is not answered`)
}

const inTheEnd = (told: Told, call: Played.Played, now: Situation.Situation): ReadonlyArray<string> => {
  const open = now.cutOff ? [] : [...told].filter(([, change]) => change === "Started")
  return [
    ...open.map(([turn]) => `the harness was not told how turn ${turn} ended`),
    ...traces(call, now),
    ...neverHandedOver(call, now)
  ]
}

/** Traces of retracted turns in the history. */
const traces = ({ history }: Played.Played, now: Situation.Situation): ReadonlyArray<string> =>
  history.entries.flatMap(({ item, turn }) => {
    const trigger = Situation.turn(now, turn)?.trigger.eventId
    if ("eventId" in item && now.dropped.has(item.eventId))
      return [`${item.eventId} was taken back, and is on the record`]
    if (Situation.isHolding(now, item)) return []
    return trigger !== undefined && now.dropped.has(trigger)
      ? [`turn ${turn} was taken back, and has left ${item._tag}`]
      : []
  })

/** Texts recorded for turns that ended before the call, but never handed to the harness. */
const neverHandedOver = (call: Played.Played, now: Situation.Situation): ReadonlyArray<string> => {
  const seen = new Map<string, number>()
  const key = (turn: number, text: string) => `${turn} ${text}`
  for (const entry of call.entries) {
    const outputs = entry._tag === "Sending" ? entry.outputs : entry._tag === "Kept" ? [entry.output] : []
    // An output to a slow harness appears twice: when it was handed over, and when it arrived.
    const sent = entry._tag === "Sent" ? [entry.output] : []
    for (const output of [...outputs, ...sent]) {
      if (output._tag !== "AgentSendText" || !("turn" in entry)) continue
      seen.set(key(entry.turn, output.text), (seen.get(key(entry.turn, output.text)) ?? 0) + 1)
    }
  }
  return call.history.entries.flatMap(({ item, turn }) => {
    const closedAt = Situation.turn(now, turn)?.closedAt ?? Situation.turn(now, turn)?.overAt
    if (
      item._tag !== "AgentSendText" ||
      Situation.isHolding(now, item) ||
      closedAt === undefined ||
      closedAt >= (now.hungUpAt ?? Infinity)
    )
      return []
    const left = seen.get(key(turn, item.text)) ?? 0
    seen.set(key(turn, item.text), left - 1)
    return unless(left > 0, `“${item.text}” of turn ${turn} is on the record, and was never handed over`)
  })
}
