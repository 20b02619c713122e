import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import * as Event from "../src/Event.ts"

const { cases } = Event.Input
const eventId = "e1"

const constructors: { readonly [Tag in Event.Output["_tag"]]: ReadonlyArray<readonly [Event.OutputOf<Tag>, object]> } =
  {
    AgentSendText: [
      [Event.sendText("hi"), { text: "hi" }],
      [
        Event.sendText("hi", { interruptible: false, respondingTo: "e1" }),
        { text: "hi", interruptible: false, respondingTo: "e1" }
      ]
    ],
    AgentSendDtmf: [[Event.sendDtmf("#"), { button: "#" }]],
    AgentEndCall: [
      [Event.endCall(), {}],
      [Event.endCall({ reason: "done", interruptible: false }), { reason: "done", interruptible: false }]
    ],
    AgentTransferCall: [
      [Event.transferCall("+49 30 1"), { targetPhoneNumber: "+49 30 1" }],
      [Event.transferCall("+1", { interruptible: false }), { targetPhoneNumber: "+1", interruptible: false }]
    ],
    // No agent writes the events of tools by hand.
    AgentToolCalled: [],
    AgentToolReturned: [],
    AgentUpdateCall: [
      [Event.updateCall({ language: "multilingual", voiceId: "v" }), { language: "multilingual", voiceId: "v" }]
    ],
    AgentSendCustom: [[Event.sendCustom({ a: [1] }), { metadata: { a: [1] } }]],
    LogMetric: [[Event.logMetric("ttft", 12.5), { name: "ttft", value: 12.5 }]],
    LogMessage: [
      [Event.logMessage("n", "m"), { name: "n", level: "info", message: "m" }],
      [
        Event.logMessage("n", "m", { level: "error", metadata: { a: 1 } }),
        { name: "n", level: "error", message: "m", metadata: { a: 1 } }
      ]
    ]
  }

const texts: { readonly [Tag in Event.Input["_tag"]]: readonly [Event.InputOf<Tag>, string] } = {
  CallStarted: [cases.CallStarted.make({ eventId }), ""],
  CallEnded: [cases.CallEnded.make({ eventId }), ""],
  UserTurnStarted: [cases.UserTurnStarted.make({ eventId }), ""],
  UserTextSent: [cases.UserTextSent.make({ eventId, content: "hello" }), "hello"],
  UserDtmfSent: [cases.UserDtmfSent.make({ eventId, button: "5" }), "[5]"],
  UserTurnEnded: [
    cases.UserTurnEnded.make({
      eventId,
      content: [
        Event.UserContent.cases.UserTextSent.make({ eventId: "a", content: "my number is" }),
        Event.UserContent.cases.UserDtmfSent.make({ eventId: "b", button: "5" }),
        Event.UserContent.cases.UserDtmfSent.make({ eventId: "c", button: "#" })
      ]
    }),
    "my number is [5] [#]"
  ],
  UserTurnAbandoned: [cases.UserTurnAbandoned.make({ eventId }), ""],
  UserSilent: [cases.UserSilent.make({ eventId, seconds: 5 }), ""],
  AnswerOverdue: [cases.AnswerOverdue.make({ eventId, respondingTo: "r", seconds: 5 }), ""],
  UserCustomSent: [cases.UserCustomSent.make({ eventId, metadata: { text: "no" } }), ""],
  AgentTurnStarted: [cases.AgentTurnStarted.make({ eventId }), ""],
  AgentTextSent: [cases.AgentTextSent.make({ eventId, content: "hi" }), "hi"],
  AgentDtmfSent: [cases.AgentDtmfSent.make({ eventId, button: "*" }), "[*]"],
  AgentTurnEnded: [
    cases.AgentTurnEnded.make({
      eventId,
      content: [
        Event.AgentContent.cases.AgentTextSent.make({ eventId: "a", content: "press" }),
        Event.AgentContent.cases.AgentDtmfSent.make({ eventId: "b", button: "1" })
      ]
    }),
    "press [1]"
  ],
  AgentHandedOff: [cases.AgentHandedOff.make({ eventId }), ""],
  BackgroundReturned: [
    cases.BackgroundReturned.make({ eventId, name: "n", respondingTo: "r", outcome: "Returned", result: "x" }),
    ""
  ],
  TurnFailed: [cases.TurnFailed.make({ eventId, respondingTo: "r", message: "broken" }), ""]
}

