/**
 * The state of a call as an observer can know it: which turn runs and which starts next, who speaks, what is still unheard,
 * and whether the call is over. It knows nothing of the runtime, only what the harness
 * reported, what the filters decided, what the turns did, and what reached the harness. Pure: each thing that happens gives
 * the next situation.
 */
import * as Duration from "effect/Duration"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type { Policies } from "../../../Agent.ts"
import type * as Event from "../../../Event.ts"
import type * as History from "../../../History.ts"
import type { Entry } from "../time/happening.ts"
import * as Speech from "./speech.ts"
import * as TurnState from "./turnState.ts"

type EntryOf<Tag extends Entry["_tag"]> = Extract<Entry, { readonly _tag: Tag }>

/** An event whose turn is about to start, and when the filters decided that. */
interface Wanted {
  readonly event: Event.Input
  readonly at: number
  /**
   * Other results are still being decided on. If they arrived together, one turn responds to all of them afterwards.
   */
  readonly gathers: boolean
}

export interface Situation {
  readonly at: number
  readonly policies: Policies
  /** The limits of the policies, in milliseconds. */
  readonly cancelGrace: number
  readonly endGrace: number
  readonly patience: number
  readonly regionLimit: number
  readonly turns: HashMap.HashMap<number, TurnState.TurnState>
  /** The turns that are not over. */
  readonly running: ReadonlySet<number>
  /** The turn that started last. */
  readonly current: number | undefined
  /** The event whose turn starts next, and when the filters decided that. */
  readonly wanted: Wanted | undefined
  /** The caller's turn that has probably ended. */
  readonly draft: string | undefined
  /** All turns of the caller that had a probable end first. */
  readonly drafts: ReadonlySet<string>
  /** The retracted ones among them. */
  readonly dropped: ReadonlySet<string>
  readonly speech: Speech.Speech
  /** Outputs that a slow harness has not accepted yet. They count from the moment they were handed over. */
  readonly carrying: ReadonlySet<Event.Output>
  /** The report being read by the call. */
  readonly reading: string | undefined
  /** How many events the filters were asked about. */
  readonly asked: number
  /** The number of the latest event that has started or stopped a turn. */
  readonly acted: number
  /** Events whose filter takes its time, by their id, with their numbers. */
  readonly deciding: ReadonlyMap<string, number>
  /** The results of background work among them. */
  readonly results: ReadonlySet<string>
  /** Whether a filter was ever slow, which delays results that wait for silence. */
  readonly slow: boolean
  /** When the agent last changed the history, which is unreliable for anything earlier. */
  readonly editedAt: number | undefined
  /** Running background work by key, with counts. */
  readonly working: ReadonlyMap<string, number>
  /** Work that may outlive the call. */
  readonly finishing: ReadonlyMap<string, number>
  /** When a turn or a piece of work last ended. */
  readonly finishedAt: number
  /** Whether the harness was told that the call has failed. */
  readonly failed: boolean
  /** Whether the connection was lost, so that the agent does not see the end. */
  readonly cutOff: boolean
  readonly hungUpAt: number | undefined
  readonly endedAt: number | undefined
  /** Whether a turn has handled the end. */
  readonly handled: boolean
}

/** The situation at the beginning of a call. */
export const start = (policies: Policies): Situation => ({
  at: 0,
  policies,
  cancelGrace: Duration.toMillis(policies.cancelGrace),
  endGrace: Duration.toMillis(policies.endGrace),
  patience: Duration.toMillis(policies.backgroundPatience),
  regionLimit: Duration.toMillis(policies.regionLimit),
  turns: HashMap.empty(),
  running: new Set(),
  current: undefined,
  wanted: undefined,
  draft: undefined,
  drafts: new Set(),
  dropped: new Set(),
  speech: Speech.silent,
  carrying: new Set(),
  reading: undefined,
  asked: 0,
  acted: 0,
  deciding: new Map(),
  results: new Set(),
  slow: false,
  editedAt: undefined,
  working: new Map(),
  finishing: new Map(),
  finishedAt: 0,
  failed: false,
  cutOff: false,
  hungUpAt: undefined,
  endedAt: undefined,
  handled: false
})

