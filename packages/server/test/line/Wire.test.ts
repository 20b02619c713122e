import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import * as Wire from "../../src/line/Wire.ts"

describe("decode", () => {
  const report = (text: string): Event.Report => {
    const received = Wire.decode(text)
    if (received._tag !== "Report") throw new Error(`${text}: ${JSON.stringify(received)}`)
    return received.report
  }

  const known: ReadonlyArray<readonly [string, Event.Report]> = [
    ['{"type":"message","content":"two tickets"}', { _tag: "UserTextSent", content: "two tickets" }],
    ['{"type":"dtmf","button":"#"}', { _tag: "UserDtmfSent", button: "#" }],
    ['{"type":"dtmf","button":"anything"}', { _tag: "UserDtmfSent", button: "anything" }],
    ['{"type":"user_state","value":"speaking"}', { _tag: "UserTurnStarted" }],
    ['{"type":"user_state","value":"idle"}', { _tag: "UserTurnEnded" }],
    ['{"type":"agent_state","value":"speaking"}', { _tag: "AgentTurnStarted" }],
    ['{"type":"agent_state","value":"idle"}', { _tag: "AgentTurnEnded" }],
    ['{"type":"agent_speech","content":"Twotickets,"}', { _tag: "AgentTextSent", content: "Twotickets," }],
    ['{"type":"custom","metadata":{"page":"cart"}}', { _tag: "UserCustomSent", metadata: { page: "cart" } }]
  ]
  for (const [text, expected] of known) {
    it(`reads ${text}`, () => {
      assert.deepStrictEqual(report(text), { ...expected, eventId: undefined })
    })
  }

  it("ignores unknown fields", () => {
    assert.strictEqual(report('{"type":"message","content":"x","confidence":0.5}')._tag, "UserTextSent")
  })

  const byShape: ReadonlyArray<readonly [string, string]> = [
    ['{"content":"x"}', "UserTextSent"],
    ['{"button":"1"}', "UserDtmfSent"],
    ['{"value":"speaking"}', "UserTurnStarted"],
    ['{"value":"idle"}', "UserTurnEnded"],
    ['{"metadata":{}}', "UserCustomSent"],
    ['{"content":"x","button":"1","value":"idle","metadata":{}}', "UserTextSent"],
    ['{"content":5,"button":"1","value":"idle"}', "UserDtmfSent"],
    ['{"value":"speaking","metadata":{}}', "UserTurnStarted"],
    ['{"value":"unheard of","metadata":{}}', "UserCustomSent"]
  ]
  for (const [text, tag] of byShape) {
    it(`reads ${text} without a type as ${tag}`, () => {
      assert.strictEqual(report(text)._tag, tag)
    })
  }

  it("keeps a given event id, even an empty one, and has none for null", () => {
    assert.strictEqual(report('{"type":"dtmf","button":"1","event_id":"t1"}').eventId, "t1")
    assert.strictEqual(report('{"type":"dtmf","button":"1","event_id":""}').eventId, "")
    assert.isUndefined(report('{"type":"dtmf","button":"1","event_id":null}').eventId)
  })

  const dropped: ReadonlyArray<readonly [string, string]> = [
    ['{"type":"SECRET"}', "unknown type"],
    ['{"type":null,"content":"SECRET"}', "unknown type"],
    ['{"type":"constructor"}', "unknown type"],
    ['{"type":["message"],"content":"SECRET"}', "unknown type"],
    ['{"type":"message","metadata":{}}', 'Missing key at ["content"]'],
    ['{"type":"message","content":null}', 'Expected string at ["content"]'],
    ['{"type":"dtmf","button":42424242}', 'Expected string at ["button"]'],
    ['{"type":"user_state","value":"SECRET"}', 'Expected "speaking" | "idle" at ["value"]'],
    ['{"type":"agent_state","value":"SECRET"}', 'Expected "speaking" | "idle" at ["value"]'],
    ['{"type":"agent_speech","content":42424242}', 'Expected string at ["content"]'],
    ['{"type":"custom","metadata":["SECRET"]}', 'Expected object at ["metadata"]'],
    ['{"type":"custom","metadata":null}', 'Expected object at ["metadata"]'],
    ['{"type":"message","content":"SECRET","event_id":5}', 'Expected string | null at ["event_id"]'],
    [
      '{"type":"validation_error","error_message":"SECRET","error_type":"x"}',
      "the platform reports a validation error"
    ],
    ['{"error_message":"SECRET","error_type":"x"}', "the platform reports a validation error"],
    ["{}", "no known message has these fields"],
    ['{"value":"SECRET"}', "no known message has these fields"],
    ['["SECRET"]', "no known message has these fields"],
    ["null", "Expected object"],
    ['"SECRET"', "Expected object"],
    ["42424242", "Expected object"]
  ]
  for (const [text, reason] of dropped) {
    it(`drops ${text} without quoting it`, () => {
      assert.deepStrictEqual(Wire.decode(text), { _tag: "Dropped", reason })
      assert.notMatch(reason, /SECRET|4242/)
    })
  }

  it("treats text that is not JSON as malformed, without quoting it", () => {
    for (const text of ["SECRET", "", "{", "NaN", '{"type":"custom","metadata":{"a":NaN}}', '{"a":"SECRET}']) {
      const received = Wire.decode(text)
      assert.strictEqual(received._tag, "Malformed", text)
      assert.match(received._tag === "Malformed" ? received.reason : "", /^not JSON( at position \d+)?$/)
    }
  })
})

