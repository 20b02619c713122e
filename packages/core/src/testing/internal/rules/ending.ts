/** Rule 8: when a call ends, it is over: the running turn is stopped, and handling the end has a time limit. */
import type * as Played from "../../Played.ts"
import type { Entry } from "../time/happening.ts"
import * as Rule from "./rule.ts"
import * as Situation from "./situation.ts"
import * as TurnState from "./turnState.ts"

const { unless } = Rule

/** Happenings that must not begin once the call has ended. */
const beginnings: ReadonlySet<Entry["_tag"]> = new Set([
  "TurnStarted",
  "Stepped",
  "RegionEntered",
  "WorkStarted",
  "Sending",
  "Sent"
])

/** When the last work that may outlive the call has finished. */
type FinishedAt = number

export const rule = Rule.make<FinishedAt>(8, {
  start: 0,
  step: (finishedAt, observation) => {
    switch (observation._tag) {
      case "Passes":
        return [finishedAt]
      case "Over":
        return [finishedAt, ...onRecord(observation.call, observation.now)]
      case "Happened": {
        const { before, entry } = observation
        const isFinisher = entry._tag === "WorkEnded" && before.finishing.has(Situation.keyOf(entry))
        return [
          isFinisher ? before.at : finishedAt,
          ...unless(
            before.endedAt === undefined || !beginnings.has(entry._tag),
            `${entry._tag} after the end of the call`
          ),
          ...happened(finishedAt, before, entry)
        ]
      }
    }
  }
})

const happened = (finishedAt: FinishedAt, before: Situation.Situation, entry: Entry): ReadonlyArray<string> => {
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
      // A decision still pending when the caller left has no effect.
      if (!isTheEnd && before.deciding.has(event.eventId)) return []
      if (before.endedAt !== undefined) return [`${event._tag} was decided on after the end`]
      return unless(!gone || isTheEnd, `${event._tag} was decided on after the caller had gone`)
    }
    case "Ended":
      return ended(finishedAt, before)
    case "Closed": {
      const alive = before.running.size > 0 || before.working.size > 0
      return unless(alive || entry.fibers === 0, `${entry.fibers} fibers are left when the call's scope has closed`)
    }
    default:
      return []
  }
}

const ended = (lastWork: FinishedAt, before: Situation.Situation): ReadonlyArray<string> => {
  const { at, cancelGrace, endGrace, endedAt, finishedAt, finishing, handled, hungUpAt, wanted } = before
  if (endedAt !== undefined) return ["the end came twice"]
  if (hungUpAt === undefined) return ["the call ended, and nobody had hung up"]
  const turn = Situation.current(before)
  const cut = hungUpAt + endGrace
  // A turn that was running when the caller left is stopped at once; only a turn that handles the end gets a grace
  // period.
  const turnFree = turn === undefined ? hungUpAt : Math.max(hungUpAt, TurnState.freeAt(turn, cancelGrace))
  const workFree = finishing.size > 0 ? Infinity : Math.max(hungUpAt, lastWork)
  const freeAt = Math.min(cut, Math.max(turnFree, workFree))
  const isHeldUp = wanted?.event._tag === "CallEnded" && turnFree >= cut
  return [
    ...unless(handled || wanted === undefined || isHeldUp, "the end was not handled"),
    ...unless(at >= freeAt, "the handling of the end was cut before its grace"),
    ...unless(at <= freeAt + cancelGrace, `the end took ${at - hungUpAt} ms, although all was free at ${freeAt} ms`),
    ...unless([freeAt, freeAt + cancelGrace, finishedAt].includes(at), "the end was not prompt")
  ]
}

const onRecord = ({ history: { events } }: Played.Played, now: Situation.Situation): ReadonlyArray<string> => {
  if (now.cutOff) return []
  const ends = events.filter(({ _tag }) => _tag === "CallEnded").length
  // The agent may add lines of its own while it handles the end.
  const last = events.findLast(({ _tag }) => _tag !== "CustomHistoryEntry")?._tag
  const isTold = now.hungUpAt !== undefined && Situation.isTold(now, now.hungUpAt)
  return [
    ...unless(now.endedAt !== undefined, "the call does not end"),
    ...unless(!isTold || last === "CallEnded", `the last event is ${last}`),
    ...unless(!isTold || ends === 1, "the call did not end once in its history")
  ]
}
