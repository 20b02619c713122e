import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, DateTime, Effect, Result, Schema } from "effect"
import * as CallRequest from "../../src/CallRequest.ts"
import * as Event from "../../src/Event.ts"
import * as Recorder from "../../src/recording/Recorder.ts"
import * as Recording from "../../src/recording/Recording.ts"
import * as Redacted from "../../src/recording/internal/redacted.ts"
import * as Redaction from "../../src/recording/Redaction.ts"
import * as Secrets from "./secrets.ts"

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

/** A secret in a line, and the part of a redaction that blanks it. */
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
    it(`${field} redacts ${note._tag} ${what}`, () => {
      assert.include(text(note), secret)
      const blanked = Redacted.make(redaction).note(note)
      assert.isDefined(blanked)
      assert.notInclude(text(blanked), secret)
      assert.strictEqual(blanked?._tag, note._tag)
      assert.deepStrictEqual(Redacted.make({}).note(note), note)
    })
  }

  it("leaves unchanged what no rule names", () => {
    const only = Redacted.make({ tools: { other: { args: ["card"] } }, metadata: ["other"], userText: () => "" })
    for (const note of [
      output({ _tag: "AgentToolCalled", ...called }),
      output(Event.sendCustom({ card: "4111" })),
      output(Event.sendText("hello")),
      reply({ type: "tool-params-start", id: "t", name: "pay" }, { type: "tool-params-delta", id: "t", delta: "{" })
    ]) {
      assert.deepStrictEqual(only.note(note), note)
    }
  })

  it("redacts named fields and keeps their neighbours", () => {
    const redactor = Redacted.make({ tools: { pay: { args: ["card"] } } })
    assert.deepStrictEqual(
      redactor.note(output({ _tag: "AgentToolCalled", ...called })),
      output({ _tag: "AgentToolCalled", ...called, toolArgs: { card: Redaction.blank, amount: 5 } })
    )
  })

  it("prefers a tool's own rule to the rule for all tools, and does not take `toString` for a rule", () => {
    const redactor = Redacted.make({ tools: { pay: {}, "*": { args: ["card"] } } })
    assert.deepStrictEqual(
      redactor.note(output({ _tag: "AgentToolCalled", ...called })),
      output({ _tag: "AgentToolCalled", ...called })
    )
    const note = output({ _tag: "AgentToolCalled", ...called, toolName: "toString" })
    assert.notInclude(text(redactor.note(note)), "4111")
  })

  it("keeps arguments an object, whatever a rule returns", () => {
    const redactor = Redacted.make({ tools: { "*": { args: () => "gone" } } })
    assert.deepStrictEqual(
      redactor.note(output({ _tag: "AgentToolCalled", ...called })),
      output({ _tag: "AgentToolCalled", ...called, toolArgs: { [Redaction.blank]: "gone" } })
    )
  })

  it("keeps the kind of a failure when its message is redacted", () => {
    const note = secrets.map(([, , note]) => note).find(({ _tag }) => _tag === "ModelEnded")!
    const blanked = Redacted.make({ message: Redaction.mask }).note(note)
    assert.include(text(blanked), '"_tag":"UnknownError","description":"xxxxxx"')
  })

  it("redacts the request in the header", () => {
    const { request } = Redacted.make({
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

  it("applies the rule for lines last, and leaves out a line it returns undefined for", () => {
    const redactor = Redacted.make({
      userText: Redaction.mask,
      line: (note) => (note._tag === "Reported" ? undefined : note)
    })
    assert.isUndefined(redactor.note({ _tag: "Reported", report: { _tag: "UserTurnStarted" } }))
    assert.deepStrictEqual(redactor.note({ _tag: "CallClosed", how: "Ended" }), { _tag: "CallClosed", how: "Ended" })
  })

  describe("everything", () => {
    const secretText = Schema.String.check(Schema.isPattern(/^[b-w]{6}[1-9]{4}[b-w]{6}$/))

    it.effect("leaves no secret in any line or request, except in fields declared public", () =>
      Effect.gen(function* () {
        const result = yield* Arbitrary.checkEffect(
          Arbitrary.schema(Schema.Struct({ secret: secretText })),
          ({ secret }) =>
            Effect.gen(function* () {
              const [, first, number, second] = /^(\D+)(\d+)(\D+)$/.exec(secret)!
              const words = `${first} ${number} ${second}`
              const notes = Secrets.notes(words)
              let written = ""
              const recorder = yield* Recorder.make({
                request: Secrets.request(words),
                seed: 1,
                write: (more) => void (written += more),
                redact: Redaction.everything
              })
              for (const note of notes) recorder.note(note)
              for (const word of [first!, number!, second!]) assert.notInclude(written, word)
              assert.include(written, Secrets.open)
              // Nothing was lost, and what was written can be read.
              const read = Result.getOrThrow(Recording.decode(written))
              assert.deepStrictEqual(
                read.lines.map(({ _tag }) => _tag),
                notes.map(({ _tag }) => _tag)
              )
              return true
            }),
          { runs: 25, seed: 1 }
        )
        const failed = Arbitrary.formatCheckFailure(result)
        if (failed !== undefined) assert.fail(failed)
      })
    )

    it("covers every kind of line, event and part", () => {
      const all = text(Secrets.notes("secret 1"))
      for (const tag of [
        ...Object.keys(Recording.Line.cases),
        ...Object.keys(Event.Report.cases),
        ...Object.keys(Event.Output.cases)
      ]) {
        assert.include(all, `"${tag}"`)
      }
    })

    it("writes text in the clear only from fields that were reviewed", () => {
      assert.deepStrictEqual(Secrets.openFields(Recording.Line), [
        "actions.kind",
        "event.content.eventId",
        "event.eventId",
        "event.kind",
        "event.name",
        "event.respondingTo",
        "eventId",
        "kind",
        "output.language",
        "output.name",
        "output.pronunciationDictId",
        "output.respondingTo",
        "output.toolCallId",
        "output.toolName",
        "output.voiceId",
        "report.at.respondingTo",
        "report.eventId",
        "tools.name",
        "trigger"
      ])
      assert.deepStrictEqual(Secrets.openFields(CallRequest.CallRequest), ["agent.id", "agentCallId", "callId"])
    })

    it("keeps outcomes and measurements", () => {
      const all = Redacted.make(Redaction.everything)
      for (const note of [
        { _tag: "TurnEnded", turn: 3, outcome: "Interrupted" },
        output(Event.logMetric("first_text", { ms: [250, 300] })),
        reply({ type: "finish", reason: "stop", usage: { inputTokens: { total: 20 }, outputTokens: { total: 3 } } })
      ] as const) {
        assert.deepStrictEqual(all.note(note), note)
      }
      const asked = { ...(prompt() as Recording.NoteOf<"ModelRequested">), settings: { temperature: 0.5, seed: 7 } }
      assert.deepStrictEqual(all.note(asked), asked)
    })

    it("masks the schema of a tool except for its names", () => {
      const tool = {
        name: "pay",
        description: "Pays Anna",
        parameters: {
          type: "object",
          properties: { card: { type: "string", description: "of Anna", enum: ["4111"], maxLength: 16 } },
          required: ["card"]
        }
      }
      const asked = { ...(prompt() as Recording.NoteOf<"ModelRequested">), tools: [tool] }
      assert.deepStrictEqual(Redacted.make(Redaction.everything).note(asked), {
        ...asked,
        tools: [
          {
            name: "pay",
            description: "xxxx xxxx",
            parameters: {
              type: "object",
              properties: { card: { type: "string", description: "xx xxxx", enum: ["0000"], maxLength: 16 } },
              required: ["card"]
            }
          }
        ]
      })
    })
  })

  describe("unknown content", () => {
    const only: Redaction.Redaction = { phoneNumber: Redaction.mask }
    const unheardOf = { _tag: "UserMoodHeard", mood: "furious" } as unknown as Event.Report

    it("is always masked, except for its kind", () => {
      assert.deepStrictEqual(Redacted.make(only).note({ _tag: "Reported", report: unheardOf }), {
        _tag: "Reported",
        report: { _tag: "UserMoodHeard", mood: "xxxxxxx" } as unknown as Event.Report
      })
      const grown = { ...Event.sendText("hello"), tone: ["furious", 4711] }
      assert.deepStrictEqual(
        Redacted.make(only).note(output(grown)),
        output({ ...grown, tone: ["xxxxxxx", 0] } as never)
      )
      const part = { type: "mood", id: "1", mood: "furious" }
      assert.deepStrictEqual(Redacted.make(only).note(reply(part)), reply({ type: "mood", id: "0", mood: "xxxxxxx" }))
    })

    it("has a rule of its own", () => {
      const redactor = Redacted.make({ unknown: () => "gone" })
      assert.notInclude(text(redactor.note({ _tag: "Reported", report: unheardOf })), "furious")
      assert.include(text(redactor.note({ _tag: "Reported", report: unheardOf })), "gone")
    })

    it("includes a field whose value does not match its schema", () => {
      const broken = [
        { _tag: "Reported", report: { _tag: "UserTextSent", content: { words: ["furious"] } } },
        { _tag: "TurnEnded", turn: 1, outcome: "furious" },
        output({ _tag: "AgentToolCalled", ...called, toolName: { name: "furious" } as never }),
        reply({ type: "tool-call", id: ["furious"], name: "pay", params: {} })
      ] as ReadonlyArray<Note>
      for (const note of broken) assert.notInclude(text(Redacted.make(only).note(note)), "furious")
    })
  })

  it("redacts JSON text that contains a named field", () => {
    const redactor = Redacted.make({ tools: { pay: { args: ["card"], result: ["card"] } } })
    const broken = { raw: '{"card": "4111' }
    for (const note of [
      output({ _tag: "AgentToolCalled", ...called, toolArgs: broken }),
      output({ _tag: "AgentToolReturned", ...called, toolArgs: {}, result: '{"card":"4111"}' }),
      reply({
        type: "tool-call",
        id: "t",
        name: "pay",
        params: JSON.stringify({ text: JSON.stringify({ card: "4111" }) })
      })
    ]) {
      assert.notInclude(text(redactor.note(note)), "4111")
    }
  })

  it("changes ids only by their own rule", () => {
    const note = { _tag: "Reported", report: { _tag: "UserTurnStarted", eventId: "e1" } } as const
    assert.deepStrictEqual(Redacted.make({ id: () => "hidden" }).note(note), {
      ...note,
      report: { ...note.report, eventId: "hidden" }
    })
  })

  describe("mask", () => {
    it("keeps words, spaces and punctuation", () => {
      assert.strictEqual(Redaction.mask("Grüße, 24 Tage – 你好 👋!"), "xxxxx, 00 xxxx – xx 👋!")
    })

    it.effect("masks pieces as it masks the whole, and leaves no letter or digit but its own", () =>
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

    it("masks values and keeps their shape", () => {
      assert.deepStrictEqual(Redaction.maskValue({ a: ["b", 5, true, null], c: { d: "Eve" } }), {
        a: ["x", 0, true, null],
        c: { d: "xxx" }
      })
    })
  })
})
