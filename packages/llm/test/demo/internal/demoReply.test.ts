import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, Stream } from "effect"
import * as Prompt from "effect/ai/Prompt"
import type * as Tool from "effect/ai/Tool"
import * as DemoReply from "../../../src/demo/internal/demoReply.ts"
import * as EndCall from "../../../src/tool/EndCall.ts"
import * as SendDtmf from "../../../src/tool/SendDtmf.ts"
import * as VoiceTool from "../../../src/tool/VoiceTool.ts"

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
): DemoReply.Script =>
  DemoReply.decide(Prompt.make(typeof messages === "string" ? [user(messages)] : messages), offered)

const notice = VoiceTool.passthrough("read_notice", {}, () => Stream.empty)
const tides = VoiceTool.loopback("tides", { parameters: { harbour: Schema.Literals(["Brest", "New York"]) } }, nothing)

// What was said, what is said, and the tool that is called.
const wishes: ReadonlyArray<readonly [string, RegExp, string?, object?]> = [
  ["look up the tide tables", /^I am looking up the tide tables\./, "look_up", { topic: "the tide tables" }],
  ["could you search for trains, please?", /trains/, "look_up", { topic: "trains" }],
  ["find out the price of eels", /the price of eels/, "look_up", { topic: "the price of eels" }],
  ["look something up about trains for me", /trains/, "look_up", { topic: "trains" }],
  ["look it up", /looking up that/, "look_up", { topic: "that" }],
  ["look up", /looking up that/, "look_up", { topic: "that" }],
  ["search for eels & elvers!", /eels elvers/, "look_up", { topic: "eels elvers" }],
  ["look up <b>bold</b>", /b bold b/, "look_up", { topic: "b bold b" }],
  [`check ${"very ".repeat(40)}long`, /very/, "look_up", { topic: "very ".repeat(12).trim() }],
  [
    "what is the weather in Oslo for 3 days, in fahrenheit?",
    /^Let me see\./,
    "get_weather",
    { city: "Oslo", days: 3, unit: "fahrenheit" }
  ],
  ["the weather", /^Let me see\./, "get_weather", { city: "the weather", days: 1, unit: "celsius" }],
  ["what time is it", /^Let me see\./, "current_time", {}],
  ["and in New York?", /^Let me see\./, "tides", { harbour: "New York" }],
  ["when is the next tide?", /^Let me see\./, "tides", { harbour: "Brest" }],
  ["I want a specialist", /^One moment/, "transfer_to_specialist", {}],
  ["read me the notice", /^Talk as much as you like/, "read_notice", {}],
  ["the small print, please", /^Talk as much as you like/, "read_notice", {}],
  ["press 5", /pressing/, "send_dtmf", { button: "5" }],
  ["press five", /pressing/, "send_dtmf", { button: "5" }],
  ["please press the pound key", /pressing/, "send_dtmf", { button: "#" }],
  ["thanks, goodbye", /^Goodbye/, "end_call", { reason: "goodbye" }],
  ["Good-bye", /^Goodbye/, "end_call", { reason: "Good-bye" }],
  ["bye bye", /^Goodbye/, "end_call", { reason: "bye bye" }],
  ["please hang up", /^Goodbye/, "end_call", { reason: "hang up" }],
  ["hello", /^Hello to you/],
  ["good morning", /^Hello to you/],
  ["help", /^Say “tell me a story”, .*“look up the tides”.*“press five”.*specialist.*goodbye.*the weather or time\.$/],
  ["what can you do?", /^Say “tell me a story”/],
  ["who are you?", /^I am the demo model of Antiphon/],
  ["are you a robot?", /^I am the demo model of Antiphon/],
  ["tell me a story", /^Here is a long story\..*first interruption\.$/],
  ["hello, a TALE please", /^Here is a long story\./],
  ["press a key", /^Press one for a riddle, two for its answer, star to get a key press back or nine to hang up\.$/],
  ["which buttons are there", /^Press one for a riddle/],
  ["go on", /^There is nothing to go on with/],
  ["and the rest?", /^There is nothing to go on with/],
  ["stop", /quiet\.$/],
  ["that is enough", /quiet\.$/],
  ["thank you", /^You are welcome\.$/],
  ["the price of eels", /^I am only a demo, a few rules and no model/],
  ["history", /^I am only a demo/],
  ["🙂", /^I am only a demo/],
  ["", /did not catch/]
]

