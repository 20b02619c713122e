/** Rule 8: when a call ends, it is over, within a bound. */
import type * as Played from "../../Played.ts"
import type { Entry } from "../time/happening.ts"
import * as Rule from "./rule.ts"
import * as Situation from "./situation.ts"

const { unless } = Rule

/** What must not begin once the call has ended. */
const beginnings: ReadonlySet<Entry["_tag"]> = new Set([
  "TurnStarted",
  "Stepped",
  "RegionEntered",
  "WorkStarted",
  "Sending",
  "Sent"
])

export const rule = Rule.stateless(8, (observation) => {
  switch (observation._tag) {
    case "Passes":
      return []
    case "Over":
      return onRecord(observation.call, observation.now)
    case "Happened": {
      const { before, entry } = observation
      return [
        ...unless(
          before.endedAt === undefined || !beginnings.has(entry._tag),
          `${entry._tag} after the end of the call`
        ),
        ...happened(before, entry)
      ]
    }
  }
})

const happened = (before: Situation.Situation, entry: Entry): ReadonlyArray<string> => {
  const gone = before.hungUpAt !== undefined
  switch (entry._tag) {
    case "Sending":
      return unless(!gone, `turn ${entry.turn} sent something after the caller had gone`)
    case "Sent": {
      const what = "text" in entry.output ? `“${entry.output.text}”` : entry.output._tag
      return unless(!gone, `turn ${entry.turn} sent ${what} after the caller had gone`)
    }
    case "Decided": {
      const { event } = entry
      const isTheEnd = event._tag === "CallEnded"
      // What a slow filter was still deciding on when the caller went is of no consequence.
      if (gone && !isTheEnd && before.deciding.has(event.eventId)) return []
      if (before.endedAt !== undefined) return [`${event._tag} was decided on after the end`]
      return unless(!gone || isTheEnd, `${event._tag} was decided on after the caller had gone`)
    }
    case "Ended":
      return ended(before)
    case "Closed": {
      const alive = [...before.turns.values()].some(({ overAt }) => overAt === undefined) || before.working.size > 0
      return unless(alive || entry.fibers === 0, `${entry.fibers} fibers are left when the call's scope has closed`)
    }
    default:
      return []
  }
}

const ended = (before: Situation.Situation): ReadonlyArray<string> => {
  const { at, cancelGrace, endGrace, endedAt, finishedAt, handled, hungUpAt, wanted } = before
  if (endedAt !== undefined) return ["the end came twice"]
  if (hungUpAt === undefined) return ["the call ended, and nobody had hung up"]
  const turn = Situation.current(before)
  const cut = hungUpAt + endGrace
  const heldUp = turn !== undefined && (turn.overAt ?? cut) >= cut && (turn.closedAt ?? cut) + cancelGrace >= cut
  const isDropped = wanted !== undefined && !(wanted.event._tag === "CallEnded" && heldUp)
  const freeAt = handled ? Math.min(turn!.overAt ?? cut, cut) : cut
  return [
    ...unless(handled || !isDropped, "the end was not handled"),
    ...unless(!handled || at >= freeAt, "the handling of the end was cut before its grace"),
    ...unless(at <= freeAt + cancelGrace, `the end took ${at - hungUpAt} ms`),
    ...unless(!handled || [freeAt, freeAt + cancelGrace, finishedAt].includes(at), "the end was not prompt")
  ]
}

const onRecord = ({ history: { events } }: Played.Played, now: Situation.Situation): ReadonlyArray<string> => {
  if (now.cutOff) return []
  const ends = events.filter(({ _tag }) => _tag === "CallEnded").length
  return [
    ...unless(now.endedAt !== undefined, "the call does not end"),
    ...unless(now.edited || events.at(-1)?._tag === "CallEnded", `the last event is ${events.at(-1)?._tag}`),
    ...unless(now.edited || ends === 1, "the call did not end once in its history")
  ]
}
