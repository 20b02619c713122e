import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, DateTime, Effect, Schema } from "effect"
import * as CallRequest from "../../src/CallRequest.ts"
import * as Event from "../../src/Event.ts"
import * as Recording from "../../src/recording/Recording.ts"
import * as Redaction from "../../src/recording/Redaction.ts"

type Note = Recording.Note

const header: Recording.Header = {
  _tag: "Recording",
  version: Recording.version,
  startedAt: DateTime.makeUnsafe(0),
  request: CallRequest.make({
    callId: "c1",
    from: "+15550001111",
    to: "+15550002222",
    agent: { systemPrompt: "prompt", introduction: "introduction" },
    metadata: { plan: "gold", card: { number: "4111" } }
  }),
  seed: 1,
  redacted: true
}

const output = (output: Event.Output): Note => ({ _tag: "Sent", turn: 1, output })
const called = { toolCallId: "t", toolName: "pay", toolArgs: { card: "4111", amount: 5 } }
const reply = (...parts: Recording.LineOf<"ModelReplied">["parts"]): Note => ({
  _tag: "ModelReplied",
  request: 1,
  parts
})
const prompt = (...messages: Recording.LineOf<"ModelRequested">["messages"]): Note => ({
  _tag: "ModelRequested",
  turn: 1,
  request: 1,
  method: "streamText",
  messages
})
const happened = (event: Recording.LineOf<"Happened">["event"]): Note => ({ _tag: "Happened", event })
const ids = { eventId: "e", respondingTo: "r" }

/** A secret that stands in a line, and the part of a redaction that blanks it. */
const secrets: ReadonlyArray<readonly [string, Redaction.Redaction, Note]> = [
  ["hello", { userText: Redaction.mask }, { _tag: "Reported", report: { _tag: "UserTextSent", content: "hello" } }],
  ["hello", { userText: Redaction.mask }, prompt({ role: "user", content: [{ type: "text", text: "hello" }] })],
  ["hello", { userText: Redaction.mask }, prompt({ role: "user", content: "hello" })],
  ["hello", { agentText: Redaction.mask }, { _tag: "Reported", report: { _tag: "AgentTextSent", content: "hello" } }],
  ["hello", { agentText: Redaction.mask }, output(Event.sendText("hello"))],
  ["hello", { agentText: Redaction.mask }, { _tag: "Kept", turn: 1, output: Event.sendText("hello") }],
  ["hello", { agentText: Redaction.mask }, reply({ type: "text-delta", id: "1", delta: "hello" })],
  ["hello", { agentText: Redaction.mask }, reply({ type: "reasoning-delta", id: "1", delta: "hello" })],
  ["hello", { agentText: Redaction.mask }, reply({ type: "text", text: "hello" })],
  [
    "hello",
    { agentText: Redaction.mask },
    prompt({ role: "assistant", content: [{ type: "reasoning", text: "hello" }] })
  ],
  ["secret", { instructions: Redaction.mask }, prompt({ role: "system", content: "secret" })],
  ["5", { dtmf: () => "*" }, { _tag: "Reported", report: { _tag: "UserDtmfSent", button: "5" } }],
  ["5", { dtmf: () => "*" }, { _tag: "Reported", report: { _tag: "AgentDtmfSent", button: "5" } }],
  ["5", { dtmf: () => "*" }, output(Event.sendDtmf("5"))],
  ["+1555", { phoneNumber: Redaction.mask }, output(Event.transferCall("+1555"))],
  [
    "4111",
    { metadata: ["card"] },
    { _tag: "Reported", report: { _tag: "UserCustomSent", metadata: { card: "4111" } } }
  ],
  ["4111", { metadata: ["card"] }, output(Event.sendCustom({ a: [{ card: { number: "4111" } }] }))],
  ["4111", { metadata: ["card"] }, output(Event.logMessage("n", "m", { metadata: { card: "4111" } }))],
  ["secret", { message: Redaction.mask }, output(Event.logMessage("n", "secret"))],
  ["secret", { message: Redaction.mask }, output(Event.endCall({ reason: "secret" }))],
  ["secret", { message: Redaction.mask }, { _tag: "CallFailed", reason: "Turn", message: "secret" }],
  ["secret", { message: Redaction.mask }, happened({ _tag: "TurnFailed", ...ids, message: "secret" })],
  [
    "secret",
    { message: Redaction.mask },
    happened({ _tag: "BackgroundReturned", ...ids, name: "pay", outcome: "Failed", result: "secret" })
  ],
  ["secret", { message: Redaction.mask }, reply({ type: "error", error: "secret" })],
  [
    "secret",
    { message: Redaction.mask },
    {
      _tag: "ModelEnded",
      request: 1,
      outcome: "Failed",
      error: {
        _tag: "AiError",
        reason: { _tag: "UnknownError", description: "secret", metadata: { openai: ["secret"] } }
      }
    }
  ],
  ["4111", { tools: { pay: { args: ["card"] } } }, output({ _tag: "AgentToolCalled", ...called })],
  ["4111", { tools: { "*": { args: ["card"] } } }, output({ _tag: "AgentToolReturned", ...called, result: "ok" })],
  [
    "4111",
    { tools: { pay: { result: () => "gone" } } },
    output({ _tag: "AgentToolReturned", ...called, toolArgs: {}, result: "4111" })
  ],
  [
    "4111",
    { tools: { pay: { args: ["card"] } } },
    reply({ type: "tool-call", id: "t", name: "pay", params: called.toolArgs })
  ],
  [
    "4111",
    { tools: { pay: { args: ["card"] } } },
    reply(
      { type: "tool-params-start", id: "t", name: "pay" },
      { type: "tool-params-delta", id: "t", delta: '{"card":"4111' }
    )
  ],
  [
    "4111",
    { tools: { pay: { args: ["card"], result: ["card"] } } },
    prompt(
      { role: "assistant", content: [{ type: "tool-call", id: "t", name: "pay", params: called.toolArgs }] },
      { role: "tool", content: [{ type: "tool-result", id: "t", name: "pay", result: { card: "4111" } }] }
    )
  ],
  [
    "4111",
    { tools: { pay: { result: ["card"] } } },
    happened({ _tag: "BackgroundReturned", ...ids, name: "pay", outcome: "Returned", result: [{ card: "4111" }] })
  ]
]