/** Key of a piece of background work. Several pieces of a turn may share a key. */
export const keyOf = ({ name, respondingTo }: { readonly name: string; readonly respondingTo: string }): string =>
  `${name} of ${respondingTo}`

/** A turn that has started. */
export const turn = ({ turns }: Situation, id: number): TurnState.TurnState | undefined =>
  Option.getOrUndefined(HashMap.get(turns, id))

/** The turn that started last. */
export const current = (now: Situation): TurnState.TurnState | undefined =>
  now.current === undefined ? undefined : turn(now, now.current)

/** The turns that are not over. */
export const running = (now: Situation): ReadonlyArray<TurnState.TurnState> =>
  [...now.running].flatMap((id) => turn(now, id) ?? [])

/**
 * When the next turn may start: the current one is over, or was stopped and its grace period has passed. Infinite: not
 * yet known.
 */
export const freeAt = (now: Situation): number => {
  const turn = current(now)
  return turn === undefined ? 0 : TurnState.freeAt(turn, now.cancelGrace)
}

/** Whether the history is reliable for a time, because the agent has not changed it since. */
export const isTold = ({ editedAt }: Situation, at: number): boolean => editedAt === undefined || at > editedAt

/** The event that the filters are first asked about here. */
export const lookedAt = (before: Situation, entry: Entry): Event.Input | undefined => {
  if (entry._tag !== "Deciding" && entry._tag !== "Decided") return undefined
  return before.deciding.has(entry.event.eventId) ? undefined : entry.event
}

/**
 * Whether a decision still counts. After the caller has left, only the one about the end does. A slow decision does not
 * count if a later event has started or stopped a turn in the meantime.
 */
export const counts = (now: Situation, { decision, event }: EntryOf<"Decided">): boolean => {
  if (now.endedAt !== undefined || (now.hungUpAt !== undefined && event._tag !== "CallEnded")) return false
  if (decision === "Cancel" && event.eventId === now.draft) return false
  return (now.deciding.get(event.eventId) ?? Infinity) >= now.acted
}

/** Whether an output is the call's own message to a caller who has waited too long. */
export const isHolding = ({ policies }: Situation, output: History.Item): boolean =>
  output._tag === "AgentSendText" && policies.holding !== "" && output.text.trim() === policies.holding.trim()

/** Returns the situation after a happening. Its time is that of the entry. */
export const follow = (before: Situation, entry: Entry): Situation => {
  const isCommit = entry._tag === "Reported" && entry.report._tag === "UserTurnCommitted"
  const saysNothing = isCommit && !commits(before, entry)
  const now = overrun(saysNothing ? before : { ...before, speech: Speech.follow(before.speech, entry) })
  switch (entry._tag) {
    case "Reported":
      return reported({ ...now, reading: entry.eventId }, entry)
    case "Taken":
      return { ...now, reading: undefined }
    case "Deciding": {
      // The event's other filter is pending as well.
      if (now.deciding.has(entry.event.eventId)) return now
      const asked = now.asked + 1
      const results =
        entry.event._tag === "BackgroundReturned" ? new Set(now.results).add(entry.event.eventId) : now.results
      const deciding = new Map(now.deciding).set(entry.event.eventId, asked)
      const next = { ...now, asked, slow: true, deciding, results, wanted: besides(now, entry.event) }
      return entry.event._tag === "CallEnded" && !lingers(now) ? stopCurrent(next) : next
    }
    case "Decided":
      return decided(now, entry)
    case "TurnStarted":
      return turnStarted(now, entry)
    case "TurnFailing":
      return change(now, entry.turn, (turn) => ({ ...turn, failing: true, apology: entry.apology }))
    case "TurnInterrupted":
      // An interruption without a cause is a failure.
      return change(now, entry.turn, (turn) =>
        turn.stoppedAt !== undefined || now.hungUpAt !== undefined || now.failed
          ? turn
          : { ...turn, failing: true, apology: entry.apology }
      )
    case "TurnLeft":
      return change({ ...now, finishedAt: now.at }, entry.turn, (turn) => ({ ...turn, left: true }))
    case "TurnOver":
      return turnOver(now, entry.turn)
    case "RegionEntered":
      return change(now, entry.turn, (turn) => ({ ...turn, regions: turn.regions + 1 }))
    case "RegionLeft":
      return change(now, entry.turn, (turn) => TurnState.leaveRegion(turn, entry.how === "Failed", now.at))
    case "Edited":
      return { ...now, editedAt: now.at }
    case "WorkStarted": {
      const key = keyOf(entry)
      const finishing = entry.atEnd === "finish" ? count(now.finishing, key, 1) : now.finishing
      return { ...now, working: count(now.working, key, 1), finishing }
    }
    case "WorkEnded": {
      const key = keyOf(entry)
      return {
        ...now,
        working: count(now.working, key, -1),
        finishing: count(now.finishing, key, -1),
        finishedAt: now.at
      }
    }
    case "CallFailed":
      return { ...now, failed: true }
    case "HungUp":
      return dropDraft({ ...now, hungUpAt: now.at, cutOff: entry.by === "connection" })
    case "Ended":
      return { ...now, endedAt: now.endedAt ?? now.at }
    case "Sending":
      return { ...now, carrying: new Set([...now.carrying, ...entry.outputs]) }
    case "Sent": {
      if (!now.carrying.has(entry.output)) return now
      const carrying = new Set(now.carrying)
      carrying.delete(entry.output)
      return { ...now, carrying }
    }
    case "Kept":
    case "Closed":
    case "Logged":
    case "Noted":
    case "Said":
    case "Spoken":
    case "Stepped":
    case "TurnTold":
    case "Unplayed":
    case "Unspoken":
      return now
    default:
      return entry satisfies never
  }
}

