/**
 * The laws of every protocol, checked over random legal traces: a platform that sends what it may, and a call that
 * starts, answers, fails, is interrupted and ends as a real one does.
 */
import * as Event from "@antiphon/core/Event"
import { assert } from "@effect/vitest"
import { Ending } from "../../src/Ending.ts"
import * as Machine from "../../src/internal/machine.ts"
import type * as Protocol from "../../src/Protocol.ts"

/** Numbers from 0 to n - 1, the same for the same seed. */
export interface Dice {
  (n: number): number
}

export const dice = (seed: number): Dice => {
  let state = seed
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}

/** What a message of a wire says about the request it belongs to. */
export interface Said {
  /** The request or event that is answered; undefined if there is none. */
  readonly id: string | undefined
  /** Whether it completes the answer. */
  readonly last: boolean
  /** Words of the agent. */
  readonly text: string | undefined
}

/** A wire, as the laws see it. */
export interface Wire<State> {
  readonly protocol: Protocol.Protocol<State>
  readonly admitted: Protocol.Admitted
  /** The platform's first message. */
  readonly start: Protocol.Told
  /** The platform's possible next messages. Called in order, so it may count. */
  readonly next: (dice: Dice) => Protocol.Told
  /** The id under which a request wants to be answered, if it does. */
  readonly asks: (told: Protocol.Told) => string | undefined
  readonly said: (wanted: Protocol.Wanted) => Said | undefined
  /** Whether a request replaces all earlier ones. */
  readonly supersedes: boolean
  /** A keepalive, and a test for its answer. */
  readonly keepalive?: readonly [Protocol.Told, (wanted: Protocol.Wanted) => boolean]
  /** Something that is not a message of the wire. */
  readonly unknown: ReadonlyArray<Protocol.Told>
}

/** What was told and wanted, and a mark that all turns have ended. */
type Entry = "Settled" | { readonly told: Protocol.Told } | { readonly wanted: Protocol.Wanted }

const frozen = <A>(value: A): A => {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(frozen)
  }
  return value
}

/** Words that name the event they answer, so that they can be found wherever they end up. */
const words = (id: string) => `[${id}] `
const ownerOf = (text: string | undefined) => /^\[(.*)\] $/.exec(text ?? "")?.[1]

/**
 * Plays one random trace, and returns everything that was told and wanted. Checks the laws of single steps on the way.
 *
 * Reports are delivered one after another, but not always at once, as on a call whose filter takes time: meanwhile the
 * previous turn goes on talking. A turn may begin late, after the cleanup of the previous one.
 */