const respondingTo = "t3"
const tool = { toolCallId: "call-1", toolName: "weather", toolArgs: { city: "Zürich" } }

// One entry per output: a new member of `Event.Output` does not compile until it has one here.
const written: {
  readonly [Tag in Event.Output["_tag"]]: ReadonlyArray<readonly [Event.OutputOf<Tag>, string]>
} = {
  AgentSendText: [
    [
      Event.sendText("Hi there", { respondingTo }),
      `{"type":"message","content":"Hi there","interruptible":true,"responding_to":"t3"}`
    ],
    [
      Event.sendText("Grüße, 東京 😀\n", { interruptible: false }),
      `{"type":"message","content":"Grüße, 東京 😀\\n","interruptible":false,"responding_to":null}`
    ]
  ],
  AgentSendDtmf: [[{ ...Event.sendDtmf("#"), respondingTo }, `{"type":"dtmf","button":"#","responding_to":"t3"}`]],
  AgentEndCall: [
    [Event.endCall(), `{"type":"end_call","reason":"agent_ended","responding_to":null,"interruptible":true}`],
    [
      Event.endCall({ reason: "voicemail_detected", interruptible: false, respondingTo }),
      `{"type":"end_call","reason":"voicemail_detected","responding_to":"t3","interruptible":false}`
    ]
  ],
  AgentTransferCall: [
    [
      Event.transferCall("+14155550123"),
      `{"type":"transfer","target_phone_number":"+14155550123","responding_to":null,"interruptible":true}`
    ],
    [
      Event.transferCall("+14155550123", { interruptible: false, respondingTo }),
      `{"type":"transfer","target_phone_number":"+14155550123","responding_to":"t3","interruptible":false}`
    ]
  ],
  AgentToolCalled: [
    [
      { _tag: "AgentToolCalled", ...tool, respondingTo },
      `{"type":"tool_call","name":"weather","arguments":{"city":"Zürich"},"result":null,"id":null,"responding_to":"t3"}`
    ]
  ],
  AgentToolReturned: [
    [
      { _tag: "AgentToolReturned", ...tool, result: { t: 3.5, wet: true }, respondingTo },
      `{"type":"tool_call","name":"weather","arguments":{"city":"Zürich"},"result":"{\\"t\\": 3.5, \\"wet\\": true}","id":null,"responding_to":"t3"}`
    ],
    [
      { _tag: "AgentToolReturned", ...tool, result: null },
      `{"type":"tool_call","name":"weather","arguments":{"city":"Zürich"},"result":null,"id":null,"responding_to":null}`
    ]
  ],
  AgentUpdateCall: [
    [
      Event.updateCall({ language: "fr", respondingTo }),
      `{"type":"config","tts":{"voice_id":null,"pronunciation_dict_id":null,"language":"fr"},"stt":{"language":"fr"},"language":"fr","responding_to":"t3"}`
    ],
    [
      Event.updateCall({ voiceId: "v2", pronunciationDictId: "p1" }),
      `{"type":"config","tts":{"voice_id":"v2","pronunciation_dict_id":"p1","language":null},"stt":null,"language":null,"responding_to":null}`
    ],
    [
      Event.updateCall({ language: "multilingual" }),
      `{"type":"config","tts":{"voice_id":null,"pronunciation_dict_id":null,"language":"multilingual"},"stt":{"language":"multilingual"},"language":"multilingual","responding_to":null}`
    ]
  ],
  AgentSendCustom: [
    [
      { ...Event.sendCustom({ b: [1, null], a: { é: "é" } }), respondingTo },
      `{"type":"custom","metadata":{"b":[1,null],"a":{"é":"é"}},"responding_to":"t3"}`
    ]
  ],
  LogMetric: [
    [
      { ...Event.logMetric("agent_turn_ms", 812.4), respondingTo },
      `{"type":"log_metric","name":"agent_turn_ms","value":812.4,"responding_to":"t3"}`
    ],
    [Event.logMetric("nothing", undefined), `{"type":"log_metric","name":"nothing","value":null,"responding_to":null}`],
    [
      Event.logMetric("any", { a: [true] }),
      `{"type":"log_metric","name":"any","value":{"a":[true]},"responding_to":null}`
    ]
  ],
  LogMessage: [
    [
      { ...Event.logMessage("found", "It is there.", { level: "error", metadata: { n: 1 } }), respondingTo },
      `{"type":"log_event","event":"found","metadata":{"level":"error","message":"It is there.","metadata":{"n":1}},"responding_to":"t3"}`
    ],
    [
      Event.logMessage("found", "It is there."),
      `{"type":"log_event","event":"found","metadata":{"level":"info","message":"It is there.","metadata":null},"responding_to":null}`
    ]
  ]
}

