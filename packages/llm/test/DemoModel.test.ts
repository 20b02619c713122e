import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema, Stream } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import type * as Tool from "effect/ai/Tool"
import { TestClock } from "effect/testing"
import * as DemoModel from "../src/DemoModel.ts"
import * as ModelPlan from "../src/ModelPlan.ts"
import * as ScriptedModel from "../src/testing/ScriptedModel.ts"
import * as EndCall from "../src/tool/EndCall.ts"
import * as SendDtmf from "../src/tool/SendDtmf.ts"
import * as VoiceTool from "../src/VoiceTool.ts"
import { ask } from "./support/asking.ts"

const nothing = () => Effect.succeed("nothing")
const voiceTools = [
  VoiceTool.background("look_up", { parameters: { topic: Schema.String } }, nothing),
  VoiceTool.loopback(
    "get_weather",
    {
      parameters: {
        city: Schema.String,
        days: Schema.Int,
        unit: Schema.Literals(["celsius", "fahrenheit"]),
        note: Schema.optional(Schema.String)
      }
    },
    nothing
  ),
  VoiceTool.loopback("current_time", {}, nothing),
  VoiceTool.handoff("transfer_to_specialist", {}, () => () => Stream.empty),
  SendDtmf.make(),
  EndCall.make()
]
const tools = voiceTools.map(({ definition }) => definition)
const back = VoiceTool.passthrough("hand_back", { parameters: { reason: Schema.String } }, () => Stream.empty)

const user = (text: string): Prompt.MessageEncoded => ({ role: "user", content: [{ type: "text", text }] })
const agent = (text: string): Prompt.MessageEncoded => ({ role: "assistant", content: [{ type: "text", text }] })
const system = (content: string): Prompt.MessageEncoded => ({ role: "system", content })
const called = (name: string, result: unknown): ReadonlyArray<Prompt.MessageEncoded> => [
  { role: "assistant", content: [{ type: "tool-call", id: "c1", name, params: {} }] },
  { role: "tool", content: [{ type: "tool-result", id: "c1", name, isFailure: false, result }] }
]
const decide = (
  messages: string | ReadonlyArray<Prompt.MessageEncoded>,
  offered: ReadonlyArray<Tool.Any> = tools
): DemoModel.Script =>
  DemoModel.decide(Prompt.make(typeof messages === "string" ? [user(messages)] : messages), offered)

// What was said, what is said, and the tool that is called.
const wishes: ReadonlyArray<readonly [string, RegExp, string?, object?]> = [
  ["look up the tide tables", /^I am looking up the tide tables\./, "look_up", { topic: "the tide tables" }],
  ["could you search for trains, please?", /trains/, "look_up", { topic: "trains" }],
  ["find out the price of eels", /the price of eels/, "look_up", { topic: "the price of eels" }],
  ["look something up about trains for me", /trains/, "look_up", { topic: "trains" }],
  ["look it up", /looking up that/, "look_up", { topic: "that" }],
  [
    "what is the weather in Oslo for 3 days, in fahrenheit?",
    /^Let me see\./,
    "get_weather",
    { city: "Oslo", days: 3, unit: "fahrenheit" }
  ],
  ["the weather", /^Let me see\./, "get_weather", { city: "the weather", days: 1, unit: "celsius" }],
  ["what time is it", /^Let me see\./, "current_time", {}],
  ["I want a specialist", /^One moment/, "transfer_to_specialist", {}],
  ["press 5", /pressing/, "send_dtmf", { button: "5" }],
  ["please press the pound key", /pressing/, "send_dtmf", { button: "#" }],
  ["thanks, goodbye", /^Goodbye/, "end_call", { reason: "goodbye" }],
  ["hello", /demo model/],
  ["help", /demo model.*look up, get weather, current time, transfer to specialist, send dtmf and end call/],
  ["who are you?", /^I am the demo model of Antiphon/],
  ["tell me a story", /^Here is a long story\..*first interruption\.$/],
  ["go on", /^There is nothing to go on with/],
  ["stop", /quiet/],
  ["thank you", /welcome/],
  ["the price of eels", /^I am only a demo model/],
  ["", /did not catch/]
]

