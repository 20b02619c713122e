import * as Call from "@antiphon/core/Call"
import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as CallRequest from "@antiphon/core/CallRequest"
import * as DemoAgent from "../src/DemoAgent.ts"

const settle = Effect.repeat(Effect.yieldNow, { times: 50 })
const words = (text: string) => text.match(/\S+/g) ?? []

/** A call with the demo agent, whose clock stands still until it is told to go on. */
const dial = Effect.gen(function* () {
  yield* TestClock.adjust(0)
  const spec = yield* DemoAgent.make(CallRequest.make())
  let outputs: Array<Event.Output> = []
  const harness: Call.Harness = {
    send: (sent) => Effect.sync(() => void outputs.push(...sent)),
    fail: (error) => Effect.die(error)
  }
  const call = yield* Call.make(spec, { harness })
  const text = () => outputs.map((output) => (output._tag === "AgentSendText" ? output.text : "")).join("")
  const take = () => {
    const taken = { outputs, text: text(), tags: outputs.map(({ _tag }) => _tag) }
    outputs = []
    return taken
  }
  const report = (...reports: ReadonlyArray<Event.Report>) =>
    Effect.andThen(Effect.forEach(reports, call.receive, { discard: true }), settle)
  /** Speaks words one by one, each reported without its white space. */
  const speak = (text: string, { end = true } = {}) =>
    report(
      { _tag: "AgentTurnStarted" },
      ...words(text).map((content) => ({ _tag: "AgentTextSent" as const, content })),
      ...(end ? [{ _tag: "AgentTurnEnded" as const }] : [])
    )
  /** Lets time pass, a piece of speech at a time. */
  const pass = (seconds: number) =>
    Effect.repeat(Effect.andThen(TestClock.adjust("20 millis"), Effect.repeat(Effect.yieldNow, { times: 5 })), {
      times: seconds * 50 - 1
    })
  const ask = (content: string) =>
    report({ _tag: "UserTurnStarted" }, { _tag: "UserTextSent", content }, { _tag: "UserTurnEnded" })
  yield* settle
  return { report, speak, pass, ask, take, text, call }
})

/** A call whose introduction has been heard. */
const greeted = Effect.gen(function* () {
  const call = yield* dial
  yield* call.pass(4)
  yield* call.speak(call.take().text)
  return call
})

/** A call that was stopped after some words of the answer to a wish. */
const stopped = (wish: string, count: number) =>
  Effect.gen(function* () {
    const call = yield* greeted
    yield* call.ask(wish)
    yield* call.pass(12)
    const said = words(call.take().text)
    yield* call.speak(said.slice(0, count).join(" "), { end: false })
    return { ...call, said }
  })

// One row per intent: a new one does not compile until it has a row here.
const intents: { readonly [intent in DemoAgent.Intent]: ReadonlyArray<string> } = {
  Story: ["Tell me a story", "hello, tell me a story please", "A TALE!"],
  GoOn: ["go on", "please continue", "and the rest?", "Go ahead."],
  LookUp: ["look up the tides", "can you look it up", "search for trains", "find out who won", "look something up"],
  Notice: ["read me the notice", "the small print, please"],
  Keys: ["press a key", "what is on the menu", "which buttons are there"],
  Help: ["help", "What can you do?", "what else"],
  Who: ["who are you", "are you a robot?", "which model is this"],
  Quiet: ["stop", "wait a second", "that is enough"],
  Thanks: ["thank you", "Thanks!"],
  Greeting: ["hello", "Hi there", "good morning"],
  Goodbye: ["goodbye", "Good-bye", "bye bye", "please hang up", "thanks, goodbye"],
  Nothing: ["", "  \n"],
  Unknown: ["the price of eels", "42", "🙂", "history", "this"]
}

const topics: ReadonlyArray<readonly [string, string]> = [
  ["look up the tide tables", "the tide tables"],
  ["could you look something up about trains for me?", "trains"],
  ["Look it up", "the tides"],
  ["search for eels & elvers!", "eels elvers"],
  ["look up", "the tides"],
  [`check ${"very ".repeat(40)}long`, "very very very very very very very very very very very very"],
  ["look up <b>bold</b>", "b bold b"]
]

