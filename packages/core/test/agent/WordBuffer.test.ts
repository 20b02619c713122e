import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Schema, Stream } from "effect"
import * as Event from "../../src/Event.ts"
import * as WordBuffer from "../../src/agent/WordBuffer.ts"
import { quietTurn, started } from "../quietTurn.ts"
import { settled, test } from "../virtualTest.ts"

const { sendText } = Event
const fixed = (text: string) => sendText(text, { interruptible: false })
const short = (output: Event.Output) =>
  output._tag === "AgentSendText" ? (output.interruptible === false ? `!${output.text}` : output.text) : output._tag

const run = (outputs: ReadonlyArray<Event.Output>, options?: WordBuffer.Options) =>
  Stream.runCollect(WordBuffer.stream(Stream.fromArray(outputs), options))

const table: ReadonlyArray<{
  readonly name: string
  readonly options?: WordBuffer.Options
  readonly sent: ReadonlyArray<Event.Output>
  readonly out: ReadonlyArray<string>
}> = [
  {
    name: "sends whole words, and the last one at the end",
    sent: ["Hum", "ana is ", "gre", "at, ok", "ay"].map((text) => sendText(text)),
    out: ["Humana is ", "great, ", "okay"]
  },
  { name: "sends nothing for empty text", sent: [sendText(""), fixed("")], out: [] },
  {
    name: "keeps white space that stands alone",
    sent: [sendText("a"), sendText(" "), sendText("b")],
    out: ["a ", "b"]
  },
  {
    name: "cuts at each kind of ASCII white space",
    sent: [sendText("a b\tc\nd\re\vf\fg")],
    out: ["a b\tc\nd\re\vf\f", "g"]
  },
  {
    name: "does not take a no-break or an ideographic space for the end of a word",
    options: { strategy: "space" },
    sent: [sendText("10\u00a0km\u3000x\u2003y\u0085z")],
    out: ["10\u00a0km\u3000x\u2003y\u0085z"]
  },
  ...["你", "㐀", "豈", "ひ", "カ", "한", "ᄀ", "ไ", "ລ", "ខ"].map((character) => ({
    name: `sends what it holds as soon as ${character} arrives`,
    sent: [sendText("okay "), sendText("x"), sendText(`y${character}`), sendText("z")],
    out: ["okay ", `xy${character}`, "z"]
  })),
  {
    name: "waits for white space in every script where the strategy is space",
    options: { strategy: "space" },
    sent: [sendText("你"), sendText("好 世"), sendText("界")],
    out: ["你好 ", "世界"]
  },
  {
    name: "looks for unspaced scripts in new text only",
    sent: [sendText("好"), sendText("ab"), sendText("c")],
    out: ["好", "abc"]
  },
  {
    name: "makes a word uninterruptible where a part of it is",
    sent: [sendText("on"), fixed("ly"), sendText(" this"), sendText(" word")],
    out: ["!only ", "this ", "word"]
  },
  {
    name: "keeps the flag of a half word that was uninterruptible",
    sent: [fixed("Calls are recor"), sendText("ded. Bye")],
    out: ["!Calls are ", "!recorded. ", "Bye"]
  },
  {
    name: "keeps text before what follows it",
    sent: [sendText("Good"), sendText("bye"), Event.endCall()],
    out: ["Goodbye", "AgentEndCall"]
  },
  {
    name: "keeps text before a line of the log too",
    sent: [sendText("a"), Event.logMetric("m", 1), sendText("b"), Event.logMessage("n", "m"), sendText("c")],
    out: ["a", "LogMetric", "b", "LogMessage", "c"]
  },
  { name: "lets other outputs pass where it holds nothing", sent: [Event.sendDtmf("1")], out: ["AgentSendDtmf"] }
]

describe("WordBuffer", () => {
  for (const { name, options, out, sent } of table) {
    it.effect(name, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual((yield* run(sent, options)).map(short), out)
      })
    )
  }

  it.effect("keeps the event a word responds to, and starts a new word when it changes", () =>
    Effect.gen(function* () {
      const to = (text: string, respondingTo: string) => sendText(text, { respondingTo })
      assert.deepStrictEqual(yield* run([to("a b", "1"), to("c", "1"), to("d", "2"), sendText("e")]), [
        to("a ", "1"),
        to("bc", "1"),
        to("d", "2"),
        sendText("e")
      ])
    })
  )

  it.effect("sends a word before the stream has ended", () =>
    Effect.gen(function* () {
      const outputs = yield* Stream.make(sendText("hello wor")).pipe(
        Stream.concat(Stream.never),
        (stream) => WordBuffer.stream(stream),
        Stream.take(1),
        Stream.runCollect
      )
      assert.deepStrictEqual(outputs.map(short), ["hello "])
    })
  )

  test("drops the unfinished word if the stream fails", function* () {
    const sent: Array<string> = []
    const exit = yield* Stream.make(sendText("hello wor")).pipe(
      Stream.concat(Stream.fail("broken" as const)),
      (stream) => WordBuffer.stream(stream),
      Stream.runForEach((output) => Effect.sync(() => sent.push(short(output)))),
      Effect.exit
    )
    assert.deepStrictEqual(exit, Exit.fail("broken"))
    assert.deepStrictEqual(sent, ["hello "])
  })

  test("drops the unfinished word if the turn is interrupted", function* () {
    const sent: Array<string> = []
    const fiber = yield* Stream.make(sendText("hello wor")).pipe(
      Stream.concat(Stream.never),
      (stream) => WordBuffer.stream(stream),
      Stream.runForEach((output) => Effect.sync(() => sent.push(short(output)))),
      Effect.forkChild({ startImmediately: true })
    )
    yield* settled
    yield* Fiber.interrupt(fiber)
    const exit = yield* Fiber.await(fiber)
    assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
    assert.deepStrictEqual(sent, ["hello "])
  })

  it.effect("wraps an agent with a fresh buffer for each turn", () =>
    Effect.gen(function* () {
      const agent = WordBuffer.agent(() => Stream.make(sendText("a b"), sendText("c")))
      for (const _ of [1, 2]) {
        assert.deepStrictEqual((yield* Stream.runCollect(agent(started, quietTurn))).map(short), ["a ", "bc"])
      }
    })
  )

  it("depends only on what was pushed", () => {
    const [half] = WordBuffer.push(WordBuffer.empty, sendText("wor"))
    assert.deepStrictEqual(WordBuffer.push(half, sendText("d "))[1], [sendText("word ")])
    assert.deepStrictEqual(WordBuffer.push(half, sendText("ld "))[1], [sendText("world ")])
    assert.deepStrictEqual(WordBuffer.end(half), [sendText("wor")])
    assert.deepStrictEqual(WordBuffer.end(WordBuffer.empty), [])
  })

  it.effect.prop(
    "loses and adds no text, and cuts only at white space",
    { texts: Schema.Array(Schema.String) },
    ({ texts }) =>
      Effect.gen(function* () {
        const outputs = (yield* run(
          texts.map((text) => sendText(text)),
          { strategy: "space" }
        )).map(short)
        assert.strictEqual(outputs.join(""), texts.join(""))
        for (const text of outputs.slice(0, -1)) assert.match(text, /[ \t\n\r\v\f]$/)
      }),
    { arbitrary: { runs: 200, seed: 1 } }
  )
})
