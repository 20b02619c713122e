/**
 * Follows what happened on a call with a model of one, and names every rule that is broken on the way. The model knows
 * nothing of the runtime: only what the filters decided, what the turns did, and what reached the harness.
 */
import * as Duration from "effect/Duration"
import type { Policies } from "../../../Agent.ts"
import type * as Event from "../../../Event.ts"
import type * as History from "../../../History.ts"
import type * as Timeline from "../../Timeline.ts"

/** A rule of the design, by its number, that does not hold. `at` is in milliseconds of the call. */
export interface Breach {
  readonly rule: number
  readonly at: number
  readonly what: string
}

interface TurnState {
  readonly id: number
  readonly trigger: Event.Input
  regions: number
  stopping: boolean
  /** When nothing of it counts any more: it was stopped, and no region keeps it. */
  closedAt: number | undefined
  failing: boolean
  /** What the caller is to hear of its failure. */
  apology: string
  left: boolean
  overAt: number | undefined
  sinceLeft: Array<Event.Output>
  owesApology: boolean
  late: boolean
}

interface Result {
  readonly key: string
  readonly delivery: string
  readonly at: number
}

const keyOf = ({ name, respondingTo }: { readonly name: string; readonly respondingTo: string }) =>
  `${name} of ${respondingTo}`
const returnedKeys = (events: ReadonlyArray<History.HistoryEvent>) =>
  events.flatMap((event) => (event._tag === "BackgroundReturned" ? [keyOf(event)] : []))
const sorted = (keys: Iterable<string>) => [...keys].toSorted().join(", ")

/** Follows one call. */
export class RuleModel {
  readonly found: Array<Breach> = []
  private readonly turns = new Map<number, TurnState>()
  private readonly grace: number
  private readonly endGrace: number
  private readonly patience: number
  private readonly policies: Policies
  private now = 0
  private current: TurnState | undefined
  private wanted:
    | { readonly event: Event.Input; readonly at: number; readonly expected: ReadonlyArray<string> }
    | undefined
  private userSpeaking = false
  private agentSpeaking = false
  private failedCall = false
  private cutOff = false
  private hungUpAt: number | undefined
  private endedAt: number | undefined
  private handled = false
  private finishedAt = 0
  private edited = false
  private readonly pending: Array<Result> = []
  private readonly delivered: Array<string> = []
  private readonly working = new Map<string, number>()
  private readonly failedTurns: Array<string> = []
  /** Reports that no filter was asked about yet. */
  private readonly unseen = new Map<string, string>()
  /** Events whose filter takes its time. */
  private readonly deciding = new Set<string>()
  /** A filter that takes its time holds up the events behind it, whenever they came. */
  private slow = false
  private reading: string | undefined

  constructor(policies: Policies) {
    this.policies = policies
    this.grace = Duration.toMillis(policies.cancelGrace)
    this.endGrace = Duration.toMillis(policies.endGrace)
    this.patience = Duration.toMillis(policies.backgroundPatience)
  }

  private breach(rule: number, what: string) {
    this.found.push({ rule, at: this.now, what })
  }
  private holds(rule: number, condition: boolean, what: string) {
    if (!condition) this.breach(rule, what)
  }

  follow(entries: ReadonlyArray<Timeline.Entry>) {
    for (const entry of entries) {
      // Time passes only when nothing more can happen: this is how the moment before was left.
      if (entry.at !== this.now) this.quiet(entry.at)
      this.now = entry.at
      this.take(entry)
    }
  }

  private take(entry: Timeline.Entry) {
    if (this.endedAt !== undefined) this.afterTheEnd(entry)
    switch (entry._tag) {
      case "Reported":
        return this.reported(entry)
      case "Taken":
        this.reading = undefined
        return this.holds(
          2,
          !this.unseen.has(entry.eventId) || this.deciding.size > 0,
          `${entry.eventId} was taken and not looked at`
        )
      case "Deciding":
        this.slow = true
        this.deciding.add(entry.event.eventId)
        return this.looked(entry.event)
      case "Decided":
        return this.decided(entry)
      case "TurnStarted":
        return this.turnStarted(entry)
      case "Sending":
        this.holds(8, this.hungUpAt === undefined, `turn ${entry.turn} sent something after the caller had gone`)
        return this.holds(9, !this.failedCall, `turn ${entry.turn} sent something after the call had failed`)
      case "Sent":
        return this.sent(entry)
      case "Stepped":
        return this.stepped(this.turns.get(entry.turn))
      case "TurnFailing":
        return this.failing(this.turns.get(entry.turn), entry.apology)
      case "TurnLeft":
        return this.turnLeft(this.turns.get(entry.turn))
      case "TurnOver":
        return this.turnOver(this.turns.get(entry.turn))
      case "RegionEntered":
      case "RegionLeft":
        return this.region(entry)
      case "Edited":
        return void (this.edited = true)
      case "WorkStarted":
        return void this.working.set(keyOf(entry), (this.working.get(keyOf(entry)) ?? 0) + 1)
      case "WorkEnded":
        return this.workEnded(entry)
      case "CallFailed":
        this.holds(9, !this.failedCall, "the harness was told twice that the call has failed")
        this.failedCall = true
        return
      case "HungUp":
        return this.hungUp(entry.by)
      case "Ended":
        return this.ended()
      case "Closed":
        return this.closed(entry.fibers)
      default:
        return
    }
  }