/** Regions delay the end of their turn no longer than the limit. */
const overrun = (now: Situation): Situation => {
  const turn = current(now)
  if (turn === undefined) return now
  const stopped = TurnState.overrun(turn, now.regionLimit, now.at)
  return stopped === turn ? now : { ...now, turns: HashMap.set(now.turns, turn.id, stopped) }
}

/** Reports that retract a probable end of the caller's turn. */
const goesOn: Readonly<Record<Event.Report["_tag"], boolean>> = {
  UserTurnStarted: true,
  UserTextSent: true,
  UserDtmfSent: true,
  UserTurnEnded: true,
  UserTurnCommitted: false,
  UserTurnResumed: true,
  UserTurnAbandoned: true,
  UserTurnRevised: true,
  UserTurnWithdrawn: true,
  UserSilent: false,
  UserCustomSent: false,
  AgentTurnStarted: false,
  AgentTextSent: false,
  AgentDtmfSent: false,
  AgentTurnEnded: false
}

/** Whether a report only confirms the probable end of the caller's turn. */
export const commits = ({ draft }: Situation, { eventId, report }: EntryOf<"Reported">): boolean =>
  draft !== undefined &&
  (report._tag === "UserTurnCommitted" ||
    (report._tag === "UserTurnEnded" && report.tentative !== true && eventId === draft))

/** Whether a report retracts the probable end of the caller's turn. */
export const takesBack = (now: Situation, entry: EntryOf<"Reported">): boolean =>
  now.draft !== undefined && goesOn[entry.report._tag] && !commits(now, entry)

const reported = (now: Situation, entry: EntryOf<"Reported">): Situation => {
  if (now.hungUpAt !== undefined) return now
  if (commits(now, entry)) return { ...now, draft: undefined }
  const { eventId, report } = entry
  const next = takesBack(now, entry) ? takeBack(dropDraft(now)) : now
  if (report._tag === "UserTurnWithdrawn") return takeBack(withdraw(next))
  if (report._tag === "UserTurnRevised") return withdraw(next)
  return report._tag === "UserTurnEnded" && report.tentative === true
    ? { ...next, draft: eventId, drafts: new Set(next.drafts).add(eventId) }
    : next
}

/** Retracts the caller's last turn, and the answer to it. */
const withdraw = (now: Situation): Situation => ({
  ...now,
  turns: HashMap.map(now.turns, (turn) => (isUserEvent(turn.trigger) ? { ...turn, withdrawn: true } : turn))
})

