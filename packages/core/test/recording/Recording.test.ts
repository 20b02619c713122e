import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, DateTime, Effect, Result, Schema, Stream } from "effect"
import * as CallRequest from "../../src/CallRequest.ts"
import * as Event from "../../src/Event.ts"
import * as Recording from "../../src/recording/Recording.ts"

const header: Recording.Header = {
  _tag: "Recording",
  version: Recording.version,
  startedAt: DateTime.makeUnsafe("2026-01-02T03:04:05.678Z"),
  request: CallRequest.make({ callId: "c1", from: "+1", metadata: { plan: "gold" }, agentToken: "top-secret" }),
  seed: 7,
  redacted: false
}

const lines: ReadonlyArray<Recording.Line> = [
  { _tag: "Happened", at: 0, event: { _tag: "CallStarted", eventId: "e1" } },
  {
    _tag: "Reported",
    at: 12.345,
    report: { _tag: "UserTextSent", content: 'a "quoted"\nline \u2028 👋' },
    eventId: "e2"
  },
  { _tag: "Sent", at: 137, turn: 1, output: Event.sendText("Grüße", { respondingTo: "e1", interruptible: false }) },
  { _tag: "ModelReplied", at: 137.5, request: 1, parts: [{ type: "text-start", id: "1" }] },
  { _tag: "CallClosed", at: 1e9, how: "Ended" }
]
/** Words as they arrive: a model writes them, and they are sent. */
const words: ReadonlyArray<Recording.Line> = [
  { _tag: "ModelReplied", at: 64.5, request: 1, parts: [{ type: "text-delta", id: "0", delta: "Good" }] },
  { _tag: "Sent", at: 64.637, turn: 2, output: Event.sendText("Good", { respondingTo: "e3" }) },
  {
    _tag: "ModelReplied",
    at: 64.637,
    request: 1,
    parts: [" ]}", '"]'].map((delta) => ({ type: "text-delta", id: "0", delta }))
  },
  { _tag: "Sent", at: 65, turn: 2, output: Event.sendText(' ]}"]', { respondingTo: "e3" }) }
]
const text = Recording.encode({ header, lines })
const headerText = Recording.encodeHeader(header)
const lineText = Recording.encodeLine(lines[0]!)