  private reported({ eventId, report }: Extract<Timeline.Entry, { readonly _tag: "Reported" }>) {
    this.reading = eventId
    // A report of speech that tells nothing new is no event.
    if (report._tag !== "AgentTextSent" && this.hungUpAt === undefined) this.unseen.set(eventId, report._tag)
    if (report._tag === "UserTurnStarted") this.userSpeaking = true
    if (report._tag === "UserTurnEnded") this.userSpeaking = false
    if (report._tag === "AgentTurnStarted") this.agentSpeaking = true
    if (report._tag === "AgentTurnEnded") this.agentSpeaking = false
  }

  private decided({ decision, event }: Extract<Timeline.Entry, { readonly _tag: "Decided" }>) {
    // What was still being decided on when the caller went is of no consequence.
    if (this.deciding.delete(event.eventId)) {
      if (this.hungUpAt !== undefined && event._tag !== "CallEnded") return
    } else this.looked(event)
    if (this.endedAt !== undefined) return this.breach(8, `${event._tag} was decided on after the end`)
    if (this.hungUpAt !== undefined && event._tag !== "CallEnded") {
      return this.breach(8, `${event._tag} was decided on after the caller had gone`)
    }
    if (decision === "Keep") return
    this.stop(this.current)
    if (decision === "Cancel") return void (this.wanted = undefined)
    for (const result of this.pending.filter(({ delivery }) => delivery === "nextTurn")) this.deliver(result)
    this.wanted = { event, at: this.now, expected: [...this.delivered] }
  }

  /** The filters are asked about an event. */
  private looked(event: Event.Input) {
    this.unseen.delete(event.eventId)
    if (event._tag === "BackgroundReturned" && this.hungUpAt === undefined) this.returned(event)
  }

  private deliver(result: Result) {
    this.pending.splice(this.pending.indexOf(result), 1)
    this.delivered.push(result.key)
  }

  private returned(event: Event.InputOf<"BackgroundReturned">) {
    const key = keyOf(event)
    const result = this.pending.find((one) => one.key === key)
    if (result === undefined) return this.breach(7, `${key} was delivered twice, or out of nothing`)
    this.deliver(result)
    if (this.slow) return
    if (result.delivery === "immediate") this.holds(7, this.now === result.at, `${key} came late`)
    else if (result.delivery === "nextTurn") this.breach(7, `${key} came by itself, not with a turn`)
    else {
      const impatient = this.now === result.at + this.patience
      this.holds(7, impatient || (!this.talking() && this.mayBeFree()), `${key} came into the conversation`)
    }
  }

  private turnStarted({ history, trigger, turn: id }: Extract<Timeline.Entry, { readonly _tag: "TurnStarted" }>) {
    this.holds(
      1,
      this.wanted?.event.eventId === trigger.eventId,
      `turn ${id} was started by an event that none waits for`
    )
    if (this.wanted !== undefined && !this.edited && !this.slow) {
      const seen = sorted(returnedKeys(history.events))
      const expected = sorted(this.wanted.expected)
      this.holds(7, seen === expected, `turn ${id} sees the results [${seen}], not [${expected}]`)
    }
    for (const turn of this.turns.values()) {
      if (turn.overAt !== undefined || turn.late) continue
      this.holds(1, turn.closedAt !== undefined, `turn ${id} started while turn ${turn.id} ran`)
      this.holds(1, this.expired(turn), `turn ${id} started before turn ${turn.id} had cleaned up or had its grace`)
      turn.late = true
    }
    const before = this.current
    const free =
      before === undefined ? 0 : Math.min(before.overAt ?? Infinity, (before.closedAt ?? Infinity) + this.grace)
    const since = Math.max(this.wanted?.at ?? this.now, free)
    this.holds(1, this.now === since, `turn ${id} started at ${this.now} ms, not at ${since} ms`)
    if (trigger._tag === "CallEnded") this.handled = true
    this.wanted = undefined
    this.current = {
      id,
      trigger,
      regions: 0,
      stopping: false,
      closedAt: undefined,
      failing: false,
      apology: "",
      left: false,
      overAt: undefined,
      sinceLeft: [],
      owesApology: false,
      late: false
    }
    this.turns.set(id, this.current)
  }

