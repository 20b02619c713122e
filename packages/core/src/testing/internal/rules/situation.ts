/**
 * What can be known of a call at a moment, by someone who sees what happens on it: which turn runs, what is to start next,
 * who speaks, whether it is over. It knows nothing of the runtime, only what the filters decided, what the turns did, and
 * what reached the harness. Pure: each thing that happens gives the next situation.
 */
import * as Duration from "effect/Duration"
import type { Policies } from "../../../Agent.ts"
import type * as Event from "../../../Event.ts"
import type { Entry } from "../time/happening.ts"

type EntryOf<Tag extends Entry["_tag"]> = Extract<Entry, { readonly _tag: Tag }>

/** A turn that has started. */
export interface TurnState {
  readonly id: number
  readonly trigger: Event.Input
  /** Uninterruptible regions that it is in. */
  readonly regions: number
  /** Something has stopped it; a region may keep it going. */
  readonly stopping: boolean
  /** When nothing of it counts any more: it was stopped, and no region keeps it. */
  readonly closedAt: number | undefined
  readonly failing: boolean
  /** What the caller should hear of its failure. */
  readonly apology: string
  /** What its scope held is released. */
  readonly left: boolean
  readonly overAt: number | undefined
  /** Another turn has started beside it, once its grace had passed. */
  readonly late: boolean
}

export interface Situation {
  readonly at: number
  readonly policies: Policies
  /** The graces of the policies, in milliseconds. */
  readonly cancelGrace: number
  readonly endGrace: number
  readonly patience: number
  readonly turns: ReadonlyMap<number, TurnState>
  /** The turn that started last. */
  readonly current: number | undefined
  /** The event whose turn is to start next, and when the filters said so. */
  readonly wanted: { readonly event: Event.Input; readonly at: number } | undefined
  readonly userSpeaking: boolean
  readonly agentSpeaking: boolean
  /** The report that the call is reading. */
  readonly reading: string | undefined
  /** Events whose filter takes its time. */
  readonly deciding: ReadonlySet<string>
  /** Whether a filter has taken its time, which holds up the events behind it, whenever they came. */
  readonly slow: boolean
  /** Whether the agent has changed the history, so that it no longer says what happened. */
  readonly edited: boolean
  /** Background work that runs, by its key, and how often. */
  readonly working: ReadonlyMap<string, number>
  /** When a turn or a piece of work last came to its end. */
  readonly finishedAt: number
  /** The harness was told that the call has failed. */
  readonly failed: boolean
  /** The connection was lost, so the agent does not see the end. */
  readonly cutOff: boolean
  readonly hungUpAt: number | undefined
  readonly endedAt: number | undefined
  /** A turn has handled the end. */
  readonly handled: boolean
}

/** A call before anything has happened on it. */
export const start = (policies: Policies): Situation => ({
  at: 0,
  policies,
  cancelGrace: Duration.toMillis(policies.cancelGrace),
  endGrace: Duration.toMillis(policies.endGrace),
  patience: Duration.toMillis(policies.backgroundPatience),
  turns: new Map(),
  current: undefined,
  wanted: undefined,
  userSpeaking: false,
  agentSpeaking: false,
  reading: undefined,
  deciding: new Set(),
  slow: false,
  edited: false,
  working: new Map(),
  finishedAt: 0,
  failed: false,
  cutOff: false,
  hungUpAt: undefined,
  endedAt: undefined,
  handled: false
})

/** Names a piece of background work. Several of one turn may have the same name. */
export const keyOf = ({ name, respondingTo }: { readonly name: string; readonly respondingTo: string }): string =>
  `${name} of ${respondingTo}`

/** The turn that started last. */
export const current = ({ current, turns }: Situation): TurnState | undefined =>
  current === undefined ? undefined : turns.get(current)

/** Whether a turn has had its grace by now. */
export const expired = ({ at, cancelGrace }: Situation, { closedAt }: TurnState): boolean =>
  closedAt !== undefined && at >= closedAt + cancelGrace

/** The event that the filters are asked about for the first time by this. */
export const lookedAt = (before: Situation, entry: Entry): Event.Input | undefined => {
  if (entry._tag === "Deciding") return entry.event
  return entry._tag === "Decided" && !before.deciding.has(entry.event.eventId) ? entry.event : undefined
}