const isUserEvent = ({ _tag }: Event.Input): boolean =>
  _tag === "UserTurnStarted" || _tag === "UserTextSent" || _tag === "UserDtmfSent" || _tag === "UserTurnEnded"

const dropDraft = (now: Situation): Situation =>
  now.draft === undefined ? now : { ...now, draft: undefined, dropped: new Set(now.dropped).add(now.draft) }

/** Stops the running turn, and drops the next one, even if its filter is still pending. */
const takeBack = (now: Situation): Situation => ({ ...stopCurrent(now), acted: now.asked + 1 })

/** Stops the running turn, and drops the next one. */
const stopCurrent = (now: Situation): Situation => {
  const turn = current(now)
  const stopped = turn === undefined ? now : change(now, turn.id, (turn) => TurnState.stop(turn, now.at))
  return { ...stopped, wanted: undefined }
}

/** As in Line, a turn continues after the end until it sends something. */
const lingers = ({ policies }: Situation): boolean => policies.outputAfterEnd === "stop"

const decided = (before: Situation, entry: EntryOf<"Decided">): Situation => {
  const { decision, event } = entry
  const deciding = new Map(before.deciding)
  deciding.delete(event.eventId)
  const asked = before.asked + (before.deciding.has(event.eventId) ? 0 : 1)
  const results = new Set(before.results)
  results.delete(event.eventId)
  const now = { ...before, asked, deciding, results, wanted: gathered(before, results) }
  const isEnd = event._tag === "CallEnded" && !lingers(now)
  if (!counts(before, entry)) return now
  if (decision === "Keep") return isEnd ? stopCurrent(now) : now
  const acted = before.deciding.get(event.eventId) ?? asked
  return { ...stopCurrent(now), acted, wanted: wantedBy(now, entry) }
}

const wantedBy = (now: Situation, { decision, event }: EntryOf<"Decided">): Wanted | undefined =>
  decision === "Run"
    ? { event, at: now.at, gathers: event._tag === "BackgroundReturned" && now.results.size > 0 }
    : undefined

/** The next turn while a filter is pending: simultaneous results are decided on together. */
const besides = ({ at, wanted }: Situation, event: Event.Input): Wanted | undefined =>
  wanted?.event._tag === "BackgroundReturned" && event._tag === "BackgroundReturned" && wanted.at === at
    ? { ...wanted, gathers: true }
    : wanted

/** The next turn once no other result is pending: from now on it has to start. */
const gathered = ({ at, wanted }: Situation, results: ReadonlySet<string>): Wanted | undefined =>
  wanted?.gathers === true && results.size === 0 ? { ...wanted, at, gathers: false } : wanted

const turnStarted = (now: Situation, { trigger, turn: id }: EntryOf<"TurnStarted">): Situation => {
  const turns = running(now).reduce(
    (turns, turn) => HashMap.set(turns, turn.id, { ...turn, late: true }),
    HashMap.set(now.turns, id, TurnState.make(id, trigger, now.drafts.has(trigger.eventId)))
  )
  return {
    ...now,
    turns,
    running: new Set(now.running).add(id),
    current: id,
    wanted: undefined,
    handled: now.handled || trigger._tag === "CallEnded"
  }
}

const change = (now: Situation, id: number, change: (turn: TurnState.TurnState) => TurnState.TurnState): Situation => {
  const before = turn(now, id)
  return before === undefined ? now : { ...now, turns: HashMap.set(now.turns, id, change(before)) }
}

const turnOver = (now: Situation, id: number): Situation => {
  const running = new Set(now.running)
  running.delete(id)
  return change({ ...now, running, finishedAt: now.at }, id, (turn) => ({ ...turn, overAt: now.at }))
}

const count = (before: ReadonlyMap<string, number>, key: string, by: 1 | -1): ReadonlyMap<string, number> => {
  const counts = new Map(before)
  const left = (counts.get(key) ?? 0) + by
  if (left > 0) counts.set(key, left)
  else counts.delete(key)
  return counts
}