const decode = (text: string) => Result.getOrThrow(Recording.decode(text))
const failure = (text: string) => {
  const result = Recording.decode(text)
  if (Result.isSuccess(result)) return assert.fail("it was read")
  return result.failure
}
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe("Recording", () => {
  const roundTrip = <Line extends Recording.Line>(schema: Schema.Codec<Line, unknown>, runs: number) =>
    Effect.gen(function* () {
      const kinds = new Set<string>()
      const result = yield* Arbitrary.checkEffect(
        Arbitrary.schema(schema),
        (line) =>
          Effect.sync(() => {
            kinds.add("output" in line ? `${line._tag} ${line.output._tag}` : line._tag)
            const written = Recording.encodeLine(line)
            assert.strictEqual(written.indexOf("\n"), written.length - 1)
            assert.deepStrictEqual(decode(headerText + written).lines.map(plain), [plain(line)])
            return true
          }),
        { runs, seed: 1 }
      )
      const failed = Arbitrary.formatCheckFailure(result)
      if (failed !== undefined) assert.fail(failed)
      return kinds
    })

  it.effect("reads any line back as it was written", () =>
    Effect.gen(function* () {
      const kinds = yield* roundTrip(Recording.Line, 2000)
      const outputs = Object.keys(Event.Output.cases).length
      assert.strictEqual(kinds.size, Object.keys(Recording.Line.cases).length - 2 + 2 * outputs)
    })
  )

  it.effect("reads the words of a model back, whatever else their parts contain", () => {
    const delta = { type: Schema.tag("text-delta"), id: Schema.String, delta: Schema.String }
    const Part = Schema.Union([
      Schema.Struct(delta),
      Schema.Struct({ ...delta, metadata: Schema.Record(Schema.String, Schema.Unknown) }),
      Schema.Struct({ type: delta.type, id: Schema.String, more: Schema.String })
    ])
    const words = Schema.TaggedStruct("ModelReplied", {
      at: Schema.Finite,
      request: Schema.Int,
      parts: Schema.Array(Part).check(Schema.isMaxLength(2))
    })
    return roundTrip(words, 500)
  })

  it.effect("reads a whole recording back, whatever the order of its lines", () =>
    Effect.gen(function* () {
      const few = Schema.Literals([
        "",
        "a",
        '"',
        "\\\\",
        "\n",
        "\u001f",
        "\ud83d",
        "👋",
        "é\u2028",
        "x".repeat(40),
        `${"x".repeat(40)}"`
      ])
      const output = Schema.TaggedStruct("AgentSendText", {
        text: few,
        respondingTo: Schema.optionalKey(few),
        interruptible: Schema.optionalKey(Schema.Boolean)
      })
      const part = Schema.Union([
        Schema.Struct({ type: Schema.tag("text-delta"), id: few, delta: few }),
        Schema.Struct({ type: Schema.tag("text-delta"), id: few, delta: few, metadata: Schema.Struct({ a: few }) }),
        Schema.Struct({ type: Schema.tag("text-start"), id: few })
      ])
      const number = Schema.Literals([0, 1, 2])
      const id = "00000000-0000-4000-8000-00000000000"
      const highest = "00000000-0000-4000-8000-ffffffffffff"
      const spokenIds = [`${id}9`, `${id}a`, `${id}b`, `${id}A`, highest, `${id}0`, "e1", "", `${id}aa`] as const
      const at = Schema.Literals([0, 0.001, 1.5, 2, 137.337, 1 / 3, -1, 3e9])
      const Words = Schema.Union([
        Schema.TaggedStruct("Sent", { at, turn: number, output }),
        Schema.TaggedStruct("ModelReplied", { at, request: number, parts: Schema.Array(part) }),
        Schema.TaggedStruct("TurnStarted", { at, turn: number, trigger: few }),
        Schema.TaggedStruct("Reported", {
          at,
          report: Schema.TaggedStruct("AgentTextSent", { content: few, eventId: Schema.optionalKey(few) }),
          eventId: Schema.optionalKey(Schema.Literals(spokenIds))
        })
      ])
      const result = yield* Arbitrary.checkEffect(
        Arbitrary.schema(Schema.Array(Words)),
        (lines) =>
          Effect.sync(() => {
            // As bytes, which cannot contain half a surrogate pair unless it is escaped.
            const written = new TextDecoder().decode(new TextEncoder().encode(Recording.encode({ header, lines })))
            assert.deepStrictEqual(decode(written).lines.map(plain), lines.map(plain))
            return true
          }),
        { runs: 1000, seed: 1 }
      )
      const failed = Arbitrary.formatCheckFailure(result)
      if (failed !== undefined) assert.fail(failed)
    })
  )

  it("reads the header back without the token, which is not written", () => {
    assert.deepStrictEqual(decode(headerText).header, {
      ...header,
      request: CallRequest.make({ callId: "c1", from: "+1", metadata: { plan: "gold" } })
    })
    assert.notInclude(headerText, "top-secret")
    assert.notInclude(headerText, "agentToken")
  })

  it("keeps times to the microsecond, and finer times to the last bit", () => {
    const at = [0, 0.001, 0.1, 12.34, 137, 999.999, 2_147_483.647, 2_147_483.648, 1 / 3, 1e300]
    const written = at.map((at) => Recording.encodeLine({ _tag: "CallClosed", at, how: "Ended" })).join("")
    assert.deepStrictEqual(
      decode(headerText + written).lines.map((line) => line.at),
      at
    )
  })

  it("writes one JSON value per line", () => {
    for (const line of text.trimEnd().split("\n")) assert.isObject(JSON.parse(line))
    assert.strictEqual(text.trimEnd().split("\n").length, lines.length + 1)
  })

  it("writes values that are not JSON as text or null, so that the line stays readable", () => {
    const circular: Record<string, unknown> = { size: 1n }
    circular["self"] = circular
    const outputs: ReadonlyArray<readonly [Event.Output, unknown]> = [
      [Event.logMetric("m", undefined), null],
      [Event.logMetric("m", Number.NaN), null],
      [Event.logMetric("m", () => 1), null],
      [Event.logMetric("m", Symbol("s")), null],
      [Event.logMetric("m", 1n), "1"],
      [Event.logMetric("m", circular), { size: "1", self: "[Circular]" }]
    ]
    const written = outputs.map(([output]) => Recording.encodeLine({ _tag: "Sent", at: 1, turn: 1, output }))
    assert.deepStrictEqual(
      decode(headerText + written.join("")).lines.map((line) =>
        line._tag === "Sent" && line.output._tag === "LogMetric" ? line.output.value : assert.fail(line._tag)
      ),
      outputs.map(([, value]) => value)
    )
    const returned = { toolCallId: "t", toolName: "n", toolArgs: {}, result: undefined }
    const more: ReadonlyArray<Recording.Line> = [
      { _tag: "Kept", at: 1, turn: 1, output: { _tag: "AgentToolReturned", ...returned } },
      {
        _tag: "Happened",
        at: 1,
        event: {
          _tag: "BackgroundReturned",
          eventId: "e",
          name: "n",
          respondingTo: "r",
          outcome: "Returned",
          result: undefined
        }
      }
    ]
    assert.strictEqual(decode(Recording.encode({ header, lines: more })).lines.length, 2)
  })

  it("reads a text cut off at any place up to there, and reports that it was cut off", () => {
    for (let length = 0; length < text.length; length++) {
      const cut = text.slice(0, length)
      if (length < headerText.length - 1) {
        assert.strictEqual(failure(cut).reason, "NoHeader", `at ${length}`)
        continue
      }
      const whole = text.slice(0, length + 1).split("\n").length - 2
      // A line is complete without its line break, and part of a line never counts as one.
      const read = decode(cut)
      assert.deepStrictEqual(read.lines, decode(text).lines.slice(0, whole), `at ${length}`)
      assert.strictEqual(read.truncated, cut.at(-1) !== "\n" && text[length] !== "\n", `at ${length}`)
    }
  })

  it("writes consecutive words as one line, for both sides", () => {
    assert.strictEqual(
      Recording.encode({ header, lines: [...words, lines[0]!] }).slice(headerText.length),
      `{"at":64.5,"_tag":"Words","request":1,"id":"0","words":[[0,["Good"]]]}
{"at":64.637,"_tag":"Words","turn":2,"respondingTo":"e3","request":1,"id":"0","words":[[0,"Good"],[0,[" ]}","\\"]"]],[363," ]}\\"]"]]}
${lineText}`
    )
  })

  it("includes spoken words in such a line, with the id of the first", () => {
    const id = "00000000-0000-4000-8000-0000000000f"
    const spoken = ["e", "f"].map((last, i): Recording.Line => ({
      _tag: "Reported",
      at: 66 + i,
      report: { _tag: "AgentTextSent", content: "Good" },
      eventId: `${id}${last}`
    }))
    const text = Recording.encode({ header, lines: [...spoken, words[3]!] })
    assert.strictEqual(
      text.slice(headerText.length),
      `{"at":66,"_tag":"Words","spoken":"${id}e","words":[[0,"Good",1],[1000,"Good",1]]}
{"at":65,"_tag":"Words","turn":2,"respondingTo":"e3","words":[[0," ]}\\"]"]]}
`
    )
    assert.deepStrictEqual(decode(text).lines.map(plain), [...spoken, words[3]!].map(plain))
  })

  it("starts a new line for words that belong to something else", () => {
    const sent = (turn: number, respondingTo?: string): Recording.Line => ({
      _tag: "Sent",
      at: 1,
      turn,
      output: Event.sendText("a", respondingTo === undefined ? {} : { respondingTo })
    })
    const replied = (request: number, id: string): Recording.Line => ({
      _tag: "ModelReplied",
      at: 1,
      request,
      parts: [{ type: "text-delta", id, delta: "a" }]
    })
    const lines = [
      sent(1),
      sent(2),
      sent(2, "e1"),
      sent(2, "e2"),
      sent(2),
      replied(1, "0"),
      replied(1, "1"),
      replied(2, "1")
    ]
    assert.deepStrictEqual(decode(Recording.encode({ header, lines })).lines.map(plain), lines.map(plain))
  })

  it("reads all complete words, wherever the text is cut off", () => {
    const text = Recording.encode({ header, lines: words })
    // The line is open wherever each word is whole. The first word has a line of its own.
    const whole = words.map(
      (_, n) => Recording.encode({ header, lines: words.slice(0, n + 1) }).replace(/\]\}\n$/, "").length
    )
    for (let length = headerText.length; length < text.length; length++) {
      const read = decode(text.slice(0, length))
      const expected = whole.filter((end) => end <= length).length
      assert.deepStrictEqual(read.lines.map(plain), words.slice(0, expected).map(plain), `at ${length}`)
      const isCut = ![...whole, headerText.length, whole[0]! + 2, whole[0]! + 3, text.length - 1].includes(length)
      assert.strictEqual(read.truncated, isCut, `at ${length}`)
    }
  })

  it("names the line of words without a turn or request", () => {
    for (const word of ['"a"', '["a"]', "1", '"a",1', '"a",2']) {
      const error = failure(`${headerText}{"at":1,"_tag":"Words","words":[[0,${word}]]}\n${lineText}`)
      assert.deepStrictEqual([error.reason, error.line], ["Corrupt", 2], word)
    }
    const broken = failure(`${headerText}{"at":1,"_tag":"ModelReplied","request":1,"parts":[["0",1,[2]],3]}\n`)
    assert.deepStrictEqual([broken.reason, broken.line], ["Corrupt", 2])
  })

  it("names the line that is broken if others follow it", () => {
    const error = failure(`${headerText}${lineText}{"at":1,"_tag":"Sent"\n${lineText}`)
    assert.deepStrictEqual([error.reason, error.line], ["Corrupt", 3])
    assert.match(error.message, /^line 3: /)
  })

  it("names the line whose event does not match its schema", () => {
    const error = failure(`${headerText}{"at":1,"_tag":"CallClosed","how":"Somehow"}\n${lineText}`)
    assert.deepStrictEqual([error.reason, error.line], ["Corrupt", 2])
    assert.include(error.detail, "how")
    const untagged = failure(`${headerText}[1]\n`)
    assert.deepStrictEqual([untagged.reason, untagged.line], ["Corrupt", 2])
  })

  it("rejects a newer major version", () => {
    const error = failure(
      headerText.replace(`"version":${Recording.version}`, `"version":${Recording.version + 1}`) + lineText
    )
    assert.deepStrictEqual([error.reason, error.line], ["Version", 1])
    assert.include(error.message, `version ${Recording.version + 1}`)
  })

  it("recognises a text that is not a recording", () => {
    for (const text of ["", "\n", "hello", "{}\n", lineText, '{"_tag":"Recording"}\n']) {
      assert.strictEqual(failure(text).reason, "NoHeader", text)
    }
  })

  it("skips lines and events of kinds a later version has added", () => {
    const later = [
      '{"at":1,"_tag":"Weather","sun":true}',
      '{"at":1,"_tag":"toString"}',
      '{"at":1,"_tag":"Sent","turn":1,"output":{"_tag":"AgentSendSmell"}}',
      '{"at":1,"_tag":"Reported","report":{"_tag":"UserLaughed"}}',
      '{"at":1,"_tag":"Happened","event":{"_tag":"CallPaused"}}'
    ]
    const read = decode(`${headerText}${later.join("\n")}\n${lineText}`)
    assert.deepStrictEqual(read.lines, lines.slice(0, 1))
    assert.strictEqual(read.skipped, later.length)
    assert.isFalse(read.truncated)
  })

  it("reads Windows line endings, and skips empty lines", () => {
    assert.deepStrictEqual(decode(text.replaceAll("\n", "\r\n\r\n")).lines, decode(text).lines)
  })

  it.effect("reads a stream of pieces, wherever they are cut", () =>
    Effect.gen(function* () {
      const expected = [decode(text).header, ...decode(text).lines]
      for (let size = 1; size < 40; size++) {
        const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
          text.slice(i * size, (i + 1) * size)
        )
        const reads = yield* Stream.runCollect(Recording.decodeStream(Stream.fromIterable(pieces)))
        assert.deepStrictEqual(reads, expected)
      }
      const reads = yield* Stream.runCollect(Recording.decodeStream(Stream.make(headerText, '{"at"')))
      assert.deepStrictEqual(reads[1], { _tag: "Truncated", line: 2 })
      const error = yield* Effect.flip(
        Stream.runDrain(Recording.decodeStream(Stream.make(headerText, "{}\n", lineText)))
      )
      assert.deepStrictEqual([error.reason, error.line], ["Corrupt", 2])
    })
  )

  describe("modelRequests", () => {
    const message = (content: string) => ({ role: "user", content })
    const asked = (
      request: number,
      fields: Partial<Recording.LineOf<"ModelRequested">>
    ): Recording.LineOf<"ModelRequested"> => ({
      _tag: "ModelRequested",
      at: request,
      turn: request,
      request,
      method: "streamText",
      messages: [],
      ...fields
    })
    const tools = [{ name: "weather", parameters: {} }]
    const first = asked(1, { messages: [message("a"), message("b")], tools, settings: { topP: 1 } })
    const reply = (request: number): Recording.LineOf<"ModelReplied"> => ({
      _tag: "ModelReplied",
      at: 9,
      request,
      parts: [{ type: "text-start", id: `${request}` }]
    })

    it("restores prompts from the ones before, and matches replies to requests", () => {
      const end: Recording.Line = { _tag: "ModelEnded", at: 10, request: 1, outcome: "Finished" }
      const requests = Result.getOrThrow(
        Recording.modelRequests({
          lines: [
            first,
            reply(1),
            asked(2, { like: { request: 1, messages: 1 }, messages: [message("c")] }),
            reply(2),
            reply(1),
            end,
            asked(3, { like: { request: 2, messages: 2 }, messages: [message("d")], tools: [], settings: {} })
          ]
        })
      )
      assert.deepStrictEqual(
        requests.map(({ prompt }) => prompt.map(({ content }) => content).join("")),
        ["ab", "ac", "acd"]
      )
      assert.deepStrictEqual(
        requests.map(({ settings, tools }) => [tools.length, settings["topP"]]),
        [
          [1, 1],
          [1, 1],
          [0, undefined]
        ]
      )
      assert.deepStrictEqual(
        requests.map(({ replies }) => replies.length),
        [2, 1, 0]
      )
      assert.deepStrictEqual(
        requests.map(({ end }) => end),
        [end, undefined, undefined]
      )
    })

    it("fails if a prompt refers to one that is missing", () => {
      const result = Recording.modelRequests({ lines: [first, asked(2, { like: { request: 5, messages: 1 } })] })
      assert.isTrue(Result.isFailure(result))
      if (Result.isFailure(result))
        assert.deepStrictEqual([result.failure.reason, result.failure.line], ["Dangling", 3])
    })

    it("skips a reply without its request", () => {
      assert.deepStrictEqual(Result.getOrThrow(Recording.modelRequests({ lines: [reply(1)] })), [])
    })
  })

  it("accepts reports as harnesses make them", () => {
    const report: Event.Report = { _tag: "UserTurnEnded", eventId: undefined }
    assert.deepStrictEqual(Schema.decodeUnknownSync(Event.Report)(report), report)
  })
})
