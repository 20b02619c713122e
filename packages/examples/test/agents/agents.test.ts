import { CallRequest } from "@antiphon/core"
import { Caller, Expect, Played, TestCall } from "@antiphon/core/testing"
import { ScriptedModel } from "@antiphon/llm/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Ref } from "effect"
import { makeDesk } from "../../src/agents/afterwards.ts"
import { slow } from "../../src/agents/deadline.ts"
import { host } from "../../src/agents/events.ts"
import { forecaster } from "../../src/agents/generator.ts"
import { clerk } from "../../src/agents/history.ts"
import { keyed } from "../../src/agents/keypad.ts"
import { support } from "../../src/agents/longCall.ts"
import { characters, counted } from "../../src/agents/outputs.ts"
import { advisor } from "../../src/agents/promptOfTheTurn.ts"
import { watched } from "../../src/agents/session.ts"
import { desk } from "../../src/agents/spokenObject.ts"
import { makeBooking } from "../../src/agents/tentative.ts"
import { pharmacy } from "../../src/agents/wrappers.ts"

const { delay, make, text } = ScriptedModel
const listens = Caller.listens()

describe("agents", () => {
  it.effect("events: keys, messages and silence start turns", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(host, [
        listens,
        Caller.sends({ order: 7 }),
        listens,
        Caller.reports({ _tag: "UserSilent", seconds: 8 }),
        listens,
        Caller.presses("0")
      ])
      Expect.output(call, { _tag: "AgentSendCustom", metadata: { show: 7 } })
      Expect.heard(call, "Are you still there? One moment.")
      Expect.endedBy(call, "transfer", "+33140000000")
    })
  )

  it.effect("history: an edit with an end leaves later words alone", () =>
    Effect.gen(function* () {
      const request = CallRequest.make({ from: "+33123" })
      const script = [
        Caller.says("a table"),
        listens,
        Caller.says("start over"),
        listens,
        Caller.says("a cab"),
        listens
      ]
      const call = yield* TestCall.run(clerk, script, { request })
      Expect.heard(call, "So far: a table. Forgotten. So far: start over, a cab.")
    })
  )

  it.effect("history: a note appears in later turns", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(clerk, [listens], { request: CallRequest.make({ from: "+33123" }) })
      const notes = Played.events(call).filter(({ _tag }) => _tag === "CustomHistoryEntry")
      assert.deepInclude(notes[0], { role: "system", content: "The caller's number is +33123." })
    })
  )

  it.effect("wrappers: a filler, and a replaced sentence", () =>
    Effect.gen(function* () {
      const model = make([[delay("3 seconds"), text("Of course. Take 400 mg. Anything else?")]])
      const call = yield* TestCall.run(pharmacy, [Caller.says("My head hurts"), listens]).pipe(
        Effect.provide(model.layer)
      )
      Expect.heard(call, "One moment, please. Of course. A pharmacist has to answer that. Anything else?")
      Expect.notHeard(call, "400")
    })
  )

  it.effect("outputs: text is changed, and counts as changed", () =>
    Effect.gen(function* () {
      const before = yield* characters
      const call = yield* TestCall.run(counted, [listens])
      Expect.heard(call, "Call us at 9 in the morning")
      assert.strictEqual((yield* characters).count - before.count, Played.said(call).length)
    })
  )

  it.effect("generator: an async generator is an agent", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(forecaster, [Caller.says("The weather?"), listens])
      Expect.heard(call, "Let me see. It is sunny.")
    })
  )

  it.effect("keypad: pressed keys are one answer", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(keyed, [
        listens,
        Caller.presses("47#"),
        listens,
        Caller.presses("123456"),
        listens
      ])
      Expect.heard(call, "Your account is 47. Your account is 123456.")
    })
  )

  it.effect("tentative: nothing is done if the caller continues", () =>
    Effect.gen(function* () {
      const booked = yield* Ref.make(0)
      const probably = Caller.reports({ _tag: "UserTurnEnded", content: "A table", tentative: true })
      const call = yield* TestCall.run(makeBooking(booked), [
        Caller.reports({ _tag: "UserTurnStarted" }),
        probably,
        Caller.pauses("1 second"),
        Caller.reports({ _tag: "UserTurnResumed" }),
        Caller.pauses("1 second"),
        probably,
        Caller.pauses("1 second"),
        Caller.reports({ _tag: "UserTurnCommitted" }),
        listens
      ])
      assert.strictEqual(yield* Ref.get(booked), 1)
      Expect.heard(call, "Your table is booked.")
    })
  )

  it.effect("deadline: the caller hears that the answer takes a while", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(slow, [Caller.says("Where is my parcel?"), listens])
      Expect.event(call, { _tag: "AnswerOverdue", seconds: 4 })
      Expect.heard(call, "I am still looking. It is in Lyon.")
    })
  )

  it.effect("afterwards: work finishes after the hang-up", () =>
    Effect.gen(function* () {
      const book = yield* Ref.make<ReadonlyArray<string>>([])
      const call = yield* TestCall.run(makeDesk(book), [Caller.says("Order it"), Caller.hears(3), Caller.hangsUp])
      const lines = yield* Ref.get(book)
      assert.include(lines, "ordered")
      assert.match(lines[0]!, /^\d+ events$/)
      Expect.nothingLeft(call)
    })
  )

  it.effect("session: a stream beside the turns of the call", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(watched, [listens, Caller.says("Hi"), listens])
      Expect.output(call, { _tag: "AgentSendCustom", metadata: { listening: true } })
    })
  )

  it.effect("promptOfTheTurn: facts, a changed prompt, and events in words", () =>
    Effect.gen(function* () {
      const model = make([text("Two years."), text("That is our best one."), text("Oui ?")])
      const call = yield* TestCall.run(advisor, [
        Caller.says("How long is the warranty?"),
        listens,
        Caller.sends({ page: "e-bikes" }),
        listens,
        Caller.presses("2"),
        listens,
        Caller.says("And helmets?"),
        listens
      ]).pipe(Effect.provide(model.layer))
      Expect.prompt(call, 1, "The warranty is two years.")
      Expect.prompt(call, 2, "looks at e-bikes")
      Expect.prompt(call, 3, "Speak French.")
      Expect.heard(call, "Oui ?")
    })
  )

  it.effect("longCall: the oldest turns are summarised, and the call ends when its time is over", () =>
    Effect.gen(function* () {
      const long = "word ".repeat(2000)
      const reply: ScriptedModel.Reply = ({ method }) =>
        text(method === "generateText" ? "They have a bill in question." : "I see.")
      const model = make(Array.from({ length: 20 }, () => reply))
      const call = yield* TestCall.run(support, [
        ...Array.from({ length: 7 }, (_, n) => [
          Caller.reports({ _tag: "UserTurnStarted" }),
          Caller.reports({ _tag: "UserTextSent", content: `Line ${n}. ${long}` }),
          Caller.reports({ _tag: "UserTurnEnded" }),
          listens
        ]).flat(),
        Caller.pauses("21 minutes"),
        Caller.says("And now?"),
        listens,
        Caller.pauses("5 minutes")
      ]).pipe(Effect.provide(model.layer))
      const prompts = (yield* model.prompts).filter(({ method }) => method === "streamText")
      const last = JSON.stringify(prompts.at(-1)!.prompt.content)
      assert.include(last, "They have a bill in question.")
      assert.include(last, "offer to call back")
      assert.notInclude(last, "Line 0.")
      Expect.heard(call, "I have to end this call now.")
      Expect.endedBy(call, "agent")
    })
  )

  it.effect("spokenObject: the words are heard, and the rest is acted on", () =>
    Effect.gen(function* () {
      const model = make([text(JSON.stringify({ say: "I am sorry to hear that.", mood: "upset", order: "17" }))])
      const call = yield* TestCall.run(desk, [Caller.says("Order 17 is broken again!"), listens]).pipe(
        Effect.provide(model.layer)
      )
      Expect.heard(call, "I am sorry to hear that.")
      Expect.output(call, { _tag: "AgentSendCustom", metadata: { mood: "upset", order: "17" } })
      Expect.endedBy(call, "transfer", "+33140000000")
    })
  )
})
