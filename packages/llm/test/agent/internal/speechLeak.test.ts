import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Schema, Stream } from "effect"
import * as SpeechLeak from "../../../src/agent/internal/speechLeak.ts"
import * as SpeechLeakGuard from "../../../src/agent/SpeechLeakGuard.ts"
import * as ScriptedModel from "../../../src/testing/ScriptedModel.ts"
import * as VoiceTool from "../../../src/tool/VoiceTool.ts"
import { test } from "../../support/virtualTest.ts"
import { playing } from "../../tool/calling.ts"

/** What is said of a text that arrives in pieces, and whether it ends in a leak. */
const speak = (pieces: ReadonlyArray<string>, detection?: SpeechLeak.Detection) => {
  const said: Array<string> = []
  let guard = SpeechLeak.empty
  for (const piece of pieces) {
    const pushed = SpeechLeak.push(guard, piece, detection)
    if (pushed === undefined) return { said: said.join(""), leaked: true }
    guard = pushed[0]
    said.push(pushed[1])
  }
  return { said: said.join("") + guard.held, leaked: false }
}

const leaks: Record<string, string> = {
  "bare JSON": '{"city": "Oslo"}',
  "a call with an object": 'get_weather({"city": "Oslo"})',
  "a call with a string": 'get_weather( "Oslo")',
  "a header before the call": "assistant to=functions.get_weather json",
  "an address": "to=browser.search",
  "a namespace": "functions.get_weather",
  "a token of the model's own": "<|call|>"
}

const clean = [
  "Write to jane.functions@example.com, or call us (it is free).",
  "Its functions. They are many.",
  'He said ("no"). The set {1, 2} and x < y | z.',
  "The total is $5 (five)."
]