describe("Event", () => {
  for (const [tag, rows] of Object.entries(constructors)) {
    for (const [output, fields] of rows) {
      it(`${tag} is made with ${Object.keys(fields).join(", ") || "nothing"}, and nothing else`, () => {
        assert.deepStrictEqual<unknown>(output, { _tag: tag, ...fields })
        assert.isTrue(Schema.is(Event.Output)(output))
      })
    }
  }

  for (const [event, text] of Object.values(texts)) {
    it(`the text of ${event._tag} is "${text}"`, () => assert.strictEqual(Event.text(event), text))
  }

  it("the text of a custom entry is its content", () => {
    const entry = Event.CustomHistoryEntry.make({ eventId, role: "system", content: "vip" })
    assert.strictEqual(Event.text(entry), "vip")
  })

  it("the text of a turn without content is empty", () => {
    assert.strictEqual(Event.text(cases.UserTurnEnded.make({ eventId, content: [] })), "")
  })

  const roundTrips: Record<string, Schema.Codec<unknown, unknown>> = {
    ...Event.Input.cases,
    ...Event.Output.cases,
    CustomHistoryEntry: Event.CustomHistoryEntry
  }
  for (const [tag, schema] of Object.entries(roundTrips)) {
    it.effect(`${tag} survives encoding, by its own schema and by that of the union`, () =>
      Effect.gen(function* () {
        const union: Schema.Codec<unknown, unknown> = Schema.Union([
          Event.Input,
          Event.Output,
          Event.CustomHistoryEntry
        ])
        const result = yield* Arbitrary.checkEffect(
          Arbitrary.schema(schema),
          (event) =>
            Effect.gen(function* () {
              for (const codec of [schema, union]) {
                const encoded = yield* Schema.encodeEffect(codec)(event)
                assert.deepStrictEqual(yield* Schema.decodeUnknownEffect(codec)(encoded), event)
              }
              return true
            }),
          { runs: 30, seed: 1 }
        )
        const failure = Arbitrary.formatCheckFailure(result)
        if (failure !== undefined) assert.fail(failure)
      })
    )
  }

  const bad: ReadonlyArray<readonly [string, unknown]> = [
    ["an unknown tag", { _tag: "UserSneezed", eventId }],
    ["a missing id", { _tag: "CallStarted" }],
    ["text that is no text", { _tag: "UserTextSent", eventId, content: 1 }],
    ["content of the other side", { _tag: "UserTurnEnded", eventId, content: [texts.AgentTextSent[0]] }],
    ["an outcome that is none", { ...texts.BackgroundReturned[0], outcome: "Lost" }],
    ["a log level that is none", { _tag: "LogMessage", name: "n", level: "debug", message: "m" }]
  ]
  for (const [name, value] of bad) {
    it(`rejects ${name}`, () => {
      assert.isFalse(Schema.is(Event.Input)(value) || Schema.is(Event.Output)(value))
    })
  }

  it("tells logs from outputs that the caller or the harness notices", () => {
    assert.isTrue(Event.isLog(Event.logMetric("n", 1)))
    assert.isTrue(Event.isLog(Event.logMessage("n", "m")))
    for (const output of [Event.sendText("a"), Event.sendDtmf("1"), Event.endCall(), Event.sendCustom({})]) {
      assert.isFalse(Event.isLog(output))
    }
  })
})