describe("encode", () => {
  for (const [tag, rows] of Object.entries(written)) {
    it(`writes ${tag} byte for byte`, () => {
      for (const [output, text] of rows as ReadonlyArray<readonly [Event.Output, string]>) {
        assert.strictEqual(Wire.encode(output), text)
      }
    })
  }
})

const returned = (result: unknown): Event.Output => ({ _tag: "AgentToolReturned", ...tool, toolArgs: {}, result })
const resultOf = (result: unknown): unknown =>
  (JSON.parse(Wire.encode(returned(result))) as { readonly result: unknown }).result

describe("Tool result", () => {
  const cyclic: { self?: unknown; name: string } = { name: "c" }
  cyclic.self = cyclic
  const results: ReadonlyArray<readonly [string, unknown, string | null]> = [
    ["a text is itself", "as é is", "as é is"],
    ["an empty text stays", "", ""],
    ["null stays null", null, null],
    ["nothing is null", undefined, null],
    ["true is Python's", true, "True"],
    ["false is Python's", false, "False"],
    ["a number is printed", 3.5, "3.5"],
    ["a whole number is printed", -7, "-7"],
    ["an object is JSON with spaces", { a: 1, b: [1, "x", null] }, '{"a": 1, "b": [1, "x", null]}'],
    ["an array is JSON with spaces", [true, false, {}], "[true, false, {}]"],
    ["what is not ASCII is escaped", { é: "😀\u007f" }, String.raw`{"\u00e9": "\ud83d\ude00\u007f"}`],
    ["quotes and controls are escaped", ['"\\\n\u0001'], String.raw`["\"\\\n\u0001"]`],
    ["a date is its text", { at: new Date(0) }, '{"at": "1970-01-01T00:00:00.000Z"}'],
    ["a big integer is its text", { n: 12345678901234567890n }, '{"n": "12345678901234567890"}'],
    ["a lone big integer is its text", 12n, "12"],
    ["a symbol is its text", [Symbol("s")], '["Symbol(s)"]'],
    ["a function does not show its source", [() => "SECRET"], '["[Function]"]'],
    ["an error is its message without its stack", { e: new Error("boom") }, '{"e": "Error: boom"}'],
    ["a cycle is cut", cyclic, '{"name": "c", "self": "[Circular]"}'],
    [
      "a repeated object is no cycle",
      [tool, tool],
      `[${Array(2).fill('{"toolCallId": "call-1", "toolName": "weather", "toolArgs": {"city": "Z\\u00fcrich"}}').join(", ")}]`
    ],
    ["numbers that JSON lacks have Python's names", [NaN, Infinity, -Infinity], "[NaN, Infinity, -Infinity]"],
    ["members that are undefined are left out", { a: undefined, b: 1 }, '{"b": 1}'],
    ["gaps of an array are null", [undefined], "[null]"],
    [
      "a member that throws does not break the others",
      {
        get bad(): never {
          throw new Error("SECRET")
        }
      },
      '"[unserialisable]"'
    ],
    [
      "a toJSON that throws does not break the others",
      [
        1,
        {
          toJSON: () => {
            throw new Error("SECRET")
          }
        },
        2
      ],
      '[1, "[unserialisable]", 2]'
    ]
  ]
  for (const [name, value, text] of results) {
    it(`as text: ${name}`, () => {
      assert.strictEqual(resultOf(value), text)
    })
  }

  it("is cut after exactly 30,000 code points", () => {
    const limit = 30_000
    for (const letter of ["x", "é", "😀"]) {
      const full = letter.repeat(limit)
      assert.strictEqual(resultOf(full), full)
      assert.strictEqual(resultOf(full + letter), `${full}... [truncated]`)
      assert.strictEqual(resultOf(full.repeat(3)), `${full}... [truncated]`)
    }
  })

  it("is not cut inside an astral character", () => {
    const full = `${"x".repeat(29_999)}😀`
    assert.strictEqual(resultOf(full), full)
    assert.strictEqual(resultOf(`${full}😀`), `${full}... [truncated]`)
  })

  it("that is longer as JSON text is cut in that form", () => {
    const text = resultOf({ a: "x".repeat(30_000) })
    assert.strictEqual(text, `{"a": "${"x".repeat(29_993)}... [truncated]`)
  })
})