const play = <State>(wire: Wire<State>, roll: Dice): ReadonlyArray<Entry> => {
  const { protocol } = wire
  const log: Array<Entry> = []
  const inbox: Array<Protocol.Inward> = []
  const opened = protocol.open(wire.admitted, 0)
  let state = frozen(opened[0])
  let now = 0
  let running: Event.Input | undefined
  let late: Event.Input | undefined
  let ids = 0

  /** One step. */
  const tell = (told: Protocol.Told): ReadonlyArray<Protocol.Wanted> => {
    log.push({ told })
    const [next, wanted] = protocol.step(state, told, now)
    assert.deepStrictEqual(protocol.step(state, told, now), [next, wanted], "a step is a function of what it is given")
    state = frozen(next)
    const due = protocol.due(state)
    if (told._tag === "Tick" && due !== undefined) assert.isAbove(due, now, "due advances with a tick")
    for (const one of wanted) {
      log.push({ wanted: one })
      if (Machine.isInward(one)) inbox.push(one)
    }
    return wanted
  }
  const end = (how: "Completed" | "Cancelled" | "Failed") => {
    if (running === undefined) return
    const ended = running
    running = undefined
    tell({ _tag: "TurnEnded", trigger: ended, how })
    if (late === undefined) return
    running = late
    late = undefined
    tell({ _tag: "TurnStarted", trigger: running })
  }
  /** Ends the running turn and the waiting one, which is told as well. */
  const cancel = () => {
    const dropped = late
    late = undefined
    end("Cancelled")
    if (dropped !== undefined) tell({ _tag: "TurnEnded", trigger: dropped, how: "Cancelled" })
  }
  const begin = (trigger: Event.Input) => {
    if (running !== undefined && roll(3) === 0) {
      const dropped = late
      late = trigger
      if (dropped !== undefined) tell({ _tag: "TurnEnded", trigger: dropped, how: "Cancelled" })
    } else {
      cancel()
      running = trigger
      tell({ _tag: "TurnStarted", trigger })
    }
  }
  const hear = (wanted: Protocol.Inward) => {
    if (wanted._tag === "Start") {
      if (roll(2) === 0) begin({ _tag: "CallStarted", eventId: "opening" })
      tell({ _tag: "Started" })
    } else if (wanted._tag === "Report") {
      const { report } = wanted
      const starts = report._tag === "UserTurnEnded" && roll(5) > 0
      if (report._tag === "UserTurnStarted" && roll(3) > 0) cancel()
      if (starts) begin({ _tag: "UserTurnEnded", eventId: report.eventId ?? `event-${++ids}`, content: [] })
      tell({ _tag: "Reported", report, starts })
    }
  }
  const deliver = (atMost = Number.POSITIVE_INFINITY) => {
    for (let n = 0; n < atMost && inbox.length > 0; n++) hear(inbox.shift()!)
  }
  const speak = () => {
    // A turn that is about to be replaced is no longer heard.
    if (running === undefined || late !== undefined) return
    const id = running.eventId
    tell({ _tag: "Outputs", outputs: [Event.sendText(words(id), { respondingTo: id })] })
  }
  const unknown = () => {
    const before = state
    const wanted = tell(wire.unknown[roll(wire.unknown.length)]!)
    assert.deepStrictEqual(state, before, "what is unknown changes no state")
    for (const { _tag } of wanted) assert.isTrue(_tag === "Dropped" || _tag === "Answer", "nor is it acted on")
  }
  const keepalive = () => {
    if (wire.keepalive === undefined) return
    const [told, answers] = wire.keepalive
    assert.isTrue(tell(told).some(answers), "a keepalive is answered in the same step")
  }

  for (const wanted of opened[1]) log.push({ wanted })
  tell(wire.start)
  deliver()
  for (let i = 0; i < 30; i++) {
    now += roll(800)
    const due = protocol.due(state)
    if (due !== undefined && due <= now) tell({ _tag: "Tick" })
    const what = roll(12)
    if (what < 4) tell(wire.next(roll))
    else if (what < 8) speak()
    else if (what < 9) end(roll(2) === 0 ? "Completed" : "Failed")
    else if (what < 10) keepalive()
    else unknown()
    deliver(roll(3) === 0 ? roll(3) : undefined)
  }
  // A call may end in the middle of an answer, or after everything was said.
  if (roll(2) === 0) {
    deliver()
    end("Completed")
    end("Completed")
    log.push("Settled")
  }
  tell({ _tag: "Ending", ending: Ending.Draining(), errorId: "e1", detail: "internal error" })
  return log
}

/** Laws about a whole trace. */
const check = <State>(wire: Wire<State>, log: ReadonlyArray<Entry>): void => {
  let started = 0
  let over = false
  const asked: Array<string> = []
  const done = new Set<string>()
  const completed = (when: string) => {
    for (const id of wire.supersedes ? asked.slice(-1) : asked)
      assert.isTrue(done.has(id), `${id} is completed ${when}`)
  }
  for (const entry of log) {
    if (entry === "Settled") completed("when nobody is left to answer it")
    else if ("told" in entry) {
      over ||= entry.told._tag === "Ending"
      const id = wire.asks(entry.told)
      if (id !== undefined) asked.push(id)
    } else {
      const { wanted } = entry
      if (wanted._tag === "Start") started++
      if (wanted._tag === "Report") assert.strictEqual(started, 1, "Start comes before any report, and once")
      const { id, last = false, text } = wire.said(wanted) ?? {}
      const owner = ownerOf(text)
      if (text !== undefined) assert.isFalse(over, "no content after the ending")
      if (owner !== undefined && id !== undefined) assert.strictEqual(id, owner, "words answer what they were said for")
      if (id === undefined || !asked.includes(id)) continue
      assert.isFalse(done.has(id), `nothing follows the end of answer ${id}`)
      if (wire.supersedes && !last) assert.strictEqual(id, asked.at(-1), "nothing is sent for a superseded request")
      if (last) done.add(id)
    }
  }
  assert.strictEqual(started, 1, "the call starts")
  completed("by the end")
}

/** Checks a protocol against the laws over many random traces. A failure names its seed. */
export const hold = <State>(wire: (roll: Dice) => Wire<State>, traces = 500): void => {
  for (let seed = 1; seed <= traces; seed++) {
    const roll = dice(seed)
    const made = wire(roll)
    let log: ReadonlyArray<Entry> = []
    try {
      log = play(made, roll)
      check(made, log)
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}\n${log.map((entry) => JSON.stringify(entry)).join("\n")}`, {
        cause: error
      })
    }
  }
}
