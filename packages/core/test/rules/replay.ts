/**
 * Follows the trace of a call with a model of it, and names every rule that is broken on the way. The model knows nothing
 * of the runtime: only the filters' decisions, what the turns did, and what reached the harness.
 */
import { Duration } from "effect"
import type * as Event from "../../src/Event.ts"
import type * as History from "../../src/History.ts"
import { apology, type Entry, type Trace } from "./schedule.ts"

/** A rule of the design, by its number, that does not hold. */
export interface Breach {
  readonly rule: number
  readonly at: number
  readonly what: string
}

interface TurnModel {
  readonly id: number
  readonly trigger: Event.Input
  /** What it runs that has not finished; background work is not counted. */
  readonly live: Set<number>
  regions: number
  stopping: boolean
  closedAt: number | undefined
  failing: boolean
  left: boolean
  overAt: number | undefined
  sent: number
  apologies: number
  apologizes: boolean
  late: boolean
}

interface Result {
  readonly name: string
  readonly delivery: string
  readonly at: number
}

const returnedNames = (events: ReadonlyArray<History.HistoryEvent>) =>
  events.flatMap((event) => (event._tag === "BackgroundReturned" ? [event.name] : []))

const same = (a: Iterable<string>, b: Iterable<string>) => [...a].toSorted().join() === [...b].toSorted().join()