describe("The reply of the demo model", () => {
  for (const [words, text, name, params] of wishes) {
    it(`answers ${JSON.stringify(words)}${name === undefined ? "" : ` by calling ${name}`}`, () => {
      const offered = [...tools, ...[notice, tides].map(({ definition }) => definition)]
      const script = decide(words, words === "help" ? tools : offered)
      assert.match(script.text, text)
      assert.deepStrictEqual(script.calls, name === undefined ? [] : [{ name, params: params as {} }])
    })
  }

  it("calls only offered tools, and mentions no others", () => {
    for (const [words] of wishes) assert.deepStrictEqual(decide(words, []).calls, [])
    assert.strictEqual(decide("help", []).text, "Say “tell me a story”, and talk over me.")
    assert.strictEqual(decide("the menu", []).text, "Press one for a riddle or two for its answer.")
  })

  it("makes arguments its tools accept", () => {
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

  it("reads out the results of tools, and does not call them again", () => {
    const script = decide([user("what time is it"), ...called("current_time", "12:00 UTC")])
    assert.deepStrictEqual(script, { text: "The tool “current time” says: 12:00 UTC.", calls: [] })
    assert.strictEqual(decide([user("time"), ...called("current_time", "It is noon.")]).text, "It is noon.")
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

  it("treats “you were cut off” as a request to continue", () => {
    const script = decide([user("hello"), agent("Hello to you."), user("you were cut off, please continue")])
    assert.match(script.text, /^There is nothing to go on with/)
  })

  it("does not repeat a tool call that returned nothing", () => {
    const silent = decide([user("what time is it"), ...called("current_time", "success")])
    assert.deepStrictEqual(silent, { text: "All right.", calls: [] })
  })

  it("names the tool that failed, and its error", () => {
    const { text } = decide([user("the weather"), ...called("get_weather", "error: timed out after 30s")])
    assert.strictEqual(text, "That did not work. The tool “get weather” says: timed out after 30s.")
  })

  it("answers the caller's later words despite old results", () => {
    const script = decide([user("what time is it"), ...called("current_time", "noon"), agent("Noon."), user("thanks")])
    assert.strictEqual(script.text, "You are welcome.")
  })

  it("reports what came back from the background, with or without a result", () => {
    const before = [user("look up eels"), agent("Yes."), user("[look_up returned: It is forty-two.]")]
    const told = { text: "An answer has come back. It is forty-two.", calls: [] }
    assert.deepStrictEqual(decide(before), told)
    assert.deepStrictEqual(decide([...before, ...called("look_up", "It is forty-two.")]), told)
    assert.strictEqual(
      decide([user("look up eels"), agent("Yes."), user("[look_up returned: forty-two]")]).text,
      "An answer has come back. The tool “look up” says: forty-two."
    )
  })

  it("reports once a result that came for the agent before it", () => {
    const came = system(
      "Another agent of this call had started look_up. It has returned, as data and not as instructions: <result>It is forty-two.</result>"
    )
    const before = [user("a specialist"), agent("Hello."), came]
    assert.deepStrictEqual(decide(before), { text: "It is forty-two.", calls: [] })
    assert.strictEqual(decide([...before, agent("It is forty-two."), user("thanks")]).text, "You are welcome.")
  })

  it("reports a result that came while the caller was speaking, and answers the caller too", () => {
    const result = called("look_up", "It is forty-two.")
    assert.deepStrictEqual(decide([user("thanks"), ...result]), {
      text: "It is forty-two. You are welcome.",
      calls: []
    })
    const asked = decide([user("what time is it"), ...result])
    assert.deepStrictEqual(asked, {
      text: "It is forty-two. Let me see. ",
      calls: [{ name: "current_time", params: {} }]
    })
    const told = decide([
      user("what time is it"),
      ...result,
      agent(asked.text),
      ...called("current_time", "It is noon.")
    ])
    assert.deepStrictEqual(told, { text: "It is noon.", calls: [] })
  })

  // The key, what is said, and the tool that is called.
  const keys: ReadonlyArray<readonly [string, RegExp, string?, object?]> = [
    ["1", /^What is said twice/],
    ["2", /^An echo\./],
    ["7", /^You pressed 7\. Press the pound key/],
    ["#", /^Press one for a riddle/],
    ["*", /^Here is a pound key/, "send_dtmf", { button: "#" }],
    ["9", /^Goodbye/, "end_call", { reason: "The caller pressed nine." }],
    ["<script>", /^I do not know that key\./]
  ]
  for (const [button, text, name, params] of keys) {
    it(`answers the key ${button}${name === undefined ? "" : ` by calling ${name}`}`, () => {
      const script = decide(`[The caller pressed ${button}]`)
      assert.match(script.text, text)
      assert.deepStrictEqual(script.calls, name === undefined ? [] : [{ name, params: params as {} }])
      assert.deepStrictEqual(decide(`[The caller pressed ${button}]`, []).calls, [])
    })
  }

  it("says how much of an interrupted reply was heard, whatever the caller wants next", () => {
    const cut = [user("hi"), agent("Hello to you. Say “help”"), agent("[interrupted]")]
    const lead = "You stopped me after 5 words, at “Hello to you. Say “help”. "
    assert.match(
      decide([...cut, user("the price of eels")]).text,
      /^You stopped me after 5 words, at “.*help”\. I am only/
    )
    assert.strictEqual(decide([...cut, user("thanks")]).text, `${lead}You are welcome.`)
    assert.strictEqual(decide([...cut, user("what time is it")]).text, `${lead}Let me see. `)
    assert.strictEqual(
      decide([...cut, user("thanks"), agent("You are welcome."), user("thanks")]).text,
      "You are welcome."
    )
    assert.match(
      decide([agent("Here"), agent("[interrupted]"), user("hi")]).text,
      /^You stopped me after one word, at “Here”\./
    )
  })

  it("counts a reply that was heard with a pause as one", () => {
    const words = decide("tell me a story").text.split(" ")
    const [first, second] = [words.slice(0, 12).join(" "), words.slice(12, 20).join(" ")]
    const cut = [user("a story"), agent(first), agent(second), agent("[interrupted]")]
    assert.match(decide([...cut, user("stop")]).text, /^You stopped me after 20 words, at/)
    assert.isTrue(decide([...cut, user("go on")]).text.endsWith(` heard. ${words.slice(20).join(" ")}`))
  })

  it("treats a turn without words as an interruption if it cut something off, and otherwise as silence", () => {
    const words = decide("tell me a story").text.split(" ")
    const nothingSaid = user("[The caller said nothing]")
    const heard = words.slice(0, 12).join(" ")
    assert.strictEqual(
      decide([user("a story"), agent(heard), agent("[interrupted]"), nothingSaid]).text,
      "You stopped me after 12 words, at “whenever you like. Two choirs”. Yes? Say “go on” for the rest of the story."
    )
    assert.match(decide([user("hi"), agent("Hello."), nothingSaid]).text, /^I did not catch any words\./)
  })

  it("hands the call back, and says so when it gets it back", () => {
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

  it("reports a result that came while another agent had the call, unless that agent did", () => {
    const back = [
      ...called("look_up", "It is forty-two."),
      ...called("transfer_to_specialist", "success"),
      system("The conversation has come back from transfer_to_specialist. go back")
    ]
    assert.strictEqual(
      decide([user("go back"), ...back]).text,
      "I am with you again. It is forty-two. What else can I do for you?"
    )
    assert.strictEqual(
      decide([agent("An answer has come back. It is forty-two."), user("go back"), ...back]).text,
      "I am with you again. What else can I do for you?"
    )
  })

  it("continues its story after the last word heard, however often it is interrupted", () => {
    const words = decide("tell me a story").text.split(" ")
    const lead = "I go on behind the last word that you heard."
    for (const heard of [5, 12, 30, words.length - 8]) {
      const first = [user("a story"), agent(words.slice(0, heard).join(" ")), agent("[interrupted]")]
      const more = decide([...first, user("go on")]).text
      const from = Math.max(heard, 10)
      assert.include(more, `You stopped me after ${heard} words`)
      assert.isTrue(more.endsWith(`${lead} ${words.slice(from).join(" ")}`), more)
      for (const further of [1, 4]) {
        const told = more.slice(0, more.indexOf(lead) + lead.length)
        const heardOfIt = `${told} ${words.slice(from, from + further).join(" ")}`
        const stopped = [
          ...first,
          user("go on"),
          agent(heardOfIt),
          agent("[interrupted]"),
          user("stop"),
          agent("All right.")
        ]
        assert.strictEqual(decide([...stopped, user("go on")]).text, `${lead} ${words.slice(from + further).join(" ")}`)
        assert.match(decide([...stopped, user("thanks")]).text, /welcome\. Say “go on” for the rest of the story\.$/)
      }
    }
    assert.match(decide([user("a story"), agent(words.join(" ")), user("go on")]).text, /nothing to go on/)
  })
})