  private close(turn: TurnState) {
    if (turn.closedAt === undefined && turn.overAt === undefined) turn.closedAt = this.now
  }
  private stop(turn: TurnState | undefined) {
    if (turn === undefined || turn.overAt !== undefined) return
    turn.stopping = true
    if (turn.regions === 0) this.close(turn)
  }
  /** Whether a turn has had its grace by now. */
  private expired(turn: TurnState) {
    return turn.closedAt !== undefined && this.now >= turn.closedAt + this.grace
  }
  private mustHaveLeft(turn: TurnState) {
    return turn.overAt !== undefined || (turn.closedAt !== undefined && this.now > turn.closedAt + this.grace)
  }
  private isFree() {
    return this.wanted === undefined && (this.current === undefined || this.mustHaveLeft(this.current))
  }
  private mayBeFree() {
    const { current } = this
    return this.wanted === undefined && (current === undefined || current.overAt !== undefined || this.expired(current))
  }
  private talking() {
    return this.userSpeaking || this.agentSpeaking
  }

  private sent({ output, turn: id }: Extract<Timeline.Entry, { readonly _tag: "Sent" }>) {
    const turn = this.turns.get(id)
    if (turn === undefined) return this.breach(1, "something was sent by no turn")
    const what = "text" in output ? `“${output.text}”` : output._tag
    this.holds(8, this.hungUpAt === undefined, `turn ${id} sent ${what} after the caller had gone`)
    this.holds(9, !this.failedCall, `turn ${id} sent ${what} after the call had failed`)
    this.holds(1, turn.closedAt === undefined, `turn ${id} sent ${what} after it was closed`)
    this.holds(1, turn === this.current, `turn ${id} sent ${what} beside another turn`)
    if (!turn.left) return
    const isApology = turn.failing && output._tag === "AgentSendText" && output.text === turn.apology
    this.holds(9, isApology && this.policies.turnFailure === "recover", `turn ${id} sent ${what} when it had ended`)
    turn.sinceLeft.push(output)
  }

  private stepped(turn: TurnState | undefined) {
    if (turn === undefined) return
    this.holds(
      turn.stopping ? 10 : 1,
      turn.closedAt === undefined,
      `turn ${turn.id} went on with a step after it was closed`
    )
  }

  private failing(turn: TurnState | undefined, apology: string) {
    if (turn === undefined) return
    turn.failing = true
    turn.apology = apology
  }

  private turnLeft(turn: TurnState | undefined) {
    if (turn === undefined) return
    turn.left = true
    this.finishedAt = this.now
    if (!turn.failing || turn.closedAt !== undefined || this.hungUpAt !== undefined) return
    this.failedTurns.push(turn.trigger.eventId)
    turn.owesApology = this.policies.turnFailure === "recover" && turn.apology !== "" && !this.failedCall
  }

  private turnOver(turn: TurnState | undefined) {
    if (turn === undefined) return
    turn.overAt = this.now
    this.finishedAt = this.now
  }

  private region(entry: Extract<Timeline.Entry, { readonly _tag: "RegionEntered" | "RegionLeft" }>) {
    const turn = this.turns.get(entry.turn)
    if (turn === undefined) return
    if (entry._tag === "RegionEntered") return void turn.regions++
    turn.regions--
    const ended =
      (this.hungUpAt !== undefined && this.now >= this.hungUpAt + this.endGrace) ||
      this.cutOff ||
      ((this.failedCall || this.hungUpAt !== undefined) && this.policies.outputAfterEnd === "stop")
    // An agent may end a region of its own by itself, as with a time limit; nothing else may.
    if (entry.how === "Cut") this.holds(10, ended || !turn.stopping, `a region of turn ${turn.id} was cut`)
    if (turn.stopping && turn.regions === 0) this.close(turn)
  }

  private workEnded(entry: Extract<Timeline.Entry, { readonly _tag: "WorkEnded" }>) {
    const key = keyOf(entry)
    const left = (this.working.get(key) ?? 1) - 1
    if (left === 0) this.working.delete(key)
    else this.working.set(key, left)
    this.finishedAt = this.now
    if (this.hungUpAt === undefined) this.pending.push({ key, delivery: entry.delivery, at: this.now })
  }