describe("Tool arguments and log metadata", () => {
  const overhead = '{"a": ""}'.length
  const args = (toolArgs: { readonly [key: string]: unknown }) =>
    (JSON.parse(Wire.encode({ _tag: "AgentToolCalled", ...tool, toolArgs })) as { readonly arguments: unknown })
      .arguments
  const metadata = (metadata: { readonly [key: string]: unknown }) =>
    (
      JSON.parse(Wire.encode(Event.logMessage("n", "m".repeat(40_000), { metadata }))) as {
        readonly metadata: { readonly message: string; readonly metadata: unknown }
      }
    ).metadata

  it("of exactly 30,000 characters as JSON text are sent unchanged", () => {
    const full = { a: "x".repeat(30_000 - overhead) }
    assert.deepStrictEqual(args(full), full)
    assert.deepStrictEqual(metadata(full).metadata, full)
  })

  it("that are longer become a marker with the first 200 characters of that text", () => {
    const tooMuch = { a: "x".repeat(30_001 - overhead) }
    const marker = { _truncated: true, _preview: `{"a": "${"x".repeat(193)}` }
    assert.deepStrictEqual(args(tooMuch), marker)
    assert.deepStrictEqual(metadata(tooMuch).metadata, marker)
    assert.strictEqual(metadata(tooMuch).message.length, 40_000)
  })

  it("are measured as escaped text", () => {
    const escaped = { a: "é".repeat(5_000) }
    assert.strictEqual(JSON.stringify(escaped).length < 30_000, true)
    assert.deepStrictEqual(args(escaped), {
      _truncated: true,
      _preview: `{"a": "${String.raw`\u00e9`.repeat(40)}`.slice(0, 200)
    })
  })

  it("that are not JSON are sent as JSON nevertheless", () => {
    const cyclic: { self?: unknown; n: unknown; big: bigint } = { n: NaN, big: 5n }
    cyclic.self = cyclic
    assert.deepStrictEqual(args(cyclic), { n: null, big: "5", self: "[Circular]" })
    assert.deepStrictEqual(metadata({ at: new Date(0), c: cyclic }).metadata, {
      at: "1970-01-01T00:00:00.000Z",
      c: { n: null, big: "5", self: "[Circular]" }
    })
  })

  it("whose members throw do not break the message", () => {
    const bad = {
      toJSON: () => {
        throw new Error("SECRET")
      }
    }
    assert.deepStrictEqual(args({ bad, good: 1 }), { bad: "[unserialisable]", good: 1 })
  })

  it("that are nested deeper than the stack do not break the message", () => {
    const deep: { [key: string]: unknown } = {}
    let inner = deep
    for (let i = 0; i < 50_000; i++) inner = inner["a"] = {} as { [key: string]: unknown }
    assert.doesNotThrow(() => Wire.encode({ _tag: "AgentToolCalled", ...tool, toolArgs: deep }))
  })

  it("and tool results are the only fields with a limit", () => {
    const long = "x".repeat(100_000)
    const sent = [
      Event.sendText(long),
      Event.sendCustom({ long }),
      Event.logMetric("m", long),
      Event.logMessage("n", long)
    ]
    for (const output of sent) assert.include(Wire.encode(output), long)
  })
})
