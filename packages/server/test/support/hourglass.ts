/**
 * A wire of the tests' own, as unlike Line's as can be: lines of text, numbered requests of which a newer one supersedes an
 * older one, keepalives, a note when an answer takes long, and words of its own for an ending. It runs over a socket and over
 * HTTP, with one machine.
 *
 * From the platform: `flip ID`, `ask N TEXT`, `tilt`, `heard TEXT`, `ping X`, `stop`.
 * To the platform: `grain N TEXT`, `wait N`, `done N`, `note TEXT`, `pong X`, `over WHY`.
 */
import * as CallRequest from "@antiphon/core/CallRequest"
import type * as Event from "@antiphon/core/Event"
import { Effect } from "effect"
import { Ending } from "../../src/Ending.ts"
import * as Protocol from "../../src/Protocol.ts"

/** Time without an answer to an open request after which the platform gets a `wait`. */
export const patienceMs = 1000
export const closeCode = 4000

/** A request being answered, and the HTTP response it waits on, if it came over HTTP. */
interface Open {
  readonly n: number
  readonly reply: Protocol.ReplyId | undefined
  readonly waitAt: number
}

export interface State {
  readonly phase: "Waiting" | "Open" | "Over"
  readonly key: string | undefined
  readonly open: Open | undefined
  readonly newest: number
  /** What was said unasked while no response could carry it. */
  readonly notes: ReadonlyArray<string>
}

const eventId = (n: number) => `ask-${n}`
const report = (report: Event.Report): Protocol.Wanted => ({ _tag: "Report", report })

/** A line for the platform: a frame, or part of the response. */
const line = (text: string, reply: Protocol.ReplyId | undefined, last = false): Protocol.Wanted =>
  reply === undefined ? { _tag: "Send", text } : { _tag: "Chunk", reply, text: `${text}\n`, last }

const start = (state: State, callId: string): Protocol.Step<State> =>
  state.phase === "Waiting"
    ? [{ ...state, phase: "Open" }, [{ _tag: "Start", request: CallRequest.make({ callId }) }]]
    : [state, []]

const ask = (state: State, n: number, text: string, reply: Protocol.ReplyId | undefined, now: number) => {
  const open: Open = { n, reply, waitAt: now + patienceMs }
  // A frame needs no answer any more; a response must be completed.
  const superseded = state.open?.reply === undefined ? [] : [line("superseded", state.open.reply, true)]
  const held = reply === undefined ? [] : state.notes.map((note) => line(`note ${note}`, reply))
  const next: State = { ...state, open, newest: n, notes: reply === undefined ? state.notes : [] }
  return [
    next,
    [
      ...superseded,
      ...held,
      report({ _tag: "UserTurnStarted" }),
      report({ _tag: "UserTextSent", content: text }),
      report({ _tag: "UserTurnEnded", eventId: eventId(n) })
    ]
  ] as const
}

/** A line from the platform. `reply` is the waiting response, if it came over HTTP. */
const read = (state: State, text: string, reply: Protocol.ReplyId | undefined, now: number): Protocol.Step<State> => {
  const [, word = "", rest = ""] = /^(\w+) ?(.*)$/s.exec(text) ?? []
  const dropped: Protocol.Wanted = { _tag: "Dropped", reason: "not a line of this wire" }
  const answered = (body: string, status = 200): ReadonlyArray<Protocol.Wanted> =>
    reply === undefined ? [] : [{ _tag: "Answer", reply, status, body, contentType: "text/plain" }]
  if (word === "ping")
    return [state, reply === undefined ? [line(`pong ${rest}`, undefined)] : answered(`pong ${rest}`)]
  if (word === "flip") {
    const [next, wanted] = start(state, rest)
    return [next, [...answered("turned"), ...wanted]]
  }
  if (state.phase !== "Open") return [state, [dropped, ...answered("not turned yet", 409)]]
  switch (word) {
    case "ask": {
      const [, number = "", words = ""] = /^(\d+) (.*)$/s.exec(rest) ?? []
      const n = Number(number)
      return number === "" || n <= state.newest
        ? [state, [dropped, ...answered("an old request", 409)]]
        : ask(state, n, words, reply, now)
    }
    case "tilt":
      return [state, [...answered("tilted"), report({ _tag: "UserTurnStarted" })]]
    case "heard":
      return [state, [...answered("noted"), report({ _tag: "AgentTextSent", content: rest })]]
    case "stop":
      return [state, [...answered("stopped"), { _tag: "End", ending: Ending.PeerClosed() }]]
    default:
      return [state, [dropped, ...answered("unknown", 400)]]
  }
}