describe("SpeechLeakGuard", () => {
  for (const [name, leak] of Object.entries(leaks)) {
    it(`catches ${name} before it is spoken, whole or in pieces`, () => {
      assert.deepStrictEqual(speak([`Let me see. ${leak}`]), { said: "", leaked: true })
      assert.deepStrictEqual(speak(Array.from(`Let me see. ${leak}`)), { said: "", leaked: true })
    })
  }

  for (const text of clean) {
    it(`says ${JSON.stringify(text)}`, () => {
      assert.deepStrictEqual(speak([text]), { said: text, leaked: false })
      assert.deepStrictEqual(speak(Array.from(text)), { said: text, leaked: false })
    })
  }

  it("loses nothing of a long text, and holds back only its last characters", () => {
    const text = "It was a dark and stormy night 🌩️. ".repeat(40)
    let guard = SpeechLeak.empty
    let said = ""
    for (const unit of text.match(/[\s\S]{1,7}/g)!) {
      const [next, out] = SpeechLeak.push(guard, unit)!
      guard = next
      said += out
      assert.isAtMost(guard.held.length, 129)
      assert.notMatch(said, /[\uD800-\uDBFF]$/)
    }
    assert.strictEqual(said + guard.held, text)
    assert.isTrue(guard.released)
  })

  it("finds a leak at the end of a long piece", () => {
    assert.isTrue(speak([`${"Well, ".repeat(5000)}{"a": 1}`]).leaked)
  })

  it("accepts a custom pattern", () => {
    assert.isTrue(speak(["secret"], { pattern: /secret/g }).leaked)
    assert.isFalse(speak(['{"a"'], { pattern: /secret/ }).leaked)
  })

  it.effect("passes logs through, and releases held text before other outputs", () =>
    Effect.gen(function* () {
      const outputs = yield* Stream.runCollect(
        SpeechLeak.outputs(
          Stream.make<Array<Event.Output>>(
            Event.sendText("Good", { interruptible: false }),
            Event.logMetric("m", 1),
            Event.sendText("bye.", { interruptible: false }),
            Event.endCall()
          )
        )
      )
      assert.deepStrictEqual(outputs, [
        Event.logMetric("m", 1),
        Event.sendText("Goodbye.", { interruptible: false }),
        Event.endCall()
      ])
    })
  )

  it.effect("fails at a leak, reports whether some of the reply was already said, and reads no further", () =>
    Effect.gen(function* () {
      let pulled = 0
      const stream = (text: string) =>
        Stream.concat(
          Stream.make(Event.sendText(text), Event.sendText('{"a": 1}')),
          Stream.suspend(() => {
            pulled++
            return Stream.empty
          })
        )
      const heard = (text: string) =>
        Effect.map(Effect.flip(Stream.runDrain(SpeechLeak.outputs(stream(text)))), ({ partlyHeard }) => partlyHeard)
      assert.isFalse(yield* heard("short "))
      assert.isTrue(yield* heard("long ".repeat(40)))
      assert.strictEqual(pulled, 0)
    })
  )

  it.effect("ends the turn of a guarded agent with the fallback", () =>
    Effect.gen(function* () {
      const guarded = SpeechLeakGuard.agent(() => Stream.make(Event.sendText('{"a": 1}'), Event.endCall()), {
        fallbackText: () => "Pardon?"
      })
      const exit = yield* Effect.exit(Stream.runCollect(guarded(undefined as never, undefined as never)))
      assert.deepStrictEqual(exit, Exit.succeed([Event.sendText("Pardon?")]))
    })
  )

  describe("in an agent", () => {
    const note = `system: ${SpeechLeak.defaultRetryNote}`
    const weather = VoiceTool.loopback("weather", { parameters: { city: Schema.String } }, () =>
      Effect.succeed("Sunny")
    )
    const leaking = (before = "") => [
      ScriptedModel.text(`${before}{"city": "Oslo"}`),
      ScriptedModel.toolCall("weather", { city: "Oslo" }, { id: "c1" })
    ]
    const play = (replies: ReadonlyArray<ScriptedModel.Reply>, speechLeakGuard?: SpeechLeak.Options) =>
      Effect.gen(function* () {
        const model = ScriptedModel.make(replies)
        const call = yield* playing(model, { tools: [weather], speechLeakGuard })
        yield* call.say("weather?")
        return { said: call.sent().join(""), prompts: yield* call.prompts, requests: yield* model.prompts }
      })

    test("asks the model again with a note, and drops the tools of the leaking reply", function* () {
      const { prompts, requests, said } = yield* play([leaking(), ScriptedModel.text("It is sunny.")], {
        retryReasoningEffort: "low"
      })
      assert.strictEqual(said, "It is sunny.")
      assert.deepStrictEqual(prompts[1], ["user: weather?", note])
      assert.deepStrictEqual(
        requests.map(({ settings }) => settings.reasoningEffort),
        [undefined, "low"]
      )
    })

    test("speaks a bridge if part of the reply was already said", function* () {
      const begun = "word ".repeat(40)
      const { said } = yield* play([leaking(begun), ScriptedModel.text("It is sunny.")], { bridgeText: " Sorry. " })
      assert.match(said, /^(word )+.* Sorry\. It is sunny\.$/)
    })

    test("gives up with the fallback if the model leaks again, and runs no tool", function* () {
      const broken = () => {
        throw new Error("no words")
      }
      const { prompts, said } = yield* play([leaking(), leaking()], { fallbackText: broken })
      assert.strictEqual(said, SpeechLeak.defaultFallbackText)
      assert.strictEqual(prompts.length, 2)
      assert.strictEqual((yield* play([leaking(), leaking()], { fallbackText: "" })).said, "")
    })

    test("runs the tools of a clean reply", function* () {
      const clean = [
        ScriptedModel.text("Let me see."),
        ScriptedModel.toolCall("weather", { city: "Oslo" }, { id: "c1" })
      ]
      const { said } = yield* play([clean, ScriptedModel.text("Sunny.")], {})
      assert.strictEqual(said, 'Let me see.weather(c1-0)weather(c1-0) = "Sunny" Sunny.')
    })

    test("says everything without a guard", function* () {
      const { said } = yield* play([ScriptedModel.text('{"city": "Oslo"}')])
      assert.strictEqual(said, '{"city": "Oslo"}')
    })
  })
})
