/**
 * What can be known of a call at a moment, by someone who sees what happens on it: which turn runs, what is to start next,
 * who speaks and what is still to be heard, whether it is over. It knows nothing of the runtime, only what the harness
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

/** An event whose turn is to start, and when the filters said so. */
interface Wanted {
  readonly event: Event.Input
  readonly at: number
  /** Other results are still being decided on: if they came together, one turn responds to all of them, once they are. */
  readonly gathers: boolean
}

export interface Situation {
  readonly at: number
  readonly policies: Policies
  /** The bounds of the policies, in milliseconds. */
  readonly cancelGrace: number
  readonly endGrace: number
  readonly patience: number
  readonly regionLimit: number
  readonly turns: HashMap.HashMap<number, TurnState.TurnState>
  /** The turns that are not over. */
  readonly running: ReadonlySet<number>
  /** The turn that started last. */
  readonly current: number | undefined
  /** The event whose turn is to start next, and when the filters said so. */
  readonly wanted: Wanted | undefined
  /** The caller's turn that has only probably ended. */
  readonly draft: string | undefined
  /** All turns of the caller that had only probably ended at first. */
  readonly drafts: ReadonlySet<string>
  /** Those of them that came to nothing. */
  readonly dropped: ReadonlySet<string>
  readonly speech: Speech.Speech
  /** Outputs that a slow harness was handed and has not carried yet: they count from when it was handed them. */
  readonly carrying: ReadonlySet<Event.Output>
  /** The report that the call is reading. */
  readonly reading: string | undefined
  /** How many events the filters were asked about. */
  readonly asked: number
  /** The number of the latest event that has started or stopped a turn. */
  readonly acted: number
  /** Events whose filter takes its time, by their id, with their numbers. */
  readonly deciding: ReadonlyMap<string, number>
  /** Those of them that are results of background work. */
  readonly results: ReadonlySet<string>
  /** Whether a filter has taken its time, which holds up what waits for silence. */
  readonly slow: boolean
  /** When the agent last changed the history: of what happened before, it may say anything. */
  readonly editedAt: number | undefined
  /** Background work that runs, by its key, and how often. */
  readonly working: ReadonlyMap<string, number>
  /** Work that is to finish although the call has ended. */
  readonly finishing: ReadonlyMap<string, number>
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

/** Names a piece of background work. Several of one turn may have the same name. */
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

/** When the place of the current turn is free: it is over, or was stopped and has had its grace. Infinite: not yet known. */
export const freeAt = (now: Situation): number => {
  const turn = current(now)
  return turn === undefined ? 0 : TurnState.freeAt(turn, now.cancelGrace)
}

/** Whether the history says what happened at a time: nothing that was changed later. */
export const isTold = ({ editedAt }: Situation, at: number): boolean => editedAt === undefined || at > editedAt

/** The event that the filters are asked about for the first time by this. */
export const lookedAt = (before: Situation, entry: Entry): Event.Input | undefined => {
  if (entry._tag !== "Deciding" && entry._tag !== "Decided") return undefined
  return before.deciding.has(entry.event.eventId) ? undefined : entry.event
}

/**
 * Whether a decision still counts: after the caller has gone, only the one about the end does, and one that took its time
 * does not if a later event has started or stopped a turn meanwhile.
 */
export const counts = (now: Situation, { decision, event }: EntryOf<"Decided">): boolean => {
  if (now.endedAt !== undefined || (now.hungUpAt !== undefined && event._tag !== "CallEnded")) return false
  if (decision === "Cancel" && event.eventId === now.draft) return false
  return (now.deciding.get(event.eventId) ?? Infinity) >= now.acted
}

/** Whether an output is what the call itself says to a caller who has waited too long. */
export const isHolding = ({ policies }: Situation, output: History.Item): boolean =>
  output._tag === "AgentSendText" && policies.holding !== "" && output.text.trim() === policies.holding.trim()

/** The situation after something has happened. Its time is that of the entry. */
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
      // Its other filter thinks as well.
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
      // An interruption that nothing has asked for is a failure.
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

/** Regions hold up what is to stop their turn no longer than the limit. */
const overrun = (now: Situation): Situation => {
  const turn = current(now)
  if (turn === undefined) return now
  const stopped = TurnState.overrun(turn, now.regionLimit, now.at)
  return stopped === turn ? now : { ...now, turns: HashMap.set(now.turns, turn.id, stopped) }
}

/** Reports that take back that the caller has probably finished. */
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

/** Whether a report only says that the caller's turn, which had probably ended, has. */
export const commits = ({ draft }: Situation, { eventId, report }: EntryOf<"Reported">): boolean =>
  draft !== undefined &&
  (report._tag === "UserTurnCommitted" ||
    (report._tag === "UserTurnEnded" && report.tentative !== true && eventId === draft))

/** Whether a report takes back that the caller has probably finished. */
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

/** The caller's last turn is taken back, and with it what was said in answer. */
const withdraw = (now: Situation): Situation => ({
  ...now,
  turns: HashMap.map(now.turns, (turn) => (isUserEvent(turn.trigger) ? { ...turn, withdrawn: true } : turn))
})

const isUserEvent = ({ _tag }: Event.Input): boolean =>
  _tag === "UserTurnStarted" || _tag === "UserTextSent" || _tag === "UserDtmfSent" || _tag === "UserTurnEnded"

const dropDraft = (now: Situation): Situation =>
  now.draft === undefined ? now : { ...now, draft: undefined, dropped: new Set(now.dropped).add(now.draft) }

/** Stops the turn that runs, and drops the one that is to start, also the one that a filter still thinks about. */
const takeBack = (now: Situation): Situation => ({ ...stopCurrent(now), acted: now.asked + 1 })

/** Stops the turn that runs, and drops the one that is to start. */
const stopCurrent = (now: Situation): Situation => {
  const turn = current(now)
  const stopped = turn === undefined ? now : change(now, turn.id, (turn) => TurnState.stop(turn, now.at))
  return { ...stopped, wanted: undefined }
}

/** In Line's way, a turn goes on after the end until it sends something. */
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

/** What is wanted once a filter thinks about an event: results that came at one time are decided on together. */
const besides = ({ at, wanted }: Situation, event: Event.Input): Wanted | undefined =>
  wanted?.event._tag === "BackgroundReturned" && event._tag === "BackgroundReturned" && wanted.at === at
    ? { ...wanted, gathers: true }
    : wanted

/** What is wanted once no other result is being decided on: from then on it has to start. */
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