const close = (state: State): Protocol.Step<State> =>
  state.open === undefined
    ? [state, []]
    : [{ ...state, open: undefined }, [line(`done ${state.open.n}`, state.open.reply, true)]]

const say = (state: State, output: Event.Output, now: number): Protocol.Step<State> => {
  if (output._tag === "AgentEndCall") return [state, [{ _tag: "End", ending: Ending.AgentEnded() }]]
  if (output._tag !== "AgentSendText") return [state, []]
  const { respondingTo = "", text } = output
  const { open } = state
  if (open !== undefined && respondingTo === eventId(open.n)) {
    return [{ ...state, open: { ...open, waitAt: now + patienceMs } }, [line(`grain ${open.n} ${text}`, open.reply)]]
  }
  // An answer to a request that was superseded, or closed.
  if (respondingTo.startsWith("ask-")) return [state, []]
  return state.key === undefined
    ? [state, [line(`note ${text}`, undefined)]]
    : [{ ...state, notes: [...state.notes, text] }, []]
}

/** The platform has abandoned a response: nobody waits for the answer any more. */
const abandon = (state: State, reply: Protocol.ReplyId): Protocol.Step<State> =>
  state.open?.reply === reply ? [{ ...state, open: undefined }, [report({ _tag: "UserTurnStarted" })]] : [state, []]

const step = (state: State, told: Protocol.Told, now: number): Protocol.Step<State> => {
  switch (told._tag) {
    case "Frame":
      return typeof told.frame === "string"
        ? read(state, told.frame, undefined, now)
        : [state, [{ _tag: "Dropped", reason: "not a text" }]]
    case "Request": {
      const [begun, first] = start(state, state.key ?? "")
      const [next, then] = read(begun, told.request.body, told.reply, now)
      return [next, [...first, ...then]]
    }
    case "ReplyClosed":
      return abandon(state, told.reply)
    case "Outputs":
      return told.outputs.reduce<Protocol.Step<State>>(
        ([before, wanted], output) => {
          const [after, more] = say(before, output, now)
          return [after, [...wanted, ...more]]
        },
        [state, []]
      )
    case "Reported":
      return !told.starts && state.open !== undefined && told.report.eventId === eventId(state.open.n)
        ? close(state)
        : [state, []]
    case "TurnEnded":
      return state.open !== undefined && told.trigger.eventId === eventId(state.open.n) ? close(state) : [state, []]
    case "Tick": {
      const { open } = state
      return open === undefined || now < open.waitAt
        ? [state, []]
        : [{ ...state, open: { ...open, waitAt: now + patienceMs } }, [line(`wait ${open.n}`, open.reply)]]
    }
    case "Ending": {
      const [closed, done] = close(state)
      const last = state.key === undefined ? [line(`over ${told.ending._tag}`, undefined)] : []
      return [{ ...closed, phase: "Over" }, [...done, ...last, { _tag: "Close", code: closeCode }]]
    }
    case "Started":
    case "TurnStarted":
      return [state, []]
  }
}

/** Over HTTP the last segment of the path is the key of the call; a socket has none. */
export const protocol: Protocol.Protocol<State> = {
  name: "hourglass",
  capabilities: {
    heard: "own",
    unasked: "withNextTurn",
    sequencesActions: false,
    dtmf: { in: false, out: false },
    transfer: false,
    hangUp: true
  },
  subprotocols: [],
  admit: (request) =>
    request.headers["x-sand"] === "none"
      ? Effect.fail(new Protocol.Refused({ status: 402, detail: "No sand" }))
      : Effect.succeed({ request, key: request.params["key"] }),
  open: ({ key }) => [{ phase: "Waiting", key, open: undefined, newest: 0, notes: [] }, []],
  step,
  due: (state) => state.open?.waitAt
}