  private hungUp(by: Timeline.HungUpBy) {
    this.hungUpAt = this.now
    this.cutOff = by === "connection"
    this.unseen.clear()
    if (this.cutOff) return
    this.delivered.push(...this.pending.map(({ key }) => key))
    this.pending.length = 0
  }

  private ended() {
    if (this.endedAt !== undefined) return this.breach(8, "the end came twice")
    const { current, grace, now } = this
    this.endedAt = now
    const cut = this.hungUpAt! + this.endGrace
    const heldUp = current !== undefined && (current.overAt ?? cut) >= cut && (current.closedAt ?? cut) + grace >= cut
    this.holds(
      9,
      this.handled || (this.wanted?.event._tag === "CallEnded" && heldUp) || this.wanted === undefined,
      "the end was not handled"
    )
    const freeAt = this.handled ? Math.min(current!.overAt ?? cut, cut) : cut
    if (this.handled) this.holds(8, now >= freeAt, "the handling of the end was cut before its grace")
    this.holds(8, now <= freeAt + grace, `the end took ${now - this.hungUpAt!} ms`)
    if (this.handled) {
      this.holds(8, [freeAt, freeAt + grace, this.finishedAt].includes(now), "the end was not prompt")
    }
  }

  private closed(fibers: number) {
    const alive = [...this.turns.values()].some(({ overAt }) => overAt === undefined) || this.working.size > 0
    this.holds(8, alive || fibers === 0, `${fibers} fibers are left when the call's scope has closed`)
  }

  private afterTheEnd(entry: Timeline.Entry) {
    const begins = ["TurnStarted", "Stepped", "RegionEntered", "WorkStarted", "Sending", "Sent"]
    this.holds(8, !begins.includes(entry._tag), `${entry._tag} after the end of the call`)
  }

  /** Nothing more could happen at this moment, and time passes until the next one. */
  private quiet(next: number) {
    if (this.hungUpAt !== undefined) return
    for (const { at, delivery, key } of this.slow ? [] : this.pending) {
      if (delivery === "immediate") this.breach(7, `${key} did not come at once`)
      if (delivery !== "whenIdle") continue
      this.holds(7, this.talking() || !this.isFree(), `${key} did not use the silence`)
      this.holds(7, this.now <= at + this.patience, `${key} lost its patience and did not come`)
    }
    if (this.wanted !== undefined) {
      const { current } = this
      const free =
        current === undefined ||
        current.overAt !== undefined ||
        (current.closedAt !== undefined && next > current.closedAt + this.grace)
      this.holds(1, !free, `nothing runs, and ${this.wanted.event._tag} is not answered`)
    }
    if (this.deciding.size > 0) return
    if (this.reading !== undefined) this.breach(2, `time passes while ${this.reading} is being read`)
    for (const [eventId, tag] of this.unseen) this.breach(2, `${eventId} (${tag}) was not looked at while time passed`)
  }

  /** What the record of the call must say in the end. */
  finish(history: History.History) {
    const { events } = history
    if (!this.cutOff) {
      this.holds(8, this.endedAt !== undefined, "the call does not end")
      if (!this.edited) {
        const names = sorted(returnedKeys(events))
        const expected = sorted(this.delivered)
        this.holds(7, names === expected, `the history has the results [${names}], not [${expected}]`)
        this.holds(8, events.at(-1)?._tag === "CallEnded", `the last event is ${events.at(-1)?._tag}`)
        this.holds(
          8,
          events.filter(({ _tag }) => _tag === "CallEnded").length === 1,
          "the call did not end once in its history"
        )
      }
    }
    for (const { closedAt, id, owesApology, sinceLeft } of this.turns.values()) {
      const apologies = sinceLeft.length
      this.holds(9, !owesApology || apologies === 1 || closedAt !== undefined, `turn ${id} failed and nobody said so`)
      this.holds(9, apologies <= 1, `turn ${id} apologised ${apologies} times`)
    }
    const recover = this.policies.turnFailure === "recover"
    if (!this.edited) {
      const recorded = events.flatMap((event) => (event._tag === "TurnFailed" ? [event.respondingTo] : []))
      const expected = recover ? this.failedTurns : []
      for (const id of expected) {
        const times = recorded.filter((one) => one === id).length
        this.holds(9, times === 1, `the history has the failure of the turn that answers ${id} ${times} times`)
      }
      this.holds(9, recover || recorded.length === 0, "a failure is on the record of a call that closes")
    }
    if (!recover && this.failedTurns.length > 0) this.holds(9, this.failedCall, "the harness was not told of a failure")
    if (recover) this.holds(9, !this.failedCall, "the call failed, where its agent recovers")
  }
}