export const breaches = ({ entries, fibers, history, spec }: Trace): ReadonlyArray<Breach> => {
  const found: Array<Breach> = []
  const grace = Duration.toMillis(spec.cancelGrace)
  const endGrace = Duration.toMillis(spec.endGrace)
  const patience = Duration.toMillis(spec.backgroundPatience)
  const stops = spec.outputAfterEnd === "stop"

  const turns = new Map<number, TurnModel>()
  let current: TurnModel | undefined
  let wanted: { readonly event: Event.Input; readonly at: number; readonly expected: ReadonlyArray<string> } | undefined
  let userSpeaking = false
  let agentSpeaking = false
  let failedCall = false
  let hungUpAt: number | undefined
  let endedAt: number | undefined
  let handled = false
  let finishedAt = 0
  let now = 0
  const pending = new Map<string, Result>()
  const delivered: Array<string> = []
  const turnsFailed: Array<string> = []
  const outstanding = new Map<string, string>()
  let reading: string | undefined
  const background = new Set<number>()

  const breach = (rule: number, what: string) => found.push({ rule, at: now, what })
  const holds = (rule: number, condition: boolean, what: string) => {
    if (!condition) breach(rule, what)
  }

  const isOver = (turn: TurnModel) => turn.left && turn.live.size === 0
  const close = (turn: TurnModel) => {
    if (turn.closedAt === undefined && !isOver(turn)) turn.closedAt = now
  }
  const stop = (turn: TurnModel | undefined) => {
    if (turn === undefined || isOver(turn)) return
    turn.stopping = true
    if (turn.regions === 0) close(turn)
  }
  /** Whether a turn has had its grace by now. */
  const expired = (turn: TurnModel) => turn.closedAt !== undefined && now >= turn.closedAt + grace
  const mustHaveLeft = (turn: TurnModel) => isOver(turn) || (turn.closedAt !== undefined && now > turn.closedAt + grace)
  const isFree = () => wanted === undefined && (current === undefined || mustHaveLeft(current))
  const mayBeFree = () => wanted === undefined && (current === undefined || isOver(current) || expired(current))
  const talking = () => userSpeaking || agentSpeaking

  const turnStarted = (id: number, trigger: Event.Input, seen: History.History) => {
    const names = returnedNames(seen.events)
    holds(1, wanted?.event.eventId === trigger.eventId, `turn ${id} was started by an event that none waits for`)
    if (wanted !== undefined) {
      holds(7, same(names, wanted.expected), `turn ${id} sees ${names}, not ${wanted.expected}`)
    }
    for (const turn of turns.values()) {
      if (isOver(turn) || turn.late) continue
      holds(1, turn.closedAt !== undefined, `turn ${id} started while turn ${turn.id} ran`)
      holds(1, expired(turn), `turn ${id} started before turn ${turn.id} had cleaned up or had its grace`)
      turn.late = true
    }
    const since = Math.max(
      wanted?.at ?? now,
      current === undefined ? 0 : Math.min(current.overAt ?? Infinity, (current.closedAt ?? Infinity) + grace)
    )
    holds(1, now === since, `turn ${id} started at ${now}, not at ${since}`)
    wanted = undefined
    current = {
      id,
      trigger,
      live: new Set(),
      regions: 0,
      stopping: false,
      closedAt: undefined,
      failing: false,
      left: false,
      overAt: undefined,
      sent: 0,
      apologies: 0,
      apologizes: false,
      late: false
    }
    turns.set(id, current)
  }

  const decided = ({ decision, event }: Extract<Entry, { readonly _tag: "Decided" }>) => {
    outstanding.delete(event.eventId)
    if (endedAt !== undefined) return breach(8, `${event._tag} was decided on after the end`)
    if (event._tag === "BackgroundReturned") returned(event)
    if (hungUpAt !== undefined && event._tag !== "CallEnded") {
      return breach(8, `${event._tag} was decided on after the caller had gone`)
    }
    if (decision === "Keep") return
    stop(current)
    if (decision === "Cancel") return void (wanted = undefined)
    for (const [name, { delivery }] of pending) {
      if (delivery !== "nextTurn") continue
      pending.delete(name)
      delivered.push(name)
    }
    wanted = { event, at: now, expected: [...delivered] }
  }

  const returned = ({ name, outcome, respondingTo, result }: Event.InputOf<"BackgroundReturned">) => {
    const work = pending.get(name)
    if (work === undefined) return breach(7, `${name} was delivered twice, or out of nothing`)
    pending.delete(name)
    delivered.push(name)
    holds(7, result === name && outcome !== "Cancelled", `${name} came back as ${outcome} with ${String(result)}`)
    holds(7, respondingTo !== undefined, `${name} answers no event`)
    if (work.delivery === "immediate") holds(7, now === work.at, `${name} came late`)
    else if (work.delivery === "nextTurn") breach(7, `${name} came by itself, not with a turn`)
    else {
      const impatient = now === work.at + patience
      holds(7, impatient || (!talking() && mayBeFree()), `${name} came into the conversation`)
    }
  }

  const quiet = () => {
    if (hungUpAt === undefined) {
      for (const { at, delivery, name } of pending.values()) {
        if (delivery === "immediate") breach(7, `${name} did not come at once`)
        if (delivery !== "whenIdle") continue
        holds(7, talking() || !isFree(), `${name} did not use the silence`)
        holds(7, now <= at + patience, `${name} lost its patience and did not come`)
      }
      if (wanted !== undefined) {
        const free = current === undefined || mustHaveLeft(current)
        holds(1, !free, `nothing runs, and ${wanted.event._tag} is not answered`)
      }
    }
    if (reading !== undefined) breach(2, `time passes while ${reading} is being read`)
    for (const eventId of outstanding.values()) breach(2, `${eventId} was not looked at while time passed`)
  }

  const failedTurn = (turn: TurnModel) => {
    if (turn.closedAt !== undefined || hungUpAt !== undefined) return
    turnsFailed.push(turn.trigger.eventId)
    if (spec.turnFailure === "recover") turn.apologizes = true
  }

  for (const entry of entries) {
    now = entry.at
    const turn = "turn" in entry ? turns.get(entry.turn) : undefined
    if (endedAt !== undefined && !["Quiet", "Ended", "Finished", "TurnLeft", "RegionLeft"].includes(entry._tag)) {
      const cleaning = entry._tag === "Began" && entry.part !== "step" && entry.part !== "send"
      holds(8, cleaning || entry._tag === "TurnFailing", `${entry._tag} after the end of the call`)
    }
    switch (entry._tag) {
      case "Reporting":
        reading = entry.eventId
        if (entry.report !== "AgentTextSent") outstanding.set(entry.eventId, `${entry.eventId} (${entry.report})`)
        if (entry.report === "UserTurnStarted") userSpeaking = true
        if (entry.report === "UserTurnEnded") userSpeaking = false
        if (entry.report === "AgentTurnStarted") agentSpeaking = true
        if (entry.report === "AgentTurnEnded") agentSpeaking = false
        break
      case "Reported":
        reading = undefined
        holds(2, !outstanding.has(entry.eventId), `${entry.eventId} was taken and not looked at`)
        break
      case "Decided":
        decided(entry)
        break
      case "TurnStarted":
        turnStarted(entry.turn, entry.trigger, entry.history)
        if (entry.trigger._tag === "CallEnded") handled = true
        break
      case "TurnFailing":
        turn!.failing = true
        break
      case "TurnLeft":
        turn!.left = true
        if (turn!.failing) failedTurn(turn!)
        finishedAt = now
        if (isOver(turn!)) turn!.overAt ??= now
        break
      case "Began":
        if (entry.part === "work") background.add(entry.id)
        else {
          turn!.live.add(entry.id)
          turn!.overAt = undefined
        }
        if (entry.part === "send") {
          holds(8, hungUpAt === undefined, `turn ${entry.turn} sent something after the caller had gone`)
          holds(9, !failedCall, `turn ${entry.turn} sent something after the call had failed`)
        }
        if (entry.part === "step" || entry.part === "send") {
          const rule = entry.part === "send" ? 1 : turn!.stopping ? 10 : 1
          holds(
            rule,
            turn!.closedAt === undefined,
            `turn ${entry.turn} went on with a ${entry.part} after it was closed`
          )
        }
        break
      case "Finished":
        background.delete(entry.id)
        turn!.live.delete(entry.id)
        finishedAt = now
        if (isOver(turn!)) turn!.overAt ??= now
        break
      case "RegionEntered":
        turn!.regions++
        break
      case "RegionLeft": {
        turn!.regions--
        const cut =
          (hungUpAt !== undefined && now >= hungUpAt + endGrace) || ((failedCall || hungUpAt !== undefined) && stops)
        holds(10, entry.whole || cut, `a region of turn ${entry.turn} was cut`)
        holds(
          10,
          !entry.whole || hungUpAt !== undefined || failedCall || turn!.sent === entry.said,
          `a region of turn ${entry.turn} said ${entry.said} things and ${turn!.sent} got out`
        )
        if (turn!.stopping && turn!.regions === 0) close(turn!)
        break
      }
      case "Sent": {
        holds(1, turn!.closedAt === undefined, `turn ${entry.turn} sent ${entry.text} after it was closed`)
        holds(1, turn === current, `turn ${entry.turn} sent ${entry.text} beside another turn`)
        if (entry.text === apology) {
          turn!.apologies++
          holds(9, turn!.failing && turn!.left && spec.turnFailure === "recover", "an apology for nothing")
          break
        }
        holds(9, !turn!.left, `turn ${entry.turn} went on after it had failed`)
        holds(10, entry.text === `${entry.turn}:${turn!.sent + 1}`, `${entry.text} is out of order`)
        turn!.sent++
        break
      }
      case "Worked":
        if (hungUpAt === undefined) pending.set(entry.name, { name: entry.name, delivery: entry.delivery, at: now })
        break
      case "CallFailed":
        holds(9, !failedCall, "the harness was told twice")
        holds(9, spec.turnFailure === "close" && turnsFailed.length > 0, "the call failed for no reason")
        failedCall = true
        break
      case "HungUp":
        hungUpAt = now
        delivered.push(...pending.keys())
        pending.clear()
        break
      case "Ended": {
        if (endedAt !== undefined) {
          holds(8, now === endedAt, "the end came twice")
          break
        }
        endedAt = now
        const cut = hungUpAt! + endGrace
        const heldUp =
          current !== undefined && (current.overAt ?? cut) >= cut && (current.closedAt ?? cut) + grace >= cut
        holds(9, handled || (wanted?.event._tag === "CallEnded" && heldUp), "the end was not handled")
        const freeAt = handled ? Math.min(current!.overAt ?? cut, cut) : cut
        holds(8, now >= freeAt, "the handling of the end was cut before its grace")
        holds(8, now <= freeAt + grace, `the end took ${now - hungUpAt!} ms`)
        holds(8, [freeAt, freeAt + grace, finishedAt].includes(now), "the end was not prompt")
        const alive = [...turns.values()].flatMap((turn) => [...turn.live]).length + background.size
        holds(8, alive > 0 || entry.fibers === 0, `${entry.fibers} fibers are left at the end`)
        break
      }
      case "Quiet":
        quiet()
        break
    }
  }

  holds(8, endedAt !== undefined, "the call does not end")
  const events = history.events
  const names = returnedNames(events)
  holds(7, same(names, delivered), `the history has the results ${names}, not ${delivered}`)
  holds(8, events.at(-1)?._tag === "CallEnded", `the last event is ${events.at(-1)?._tag}`)
  holds(8, events.filter(({ _tag }) => _tag === "CallEnded").length === 1, "the call ended more than once")
  const alive = [...turns.values()].flatMap((turn) => [...turn.live]).length + background.size
  holds(8, alive > 0 || fibers === 0, `${fibers} fibers are left in the long run`)

  for (const { apologies, apologizes, closedAt, id } of turns.values()) {
    holds(9, !apologizes || apologies === 1 || closedAt !== undefined, `turn ${id} failed and nobody said so`)
    holds(9, apologies <= 1, `turn ${id} apologized ${apologies} times`)
  }

  const recorded = events.flatMap((event) => (event._tag === "TurnFailed" ? [event.respondingTo] : []))
  const expected = spec.turnFailure === "recover" ? turnsFailed : []
  holds(9, recorded.join() === expected.join(), `the history has failures of ${recorded}, not of ${expected}`)
  holds(9, failedCall === (spec.turnFailure === "close" && turnsFailed.length > 0), "the harness was not told")
  return found
}