describe("DemoAgent", () => {
  for (const [intent, examples] of Object.entries(intents)) {
    it(`takes as ${intent}: ${examples.map((example) => JSON.stringify(example)).join(", ")}`, () => {
      assert.deepStrictEqual(
        examples.map((example) => DemoAgent.intentOf(example)),
        examples.map(() => intent)
      )
    })
  }

  for (const [wish, topic] of topics) {
    it(`looks up "${topic}" for "${wish.slice(0, 50)}"`, () => {
      assert.strictEqual(DemoAgent.topicOf(wish), topic)
    })
  }

  it.effect("says that it is a demo and what to try, a word every 40 ms", () =>
    Effect.gen(function* () {
      const call = yield* dial
      assert.strictEqual(call.text(), "")
      yield* TestClock.adjust("40 millis")
      assert.strictEqual(call.text(), "Hello, ")
      yield* TestClock.adjust("80 millis")
      assert.strictEqual(call.text(), "Hello, this is ")
      yield* call.pass(4)
      const { outputs, text } = call.take()
      assert.match(text, /demo.*fixed answers, not a language model.*story.*look something up.*key.*goodbye/)
      assert.strictEqual(outputs.length, words(text).length)
    }).pipe(Effect.scoped)
  )

  it.effect("stops in the middle of a story when the caller speaks, and says how far it was heard", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      yield* call.ask("tell me a story")
      yield* call.pass(1)
      yield* call.speak("Here is a long story. Interrupt me whenever you like. Two choirs lived on two", { end: false })
      yield* call.report({ _tag: "UserTurnStarted" })
      const sent = words(call.take().text).length
      yield* call.pass(5)
      assert.deepStrictEqual(call.take().tags, [])
      assert.isBelow(sent, 30)

      yield* call.report({ _tag: "UserTextSent", content: "what is a choir?" }, { _tag: "UserTurnEnded" })
      yield* call.pass(3)
      assert.match(
        call.take().text,
        /^You stopped me after 15 of 190 words, at “Two choirs lived on two”\. I am only a demo .*“go on”/
      )
    }).pipe(Effect.scoped)
  )

  it.effect("measures by what was spoken, where all was sent before the caller spoke", () =>
    Effect.gen(function* () {
      const call = yield* stopped("tell me a story", 15)
      assert.strictEqual(call.said.length, 190)
      yield* call.ask("who are you?")
      yield* call.pass(4)
      assert.match(
        call.take().text,
        /^You stopped me after 15 of 190 words, at “Two choirs lived on two”\. I am a demo/
      )
    }).pipe(Effect.scoped)
  )

  it.effect("goes on with a story behind the last word that was heard, as often as it is stopped", () =>
    Effect.gen(function* () {
      const call = yield* stopped("tell me a story", 15)
      const story = call.said.slice(10)
      yield* call.ask("go on")
      yield* call.pass(10)
      const again = words(call.take().text)
      assert.deepStrictEqual(again.slice(-story.length + 5), story.slice(5))
      yield* call.speak(again.slice(0, again.length - 20).join(" "), { end: false })
      yield* call.ask("stop")
      yield* call.pass(3)
      const quiet = call.take().text
      assert.match(quiet, /All right, I am quiet\. Say “go on”/)
      yield* call.speak(quiet)
      yield* call.ask("go on")
      yield* call.pass(4)
      assert.deepStrictEqual(words(call.take().text).slice(-20), story.slice(-20))
    }).pipe(Effect.scoped)
  )

  it.effect("has nothing to go on with once a story was heard to its end", () =>
    Effect.gen(function* () {
      const call = yield* stopped("tell me a story", 200)
      yield* call.ask("go on")
      yield* call.pass(3)
      assert.match(call.take().text, /^There is nothing to go on with\./)
    }).pipe(Effect.scoped)
  )

  it.effect("claims nothing about what was heard where the harness reports no speech", () =>
    Effect.gen(function* () {
      const call = yield* dial
      yield* call.ask("hello")
      yield* call.pass(3)
      assert.match(call.take().text, /^Hello to you\./)
    }).pipe(Effect.scoped)
  )

  it.effect("takes a turn without words for an interruption if it cut something off, else for silence", () =>
    Effect.gen(function* () {
      const call = yield* stopped("tell me a story", 12)
      yield* call.report({ _tag: "UserTurnStarted" }, { _tag: "UserTurnEnded" })
      yield* call.pass(3)
      const { text } = call.take()
      assert.match(
        text,
        /^You stopped me after 12 of 190 words, at “whenever you like\. Two choirs”\. Yes\? Say “go on”/
      )
      yield* call.speak(text)
      yield* call.report({ _tag: "UserTurnStarted" }, { _tag: "UserTurnEnded" })
      yield* call.pass(3)
      assert.match(call.take().text, /^I did not catch any words\./)
    }).pipe(Effect.scoped)
  )

  it.effect("reports back about a lookup by itself, once nobody speaks", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      yield* call.report(
        { _tag: "UserTurnStarted" },
        { _tag: "UserTextSent", content: "look up the eels" },
        { _tag: "UserTurnEnded", eventId: "asked" }
      )
      yield* call.pass(2)
      const asked = call.take()
      assert.deepStrictEqual(asked.outputs[0], {
        _tag: "AgentToolCalled",
        toolCallId: "asked",
        toolName: "lookup",
        toolArgs: { topic: "the eels" },
        respondingTo: "asked"
      })
      assert.match(asked.text, /^I am looking up the eels\. Go on talking/)
      yield* call.speak(asked.text)
      yield* call.report({ _tag: "UserTurnStarted" })
      yield* call.pass(10)
      assert.deepStrictEqual(call.take().tags, [])

      yield* call.report({ _tag: "UserTextSent", content: "thanks" }, { _tag: "UserTurnEnded" })
      yield* call.pass(1)
      assert.match(call.text(), /^You are welcome\.I am back about the eels\./)
      const returned = call.take().outputs.find(({ _tag }) => _tag === "AgentToolReturned")
      assert.include(returned, { toolCallId: "asked", toolName: "lookup", result: "forty-two" })
    }).pipe(Effect.scoped)
  )

  const presses: ReadonlyArray<readonly [string, RegExp, ReadonlyArray<Event.Output["_tag"]>]> = [
    ["1", /^What is said twice/, []],
    ["2", /^An echo\./, []],
    ["7", /^You pressed 7\. Press the pound key/, []],
    ["#", /^Press one for a riddle/, []],
    ["*", /^Here is a pound key/, ["AgentSendDtmf"]],
    ["9", /^Goodbye/, ["AgentEndCall"]],
    ["<script>", /^I do not know that key\./, []],
    ["", /^I do not know that key\./, []]
  ]
  for (const [button, answer, last] of presses) {
    it.effect(`answers the key "${button}" at once, in place of what it was saying`, () =>
      Effect.gen(function* () {
        const call = yield* dial
        yield* call.pass(0.2)
        call.take()
        yield* call.report({ _tag: "UserDtmfSent", button })
        yield* call.pass(3)
        const { tags, text } = call.take()
        assert.match(text, answer)
        assert.deepStrictEqual(
          tags.filter((tag) => tag !== "AgentSendText"),
          last
        )
        assert.strictEqual(tags.at(-1), last[0] ?? "AgentSendText")
      }).pipe(Effect.scoped)
    )
  }

  it.effect("does not answer a turn of keys alone once more", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      yield* call.report({ _tag: "UserTurnStarted" }, { _tag: "UserDtmfSent", button: "1" }, { _tag: "UserTurnEnded" })
      yield* call.pass(3)
      assert.match(
        call.take().text,
        /^What is said twice, and the second time by nobody\? Press two when you give up\.$/
      )
    }).pipe(Effect.scoped)
  )

  it.effect("reads the notice to its end although the caller speaks, and then stops", () =>
    Effect.gen(function* () {
      const call = yield* greeted
      yield* call.ask("read me the notice")
      yield* call.pass(0.5)
      yield* call.report({ _tag: "UserTurnStarted" })
      yield* call.pass(5)
      const { outputs, text } = call.take()
      assert.match(text, /^Talk as much as you like, I will finish this\. Notice\. .* has begun\.$/)
      assert.deepStrictEqual(
        outputs.filter((output) => output._tag === "AgentSendText" && output.interruptible === false).length,
        words(text).length - 10
      )
    }).pipe(Effect.scoped)
  )

  it.effect("says goodbye, then hangs up", () =>
    Effect.gen(function* () {
      const reports = yield* Queue.unbounded<Event.Report>()
      yield* Queue.offerAll(reports, [
        { _tag: "UserTurnStarted" },
        { _tag: "UserTextSent", content: "Thank you, goodbye." },
        { _tag: "UserTurnEnded", eventId: "bye" }
      ])
      const spec = yield* DemoAgent.make(CallRequest.make())
      const fiber = yield* Call.run(spec, Stream.fromQueue(reports)).pipe(
        Stream.filter(({ respondingTo }) => respondingTo === "bye"),
        Stream.take(7),
        Stream.runCollect,
        Effect.forkChild
      )
      yield* settle
      yield* TestClock.adjust("10 seconds")
      yield* settle
      const outputs = fiber.pollUnsafe()
      assert.isTrue(outputs?._tag === "Success")
      if (outputs?._tag !== "Success") return
      assert.strictEqual(
        outputs.value.map((output) => (output._tag === "AgentSendText" ? output.text : output._tag)).join(""),
        "Goodbye, and thank you for calling.AgentEndCall"
      )
    }).pipe(Effect.scoped)
  )
})