/** Whether a decision still counts: after the caller has gone, only the one about the end does. */
export const counts = ({ endedAt, hungUpAt }: Situation, { event }: EntryOf<"Decided">): boolean =>
  endedAt === undefined && (hungUpAt === undefined || event._tag === "CallEnded")

/** The situation after something has happened. Its time is that of the entry. */
export const follow = (now: Situation, entry: Entry): Situation => {
  switch (entry._tag) {
    case "Reported":
      return { ...now, reading: entry.eventId, ...speaking(entry.report) }
    case "Taken":
      return { ...now, reading: undefined }
    case "Deciding":
      return { ...now, slow: true, deciding: new Set(now.deciding).add(entry.event.eventId) }
    case "Decided":
      return decided(now, entry)
    case "TurnStarted":
      return turnStarted(now, entry)
    case "TurnFailing":
      return changeTurn(now, entry.turn, (turn) => ({ ...turn, failing: true, apology: entry.apology }))
    case "TurnLeft":
      return changeTurn({ ...now, finishedAt: now.at }, entry.turn, (turn) => ({ ...turn, left: true }))
    case "TurnOver":
      return changeTurn({ ...now, finishedAt: now.at }, entry.turn, (turn) => ({ ...turn, overAt: now.at }))
    case "RegionEntered":
      return changeTurn(now, entry.turn, (turn) => ({ ...turn, regions: turn.regions + 1 }))
    case "RegionLeft":
      return changeTurn(now, entry.turn, (turn) => {
        const left = { ...turn, regions: turn.regions - 1 }
        return left.stopping ? stop(left, now.at) : left
      })
    case "Edited":
      return { ...now, edited: true }
    case "WorkStarted":
      return { ...now, working: count(now.working, keyOf(entry), 1) }
    case "WorkEnded":
      return { ...now, working: count(now.working, keyOf(entry), -1), finishedAt: now.at }
    case "CallFailed":
      return { ...now, failed: true }
    case "HungUp":
      return { ...now, hungUpAt: now.at, cutOff: entry.by === "connection" }
    case "Ended":
      return { ...now, endedAt: now.endedAt ?? now.at }
    default:
      return now
  }
}

const speaking = (report: Event.Report): Partial<Situation> => {
  switch (report._tag) {
    case "UserTurnStarted":
      return { userSpeaking: true }
    case "UserTurnEnded":
      return { userSpeaking: false }
    case "AgentTurnStarted":
      return { agentSpeaking: true }
    case "AgentTurnEnded":
      return { agentSpeaking: false }
    default:
      return {}
  }
}

const decided = (before: Situation, entry: EntryOf<"Decided">): Situation => {
  const { decision, event } = entry
  const deciding = new Set(before.deciding)
  deciding.delete(event.eventId)
  const now = { ...before, deciding }
  if (!counts(now, entry) || decision === "Keep") return now
  const stopped =
    now.current === undefined ? now : changeTurn(now, now.current, (turn) => stop({ ...turn, stopping: true }, now.at))
  return { ...stopped, wanted: decision === "Run" ? { event, at: now.at } : undefined }
}

const turnStarted = (now: Situation, { trigger, turn: id }: EntryOf<"TurnStarted">): Situation => {
  const turns = new Map(
    [...now.turns].map(([id, turn]) => [id, turn.overAt === undefined ? { ...turn, late: true } : turn])
  )
  turns.set(id, {
    id,
    trigger,
    regions: 0,
    stopping: false,
    closedAt: undefined,
    failing: false,
    apology: "",
    left: false,
    overAt: undefined,
    late: false
  })
  return { ...now, turns, current: id, wanted: undefined, handled: now.handled || trigger._tag === "CallEnded" }
}

const changeTurn = (now: Situation, id: number, change: (turn: TurnState) => TurnState): Situation => {
  const turn = now.turns.get(id)
  return turn === undefined ? now : { ...now, turns: new Map(now.turns).set(id, change(turn)) }
}

/** A turn that is stopped is closed as soon as no region keeps it. */
const stop = (turn: TurnState, at: number): TurnState =>
  turn.overAt === undefined && turn.closedAt === undefined && turn.regions === 0 ? { ...turn, closedAt: at } : turn

const count = (before: ReadonlyMap<string, number>, key: string, by: 1 | -1): ReadonlyMap<string, number> => {
  const counts = new Map(before)
  const left = (counts.get(key) ?? 0) + by
  if (left > 0) counts.set(key, left)
  else counts.delete(key)
  return counts
}