describe("DemoModel", () => {
  for (const [words, text, name, params] of wishes) {
    it(`answers ${JSON.stringify(words)}${name === undefined ? "" : ` by calling ${name}`}`, () => {
      const script = decide(words)
      assert.match(script.text, text)
      assert.deepStrictEqual(script.calls, name === undefined ? [] : [{ name, params: params as {} }])
    })
  }

  it("calls no tool that it is not offered, and does not speak of any", () => {
    for (const [words] of wishes) assert.deepStrictEqual(decide(words, []).calls, [])
    assert.notMatch(decide("help", []).text, /I have/)
  })

  it("makes arguments that its tools accept", () => {
    for (const { name, params } of wishes.flatMap(([words]) => decide(words).calls)) {
      assert.strictEqual(voiceTools.find((tool) => tool.name === name)!.decode(params)._tag, "Success", name)
    }
    const weather = VoiceTool.loopback(
      "weather",
      {
        parameters: { city: Schema.String, days: Schema.Int, metric: Schema.Boolean, tags: Schema.Array(Schema.String) }
      },
      nothing
    )
    const [call] = decide("weather", [weather.definition]).calls
    assert.strictEqual(weather.decode(call!.params)._tag, "Success")
  })

  it("reads out what tools have returned, and calls none again", () => {
    const script = decide([user("what time is it"), ...called("current_time", "12:00 UTC")])
    assert.deepStrictEqual(script, { text: "The tool “current time” says: 12:00 UTC.", calls: [] })
    const both = decide([
      user("time"),
      ...called("current_time", { hour: 12 }),
      ...called("get_weather", "rain\nall day")
    ])
    assert.strictEqual(
      both.text,
      'The tool “current time” says: {"hour":12}. The tool “get weather” says: rain all day.'
    )
  })

  it("takes a caller's word that it was cut off for a wish to go on", () => {
    const script = decide([user("hello"), agent("Hello to you."), user("you were cut off, please continue")])
    assert.match(script.text, /^There is nothing to go on with/)
  })

  it("does not call once more a tool that has nothing to tell", () => {
    const silent = decide([user("what time is it"), ...called("current_time", "success")])
    assert.deepStrictEqual(silent, { text: "All right.", calls: [] })
  })

  it("says which tool has failed, and with what", () => {
    const { text } = decide([user("the weather"), ...called("get_weather", "error: timed out after 30s")])
    assert.strictEqual(text, "That did not work. The tool “get weather” says: timed out after 30s.")
  })

  it("is not stopped by old results: what the caller says after them counts", () => {
    const script = decide([user("what time is it"), ...called("current_time", "noon"), agent("Noon."), user("thanks")])
    assert.strictEqual(script.text, "You are welcome.")
  })

  it("tells what has come back from the background, and which key was pressed", () => {
    assert.strictEqual(
      decide([user("look up eels"), agent("Yes."), user("[look_up returned: forty-two]")]).text,
      "By the way. The tool “look up” says: forty-two."
    )
    assert.match(decide("[The caller pressed 5]").text, /^You pressed 5\./)
  })

  it("gives the call back, and says so when it has got it back", () => {
    assert.deepStrictEqual(decide("go back please", [back.definition]).calls, [
      { name: "hand_back", params: { reason: "go back" } }
    ])
    const { calls, text } = decide([
      user("go back"),
      ...called("transfer_to_specialist", "success"),
      system("The conversation has come back from transfer_to_specialist. go back")
    ])
    assert.match(text, /^I am with you again/)
    assert.deepStrictEqual(calls, [])
  })

  it("goes on with its story behind the last word that was heard, as often as it is stopped", () => {
    const words = decide("tell me a story").text.split(" ")
    const lead = "I go on behind the last word that you heard."
    for (const heard of [5, 12, 30, words.length - 8]) {
      const first = [user("a story"), agent(words.slice(0, heard).join(" ")), agent("[interrupted]")]
      const more = decide([...first, user("go on")]).text
      const from = Math.max(heard, 10)
      assert.strictEqual(more, `${lead} ${words.slice(from).join(" ")}`)
      const heardOfIt = more.split(" ").slice(0, lead.split(" ").length + 4)
      const again = decide([...first, user("go on"), agent(heardOfIt.join(" ")), user("go on")]).text
      assert.strictEqual(again, `${lead} ${words.slice(from + 4).join(" ")}`)
    }
    assert.match(decide([user("a story"), agent(words.join(" ")), user("go on")]).text, /nothing to go on/)
  })

  it.effect("says a word every 40 milliseconds, then calls, and finishes", () =>
    Effect.gen(function* () {
      const parts: Array<string> = []
      const fiber = yield* LanguageModel.streamText({ prompt: "thank you" }).pipe(
        Stream.runForEach((part) => Effect.sync(() => parts.push(part.type === "text-delta" ? part.delta : part.type))),
        Effect.forkChild
      )
      yield* TestClock.adjust("39 millis")
      assert.deepStrictEqual(parts, ["text-start"])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(parts, ["text-start", "You"])
      yield* TestClock.adjust("80 millis")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(parts, ["text-start", "You", " are", " welcome.", "text-end", "finish"])
    }).pipe(Effect.provide(DemoModel.layer()))
  )

  it.effect("calls a tool through the language model, and answers in one piece where that is asked", () =>
    Effect.gen(function* () {
      const asked = yield* ask("the weather in Oslo")
      assert.deepStrictEqual(
        asked.calls.map(({ name, params }) => [name, params]),
        [["get_weather", { city: "Oslo" }]]
      )
      assert.strictEqual(asked.finish?.reason, "tool-calls")
      assert.strictEqual((yield* LanguageModel.generateText({ prompt: "thanks" })).text, "You are welcome.")
    }).pipe(Effect.provide(DemoModel.layer({ pace: 0 })))
  )

  it.effect("goes on with the sentence of a model that died in a plan, and does what the caller wanted", () =>
    Effect.gen(function* () {
      const asked = yield* ask("the weather in Oslo")
      assert.strictEqual(
        asked.text,
        "I am asking for and here the other model stopped, so I take over: a demo model. Let me see."
      )
      assert.deepStrictEqual(
        asked.calls.map(({ name, params }) => [name, params]),
        [["get_weather", { city: "Oslo" }]]
      )
    }).pipe(
      Effect.provide(
        ModelPlan.layer(
          ModelPlan.make(
            {
              name: "dying",
              model: ScriptedModel.make([
                ScriptedModel.dieAfter(5, ScriptedModel.text("I am asking for the weather in Oslo."))
              ]).layer
            },
            { name: "demo", model: DemoModel.layer({ pace: 0 }) }
          )
        )
      )
    )
  )
})
