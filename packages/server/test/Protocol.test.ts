import { assert, describe, it } from "@effect/vitest"
import * as LineProtocol from "../src/line/LineProtocol.ts"
import type * as Protocol from "../src/Protocol.ts"
import * as Hourglass from "./support/hourglass.ts"
import * as Laws from "./support/laws.ts"

const frame = (frame: string): Protocol.Told => ({ _tag: "Frame", frame })
const request: Protocol.WireRequest = { method: "GET", url: "/", params: {}, headers: {}, body: "" }

/** Line's wire answers events and completes nothing: the answer to a caller's turn has no end of its own. */
const line = (): Laws.Wire<LineProtocol.State> => ({
  protocol: LineProtocol.make({ token: undefined, allowedOrigins: [] }),
  admitted: { request },
  start: frame('{"type":"start","call_id":"c1"}'),
  next: (roll) => {
    const event_id = `event-${roll(1000)}`
    const frames = [
      { type: "user_state", value: "speaking", event_id },
      { type: "user_state", value: "idle", event_id },
      { type: "message", content: "hello", event_id },
      { type: "agent_speech", content: "hello", event_id },
      { type: "agent_state", value: "idle", event_id },
      { type: "dtmf", button: "1", event_id },
      { type: "custom", metadata: {}, event_id }
    ]
    return frame(JSON.stringify(frames[roll(frames.length)]))
  },
  asks: () => undefined,
  said: (wanted) => {
    if (wanted._tag !== "Send") return undefined
    const { content, responding_to, type } = JSON.parse(wanted.text) as { readonly [key: string]: string | undefined }
    return { id: responding_to, last: false, text: type === "message" ? content : undefined }
  },
  supersedes: false,
  unknown: ['{"type":"other"}', "{}", "[]", '{"type":"message"}', '{"type":"user_state","value":"asleep"}'].map(frame)
})

/** The hourglass, over a socket or over HTTP. */
const hourglass = (over: "Socket" | "Http") => (): Laws.Wire<Hourglass.State> => {
  let n = 0
  let reply = 0
  const repliesOf = new Map<number, string>()
  const come = (body: string): Protocol.Told =>
    over === "Socket" ? frame(body) : { _tag: "Request", request: { ...request, body }, reply: ++reply }
  const said = (text: string): Laws.Said | undefined => {
    const [, kind, number, words] = /^(grain|wait|done) (\d+)(?: (.*?))?\n?$/s.exec(text) ?? []
    return kind === undefined ? undefined : { id: `ask-${number}`, last: kind === "done", text: words }
  }
  return {
    protocol: Hourglass.protocol,
    admitted: over === "Socket" ? { request } : { request, key: "k1" },
    start: come("flip c1"),
    next: (roll) => {
      const what = roll(6)
      if (what < 3) {
        const told = come(`ask ${++n} hello`)
        if (told._tag === "Request") repliesOf.set(told.reply, `ask-${n}`)
        return told
      }
      return come(what === 3 ? "tilt" : what === 4 ? "heard hel" : "flip again")
    },
    asks: (told) => {
      const body = told._tag === "Frame" ? told.frame : told._tag === "Request" ? told.request.body : ""
      const number = /^ask ([1-9]\d*) hello$/.exec(String(body))?.[1]
      return number === undefined ? undefined : `ask-${number}`
    },
    said: (wanted) => {
      if (wanted._tag === "Send") return said(wanted.text)
      if (wanted._tag !== "Chunk") return undefined
      const parsed = said(wanted.text)
      assert.isTrue(
        parsed === undefined || parsed.id === repliesOf.get(wanted.reply),
        "an answer is on its own response"
      )
      return { id: repliesOf.get(wanted.reply), last: wanted.last, text: parsed?.text }
    },
    supersedes: true,
    keepalive: [
      come("ping 7"),
      (wanted) => (wanted._tag === "Send" ? wanted.text : wanted._tag === "Answer" ? wanted.body : "") === "pong 7"
    ],
    unknown: ["sand", "", "ask", "ask x hello", "ask 0 hello"].map(come)
  }
}

describe("Protocol", () => {
  it("holds its laws on Line's wire", () => Laws.hold(line))
  it("holds its laws on the hourglass over a socket", () => Laws.hold(hourglass("Socket")))
  it("holds its laws on the hourglass over HTTP", () => Laws.hold(hourglass("Http")))
})