const text = (value: unknown) => JSON.stringify(value)

describe("Redaction", () => {
  for (const [secret, redaction, note] of secrets) {
    const field = Object.keys(redaction)[0]
    const what = "report" in note ? note.report._tag : "output" in note ? note.output._tag : text(note).slice(0, 90)
    it(`${field} blanks ${note._tag} ${what}`, () => {
      assert.include(text(note), secret)
      const blanked = Redaction.redactor(redaction).note(note)
      assert.isDefined(blanked)
      assert.notInclude(text(blanked), secret)
      assert.strictEqual(blanked?._tag, note._tag)
      assert.deepStrictEqual(Redaction.redactor({}).note(note), note)
    })
  }

  it("leaves what is not named as it is", () => {
    const only = Redaction.redactor({ tools: { other: { args: ["card"] } }, metadata: ["other"], userText: () => "" })
    for (const note of [
      output({ _tag: "AgentToolCalled", ...called }),
      output(Event.sendCustom({ card: "4111" })),
      output(Event.sendText("hello")),
      reply({ type: "tool-params-start", id: "t", name: "pay" }, { type: "tool-params-delta", id: "t", delta: "{" })
    ]) {
      assert.deepStrictEqual(only.note(note), note)
    }
  })

  it("blanks fields by name and keeps those beside them", () => {
    const redactor = Redaction.redactor({ tools: { pay: { args: ["card"] } } })
    assert.deepStrictEqual(
      redactor.note(output({ _tag: "AgentToolCalled", ...called })),
      output({ _tag: "AgentToolCalled", ...called, toolArgs: { card: Redaction.blank, amount: 5 } })
    )
  })

  it("prefers what is said of a tool to what is said of all, and takes no name for a member of every object", () => {
    const redactor = Redaction.redactor({ tools: { pay: {}, "*": { args: ["card"] } } })
    assert.deepStrictEqual(
      redactor.note(output({ _tag: "AgentToolCalled", ...called })),
      output({ _tag: "AgentToolCalled", ...called })
    )
    const note = output({ _tag: "AgentToolCalled", ...called, toolName: "toString" })
    assert.notInclude(text(redactor.note(note)), "4111")
  })

  it("keeps arguments an object, whatever a function makes of them", () => {
    const redactor = Redaction.redactor({ tools: { "*": { args: () => "gone" } } })
    assert.deepStrictEqual(
      redactor.note(output({ _tag: "AgentToolCalled", ...called })),
      output({ _tag: "AgentToolCalled", ...called, toolArgs: { [Redaction.blank]: "gone" } })
    )
  })

  it("tells the kind of a failure also where its words are blanked", () => {
    const note = secrets.map(([, , note]) => note).find(({ _tag }) => _tag === "ModelEnded")!
    const blanked = Redaction.redactor({ message: Redaction.mask }).note(note)
    assert.include(text(blanked), '"_tag":"UnknownError","description":"xxxxxx"')
  })

  it("blanks the request of the header", () => {
    const { request } = Redaction.redactor({
      phoneNumber: (number) => number.slice(0, 5),
      instructions: Redaction.mask,
      metadata: ["number"],
      request: (request) => ({ ...request, callId: "hidden" })
    }).header(header)
    assert.deepStrictEqual(
      request,
      CallRequest.make({
        callId: "hidden",
        from: "+1555",
        to: "+1555",
        agent: { systemPrompt: "xxxxxx", introduction: "xxxxxxxxxxxx" },
        metadata: { plan: "gold", card: { number: Redaction.blank } }
      })
    )
  })

  it("asks about each line last, and leaves out what is undefined", () => {
    const redactor = Redaction.redactor({
      userText: Redaction.mask,
      line: (note) => (note._tag === "Reported" ? undefined : note)
    })
    assert.isUndefined(redactor.note({ _tag: "Reported", report: { _tag: "UserTurnStarted" } }))
    assert.deepStrictEqual(redactor.note({ _tag: "CallClosed", how: "Ended" }), { _tag: "CallClosed", how: "Ended" })
  })

  describe("mask", () => {
    it("keeps words, spaces and marks", () => {
      assert.strictEqual(Redaction.mask("Grüße, 24 Tage – 你好 👋!"), "xxxxx, 00 xxxx – xx 👋!")
    })

    it.effect("makes of pieces what it makes of the whole, and leaves no letter or digit but its own", () =>
      Effect.gen(function* () {
        const result = yield* Arbitrary.checkEffect(
          Arbitrary.schema(Schema.Struct({ text: Schema.String, cut: Schema.Int })),
          ({ cut, text }) =>
            Effect.sync(() => {
              const points = Array.from(text)
              const at = Math.abs(cut) % (points.length + 1)
              const [a, b] = [points.slice(0, at).join(""), points.slice(at).join("")]
              assert.strictEqual(Redaction.mask(a) + Redaction.mask(b), Redaction.mask(a + b))
              assert.notMatch(Redaction.mask(text), /(?![x0])[\p{L}\p{N}]/u)
              return true
            }),
          { runs: 500, seed: 1 }
        )
        const failed = Arbitrary.formatCheckFailure(result)
        if (failed !== undefined) assert.fail(failed)
      })
    )

    it("masks values, and keeps their shape", () => {
      assert.deepStrictEqual(Redaction.maskValue({ a: ["b", 5, true, null], c: { d: "Eve" } }), {
        a: ["x", 0, true, null],
        c: { d: "xxx" }
      })
    })
  })
})
