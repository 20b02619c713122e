import { CallError } from "@antiphon/core/CallError"
import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Redacted } from "effect"
import { detail, Ending } from "../../src/Ending.ts"
import * as LineProtocol from "../../src/line/LineProtocol.ts"
import type * as Protocol from "../../src/Protocol.ts"

interface Row {
  readonly ending: Ending
  /** What the peer is told if errors are hidden, and if they are exposed. */
  readonly hidden?: string
  readonly exposed?: string
  readonly closeCode: number
}

const boom = new Error("boom")
const same = (text: string) => ({ hidden: text, exposed: text })
const refused = { closeCode: 1000 } as const
const failed = { closeCode: 1000 } as const
const loop = "Error in websocket loop (likely message processing)"

// An entry per ending: a new one does not compile until it has a row here.
const table: { readonly [Tag in Ending["_tag"]]: ReadonlyArray<Row> } = {
  PeerClosed: [{ ending: Ending.PeerClosed(), closeCode: 1000 }],
  AgentEnded: [{ ending: Ending.AgentEnded(), closeCode: 1000 }],
  StartFailed: [
    {
      ...refused,
      ...same("Failed to receive/parse start message: not JSON (error id e1)"),
      ending: Ending.StartFailed({ message: "not JSON" })
    }
  ],
  FactoryFailed: [
    {
      ...failed,
      ending: Ending.FactoryFailed({ callId: "c1", cause: Cause.fail(boom) }),
      hidden: "Error in get_agent for c1: internal error (error id e1)",
      exposed: "Error in get_agent for c1: boom (error id e1)"
    }
  ],
  Malformed: [
    {
      ...refused,
      ...same("Failed to parse JSON message: not JSON (error id e1)"),
      ending: Ending.Malformed({ message: "not JSON" })
    }
  ],
  Binary: [
    { ...refused, ...same(`${loop}: binary messages are not supported (error id e1)`), ending: Ending.Binary() }
  ],
  TooLarge: [
    {
      ...refused,
      ...same("Message too long: the limit is 10 bytes (error id e1)"),
      ending: Ending.TooLarge({ limit: 10 }),
      closeCode: 1009
    }
  ],
  Flood: [
    {
      ...same("Too many bytes: the limit is 10 a second (error id e1)"),
      ending: Ending.Flood({ limit: 10, of: "bytes" }),
      closeCode: 1008
    },
    {
      ...refused,
      ...same("Too many messages: the limit is 10 a second (error id e1)"),
      ending: Ending.Flood({ limit: 10, of: "messages" }),
      closeCode: 1008
    }
  ],
  Spent: [
    {
      ...same("Too many bytes: the limit of a call is 10 (error id e1)"),
      ending: Ending.Spent({ limit: 10 }),
      closeCode: 1009
    }
  ],
  Overlong: [{ ...same("The call has lasted too long (error id e1)"), ending: Ending.Overlong(), closeCode: 1000 }],
  Starved: [{ ...same("The call uses too much memory (error id e1)"), ending: Ending.Starved(), closeCode: 1009 }],
  Unrecorded: [{ ...same("The call cannot be recorded (error id e1)"), ending: Ending.Unrecorded(), closeCode: 1011 }],
  AgentFailed: [
    {
      ...failed,
      ending: Ending.AgentFailed({ error: new CallError({ reason: "Turn", cause: boom }) }),
      hidden: "Error in agent.process: internal error (error id e1)",
      exposed: "Error in agent.process: boom (error id e1)"
    },
    {
      ...failed,
      ending: Ending.AgentFailed({ error: new CallError({ reason: "Filter", cause: boom }) }),
      hidden: `${loop}: internal error (error id e1)`,
      exposed: `${loop}: boom (error id e1)`
    }
  ],
  Stalled: [{ ending: Ending.Stalled(), closeCode: 1008 }],
  Idle: [{ ...refused, ...same("Nothing was received for too long (error id e1)"), ending: Ending.Idle() }],
  Full: [{ ...same("Too many calls (error id e1)"), ending: Ending.Full(), closeCode: 1013 }],
  Draining: [{ ending: Ending.Draining(), closeCode: 1001 }]
}

const protocol = LineProtocol.make({ token: undefined, allowedOrigins: [] })
const request: Protocol.WireRequest = { method: "GET", url: "/ws", params: {}, headers: {}, body: "" }

/** Last words, for a call that is told why it ends. */
const lastWords = (ending: Ending, exposeErrors: boolean) =>
  protocol.step("Open", { _tag: "Ending", ending, errorId: "e1", detail: detail(ending, { exposeErrors }) }, 0)[1]

const words = (error: string | undefined, code: number): ReadonlyArray<Protocol.Wanted> => [
  ...(error === undefined ? [] : [{ _tag: "Send" as const, text: JSON.stringify({ type: "error", content: error }) }]),
  { _tag: "Close", code }
]

describe("LineProtocol: an ending", () => {
  for (const row of Object.values(table).flat()) {
    const { closeCode, ending, exposed, hidden } = row
    it(`${ending._tag} closes with ${closeCode}, ${hidden === undefined ? "saying nothing" : `saying "${hidden}"`}`, () => {
      const quiet = lastWords(ending, false)
      assert.deepStrictEqual(quiet, words(hidden, closeCode))
      assert.notInclude(JSON.stringify(quiet), "boom")

      const open = lastWords(ending, true)
      assert.deepStrictEqual(open, words(exposed, closeCode))
      assert.notMatch(JSON.stringify(open), /\\n| at /)
    })
  }
})

describe("LineProtocol: an error message", () => {
  it("consists of its content alone, as JSON", () => {
    assert.deepStrictEqual(lastWords(Ending.Malformed({ message: 'no "é"' }), false)[0], {
      _tag: "Send",
      text: String.raw`{"type":"error","content":"Failed to parse JSON message: no \"é\" (error id e1)"}`
    })
  })
})

describe("LineProtocol: a call", () => {
  const frame = (frame: string | Uint8Array): Protocol.Told => ({ _tag: "Frame", frame })
  const [opening] = protocol.open({ request }, 0)

  it("starts with its start message, and reports what follows", () => {
    const [state, wanted] = protocol.step(opening, frame('{"type":"start","call_id":"c1"}'), 0)
    assert.strictEqual(wanted[0]?._tag, "Start")
    const message = '{"type":"message","content":"hi","event_id":"e7"}'
    assert.deepStrictEqual(protocol.step(state, frame(message), 0)[1], [
      { _tag: "Report", report: { _tag: "UserTextSent", eventId: "e7", content: "hi" } }
    ])
  })

  it("ends for good with an unreadable message", () => {
    for (const bad of ["{", new Uint8Array([1])]) {
      for (const before of [opening, "Open"] as const) {
        const [state, wanted] = protocol.step(before, frame(bad), 0)
        assert.strictEqual(wanted[0]?._tag, "End")
        assert.deepStrictEqual(protocol.step(state, frame('{"type":"start"}'), 0), [state, []])
      }
    }
  })

  it("sends outputs as messages, in order", () => {
    const outputs = [
      { _tag: "AgentSendText", text: "a", respondingTo: "e1" },
      { _tag: "AgentEndCall", respondingTo: "e1" }
    ] as const
    assert.deepStrictEqual(
      protocol.step("Open", { _tag: "Outputs", outputs }, 0)[1].map((wanted) => wanted._tag === "Send" && wanted.text),
      [
        '{"type":"message","content":"a","interruptible":true,"responding_to":"e1"}',
        '{"type":"end_call","reason":"agent_ended","responding_to":"e1","interruptible":true}'
      ]
    )
  })

  it("sends the usage of models only on request, because Line does not have it", () => {
    const outputs = [
      Event.logMetric("llm_usage", { input: 1 }),
      Event.logMetric("llm_first_text_ms", 5),
      Event.logMetric("my_usage", 2),
      Event.logMetric("llm_call_usage", { replies: 1 })
    ] as const
    const names = (protocol: Protocol.Protocol<LineProtocol.State>) =>
      protocol
        .step("Open", { _tag: "Outputs", outputs }, 0)[1]
        .map((wanted) => wanted._tag === "Send" && (JSON.parse(wanted.text as string) as { name: string }).name)
    assert.deepStrictEqual(names(protocol), ["llm_first_text_ms", "my_usage"])
    const asked = LineProtocol.make({ token: undefined, allowedOrigins: [] }, { usageMetrics: true })
    assert.deepStrictEqual(names(asked), ["llm_usage", "llm_first_text_ms", "my_usage", "llm_call_usage"])
  })

  it.effect("is rejected without the token, and from a page of another origin", () =>
    Effect.gen(function* () {
      const guarded = LineProtocol.make({ token: Redacted.make("s3cret"), allowedOrigins: [] })
      const refused = yield* Effect.flip(guarded.admit(request))
      assert.deepStrictEqual([refused.status, refused.detail], [401, "Unauthorized"])
      const authorization = "Bearer s3cret"
      yield* guarded.admit({ ...request, headers: { authorization } })
      const origin = "https://evil.example"
      const foreign = yield* Effect.flip(guarded.admit({ ...request, headers: { authorization, origin } }))
      assert.deepStrictEqual([foreign.status, foreign.detail], [403, "Origin not allowed"])
    })
  )
})
