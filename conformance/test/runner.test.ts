import * as NodeServices from "@effect/platform-node/NodeServices"
import type * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Result } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as AgentKind from "../src/AgentKind.ts"
import * as Case from "../src/Case.ts"
import * as Compatibility from "../src/Compatibility.ts"
import * as Conformance from "../src/Conformance.ts"
import * as Expectation from "../src/Expectation.ts"
import * as HttpFixture from "../src/HttpFixture.ts"
import * as WireForm from "../src/WireForm.ts"

type Json = { readonly [key: string]: unknown }

const say = (text: string) => ({ emit: { type: "agent_send_text", text } })
const message = (content: string, responding_to: string) => ({
  type: "message",
  content,
  interruptible: true,
  responding_to
})
const press = (button: string, event_id: string) => ({ send: { type: "dtmf", button, event_id } })
const expect = (...messages: ReadonlyArray<unknown>) => ({ expect: messages, quietMs: 30 })

/** A call whose agent answers and notes each key press. */
const keys = {
  name: "keys",
  agent: {
    kind: "rules",
    runFilter: ["user_dtmf_sent"],
    rules: [{ on: "user_dtmf_sent", do: [{ note: "pressed {text}" }, say("key {text}")] }]
  },
  call: { call_id: "c1" },
  steps: [press("1", "d1"), expect(message("key [1]", "d1"))],
  notes: ["pressed [1]"]
} satisfies Json
type Changes = { readonly [K in keyof typeof keys]?: unknown } & Json

const withFolder = <A, E, R>(
  files: { readonly [name: string]: unknown },
  f: (folder: string) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped()
    for (const [name, content] of Object.entries(files)) {
      yield* fs.writeFileString(`${folder}/${name}`, typeof content === "string" ? content : JSON.stringify(content))
    }
    return yield* f(folder)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const playFiles = (files: { readonly [name: string]: unknown }, options: Conformance.Options = {}) =>
  withFolder(files, (folder) => Conformance.playFolder(folder, { patienceMs: 5000, ...options }))

/** For cases that wait for something that never comes. */
const impatient: Conformance.Options = { patienceMs: 300 }

/** The result of the key press case with these changes: "passed", or why it failed. */
const played = (changes: Changes = {}, options: Conformance.Options = {}) =>
  Effect.map(playFiles({ "case.json": { ...keys, ...changes } }, options), ([one]) => {
    const { outcome } = one!
    return outcome._tag === "Failed" ? outcome.reason : outcome._tag
  })

const fails = (name: string, changes: Changes, reason: string, options?: Conformance.Options) =>
  it.live(name, () => Effect.map(played(changes, options), (outcome) => assert.strictEqual(outcome, reason)))

describe("a case", () => {
  it.live("passes if everything it expects arrives", () =>
    Effect.map(played(), (outcome) => assert.strictEqual(outcome, "Passed"))
  )
  fails(
    "fails on a field that differs, and names it",
    { steps: [press("1", "d1"), expect(message("key [2]", "d1"))] },
    'steps[1].expect[0].content: expected "key [2]", got "key [1]"'
  )
  fails(
    "fails on a field that is not expected",
    { steps: [press("1", "d1"), expect({ type: "message", content: "key [1]", responding_to: "d1" })] },
    "steps[1].expect[0].interruptible: expected nothing, got true"
  )
  fails(
    "fails on a message that is not expected",
    { steps: [press("1", "d1"), press("2", "d2"), expect(message("key [1]", "d1"))] },
    'steps[2].expect[1]: expected no message for 30 ms, got {"type":"message","content":"key [2]","interruptible":true,"responding_to":"d2"}'
  )
  fails(
    "fails on a message that does not come",
    { steps: [press("1", "d1"), expect(message("key [1]", "d1"), message("key [2]", "d2"))] },
    'steps[1].expect[1]: expected {"type":"message","content":"key [2]","interruptible":true,"responding_to":"d2"}, got no message within 300 ms',
    impatient
  )
  fails(
    "fails on a note that differs",
    { notes: ["pressed [2]"] },
    'notes[0]: expected "pressed [2]", got "pressed [1]"'
  )
  fails(
    "fails on a note that was not made",
    { notes: ["pressed [1]", "x"] },
    'notes[1]: expected "x", got nothing',
    impatient
  )
  fails("fails on a note that is not expected", { notes: [] }, 'notes[0]: expected nothing, got "pressed [1]"')
  it.live("ignores the notes if it expects none", () => {
    const { notes: _, ...silent } = keys
    return Effect.map(playFiles({ "case.json": silent }), ([one]) => assert.strictEqual(one!.outcome._tag, "Passed"))
  })
  fails(
    "fails on a socket that stays open",
    { steps: [press("1", "d1"), expect(message("key [1]", "d1")), { expectClose: { code: 1000 } }] },
    "steps[2].expectClose: expected the socket closed with code 1000, got no message within 300 ms",
    impatient
  )
  fails(
    "fails on another close code",
    {
      steps: [{ sendRaw: "{" }, expect({ type: "error", content: "<startsWith:>" }), { expectClose: { code: 1011 } }],
      notes: []
    },
    "steps[2].expectClose: expected the socket closed with code 1011, got the socket closed with code 1000"
  )
  fails(
    "fails on a socket that closes too early",
    { steps: [{ sendRaw: "{" }, expect({ type: "error", content: "<startsWith:>" }, {})], notes: [] },
    "steps[1].expect[1]: expected {}, got the socket closed with code 1000"
  )
  fails(
    "fails on a socket that is not refused",
    { steps: [{ expectRejected: { status: 403 } }] },
    "steps[0].expectRejected: expected a socket refused with status 403, got an open socket"
  )
  fails(
    "fails on a socket that is refused",
    { wsPath: "/nope" },
    "steps[0]: expected an open socket, got a socket refused with status 403"
  )
  fails(
    "fails on the status of an answer",
    { steps: [{ http: { method: "GET", path: "/status" } }, { expectHttp: { status: 201 } }] },
    "steps[1].expectHttp.status: expected 201, got 200"
  )
  fails(
    "fails on the body of an answer",
    { steps: [{ http: { method: "GET", path: "/nope" } }, { expectHttp: { status: 404, body: { detail: "Gone" } } }] },
    'steps[1].expectHttp.body.detail: expected "Gone", got "Not Found"'
  )
  fails(
    "fails on a header of an answer",
    {
      steps: [{ http: { method: "GET", path: "/status" } }, { expectHttp: { status: 200, headers: { "X-Who": "me" } } }]
    },
    'steps[1].expectHttp.headers.X-Who: expected "me", got nothing'
  )

  it.live("sends an id it has received in place of its placeholder", () =>
    Effect.map(
      played({
        steps: [
          { send: { type: "dtmf", button: "1" } },
          expect(message("key [1]", "<uuid:1>")),
          press("2", "<uuid:1>"),
          expect(message("key [2]", "<uuid:1>")),
          { send: { type: "dtmf", button: "3" } },
          expect(message("key [3]", "<uuid:2>"))
        ],
        notes: ["pressed [1]", "pressed [2]", "pressed [3]"]
      }),
      (outcome) => assert.strictEqual(outcome, "Passed")
    )
  )

  it.live("has its own HTTP server, whose address replaces <http>", () =>
    Effect.gen(function* () {
      const address = { send: { type: "custom", metadata: { at: "<http>/x" } } }
      const agent = {
        kind: "rules",
        runFilter: ["user_custom_sent"],
        rules: [{ on: "*", do: [{ reportEvent: true }] }]
      }
      const reported = {
        type: "custom",
        metadata: { event: { type: "user_custom_sent", metadata: { at: "<http>/x" }, event_id: "<uuid:1>" } },
        responding_to: "<uuid:1>"
      }
      const changes = { agent, httpServer: { routes: [] }, notes: [], steps: [address, expect(reported)] }
      assert.strictEqual(yield* played({ ...changes, httpRequests: [] }), "Passed")
      assert.strictEqual(
        yield* played({ ...changes, httpRequests: [{ method: "GET" }] }),
        'httpRequests[0]: expected {"method":"GET"}, got nothing'
      )
    })
  )
})

describe("a file", () => {
  const rule = (action: Json) => ({ ...keys.agent, rules: [{ on: "*", do: [action] }] })
  const of = "emit, waitMs, throw, note, noteHistory, reportHistory, reportEvent, stream"
  fails(
    "with an unknown action is an error that names it",
    { agent: rule({ dance: 1 }) },
    "agent.rules[0].do[0].dance: unknown field"
  )
  fails("with an empty action is an error", { agent: rule({}) }, `agent.rules[0].do[0]: an action has one of ${of}`)
  fails(
    "with two actions in one is an error",
    { agent: rule({ note: "a", waitMs: 1 }) },
    "agent.rules[0].do[0]: an action cannot be waitMs and note at once"
  )
  fails(
    "with an unknown step is an error that names it",
    { steps: [{ expect: [] }, { shout: "x" }] },
    "steps[1].shout: unknown field"
  )
  fails(
    "with quietMs beside another step is an error",
    { steps: [{ waitMs: 1, quietMs: 1 }] },
    "steps[0]: quietMs belongs to expect"
  )
  fails(
    "with an unknown output event is an error that names it",
    { agent: rule({ emit: { type: "agent_sings" } }) },
    'agent.rules[0].do[0].emit: unknown output event "agent_sings"'
  )
  fails(
    "with an unknown field of an output event is an error",
    { agent: rule({ emit: { type: "end_call", why: "x" } }) },
    "agent.rules[0].do[0].emit.why: unknown field"
  )
  fails(
    "with an unknown condition is an error",
    { agent: { ...keys.agent, cancelFilter: { loud: true } } },
    "agent.cancelFilter.loud: unknown field"
  )
  fails("with an unknown field is an error", { weather: "fine" }, "weather: unknown field")
  fails("without steps is an error", { steps: undefined }, "steps: Missing key")

  it.live("that is not JSON is an error", () =>
    Effect.gen(function* () {
      const [one] = yield* playFiles({ "broken.json": "{" })
      assert.strictEqual(one!.name, "broken")
      assert.include(JSON.stringify(one!.outcome), "not JSON")
    })
  )
})

describe("a case of an agent with a model", () => {
  const job = { kind: "function", name: "job", description: "A job.", params: {}, steps: [{ result: "ok" }] }
  const agent = { kind: "llm", config: { system_prompt: "Be brief." }, tools: [job] }
  const metric = (name: string, responding_to: string) => ({
    type: "log_metric",
    name,
    value: "<number>",
    responding_to
  })
  const offered = {
    name: "job",
    description: "A job.",
    parameters: { type: "object", properties: {}, additionalProperties: false },
    strict: true
  }
  const request = {
    model: "openai/gpt-4o",
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "hi" }
    ],
    tools: [offered],
    // Failure settings of its client are not sent to a model.
    params: { num_retries: 2, fallbacks: ["m2"], timeout: 3 }
  }
  const chat = {
    agent,
    notes: [],
    llm: [[{ text: "Hel" }, { text: "lo." }]],
    steps: [
      expect(metric("agent_turn_ms", "<uuid:1>")),
      { send: { type: "message", content: "hi" } },
      { send: { type: "user_state", value: "idle", event_id: "i1" } },
      expect(
        metric("llm_first_chunk_ms", "i1"),
        metric("llm_first_text_ms", "i1"),
        message("Hel", "i1"),
        message("lo.", "i1"),
        metric("agent_turn_ms", "i1")
      )
    ],
    llmRequests: [request]
  }
  const of = (changes: Json) => ({ ...chat, ...changes })
  const withTool = (tool: Json) => of({ agent: { ...agent, tools: [job, tool] } })

  it.live("passes if the model received the expected requests", () =>
    Effect.map(played(chat), (outcome) => assert.strictEqual(outcome, "Passed"))
  )
  fails(
    "fails on a message to the model that differs",
    of({ llmRequests: [{ ...request, messages: [request.messages[0], { role: "user", content: "ho" }] }] }),
    'llmRequests[0].messages[1].content: expected "ho", got "hi"'
  )
  fails(
    "fails on a tool that differs",
    of({ llmRequests: [{ ...request, tools: [{ ...offered, strict: false }] }] }),
    "llmRequests[0].tools[0].strict: expected false, got true"
  )
  fails(
    "fails on another model",
    of({ agent: { ...agent, model: "gpt-4.1" } }),
    'llmRequests[0].model: expected "openai/gpt-4o", got "openai/gpt-4.1"'
  )
  fails(
    "fails on a parameter that is not expected",
    of({ agent: { ...agent, config: { ...agent.config, seed: 7 } } }),
    "llmRequests[0].params.seed: expected nothing, got 7"
  )
  it.live("fails on a missing request, and on an unexpected one", () =>
    Effect.gen(function* () {
      assert.include(yield* played(of({ llmRequests: [request, request] })), "llmRequests[1]: expected {")
      assert.include(yield* played(of({ llmRequests: [] })), "llmRequests[0]: expected nothing")
    })
  )
  it.live("has only the replies that are written", () =>
    Effect.map(played(of({ llm: [] })), (outcome) =>
      assert.include(outcome, 'steps[3].expect[0].type: expected "log_metric", got "error"')
    )
  )

  it.live("with an unknown kind of tool is an error that names its place", () =>
    Effect.map(played(withTool({ kind: "magic" })), (outcome) => assert.include(outcome, "agent.tools[1]: Expected {"))
  )
  fails(
    "with an unknown field of a tool is an error",
    withTool({ ...job, speed: 1 }),
    "agent.tools[1].speed: unknown field"
  )
  fails(
    "with an unknown option of a built-in tool is an error",
    withTool({ kind: "builtin", name: "end_call", options: { loud: true } }),
    "agent.tools[1].options.loud: unknown field"
  )
  fails(
    "with an unknown field of an agent that it hands off to is an error",
    withTool({ kind: "agentAsHandoff", agent: { ...agent, mood: "good" } }),
    "agent.tools[1].agent.mood: unknown field"
  )
  fails(
    "with an unknown setting is an error",
    of({ agent: { ...agent, config: { warmth: 1 } } }),
    "agent.config.warmth: unknown field"
  )
  fails(
    "with an unknown event of a history is an error",
    of({ agent: { ...agent, turns: { 1: { process: { history: [{ type: "agent_sings" }] } } } } }),
    'agent.turns.1.process.history[0]: unknown event "agent_sings"'
  )
  fails(
    "with two deltas in one is an error",
    of({ llm: [[{ text: "a", error: "b" }]] }),
    "llm[0][0]: a delta cannot be text and error at once"
  )
  fails(
    "with a request that fails after its reply began is an error",
    of({ llm: [[{ text: "a" }, { failRequest: "b" }]] }),
    "llm[0]: failRequest comes first"
  )
  it.live("fails the agent if an anchor names no event", () => {
    const turns = { 1: { before: [{ addEntry: { content: "x", after: { type: "call_ended" } } }] } }
    const error = { type: "error", content: '<contains:no event for the anchor {"type":"call_ended"}>' }
    const steps = [...chat.steps.slice(0, -1), expect(error)]
    return Effect.map(played(of({ agent: { ...agent, turns }, llmRequests: [], steps })), (outcome) =>
      assert.strictEqual(outcome, "Passed")
    )
  })
})

describe("a folder", () => {
  const wrong = { ...keys, name: "wrong", notes: ["x"] }
  const strange = { name: "strange", agent: { kind: "oracle", crystal: "ball" }, steps: [{ gaze: true }] }

  it.live("counts what passed, failed and was not run, and says the counts last", () =>
    Effect.gen(function* () {
      const all = yield* playFiles({
        "a.json": keys,
        "b.json": wrong,
        "c.json": strange,
        "d.json": strange,
        "x.txt": ""
      })
      const lines = Conformance.report(all)
      assert.strictEqual(lines.length, 3)
      assert.match(lines[0]!, /^FAIL wrong: notes\[0\]: expected "x", got "pressed \[1\]" \(.*b\.json\)$/)
      assert.strictEqual(lines[1], "2 not run, their agent is of a kind not known yet: 2 of kind oracle")
      assert.strictEqual(lines[2], "1 passed, 1 failed, 0 on purpose")
      assert.isFalse(Conformance.succeeded(all))
      assert.isTrue(Conformance.succeeded(all.filter(({ name }) => name !== "wrong")))
    })
  )

  it.live("plays our own case instead of one that differs on purpose", () =>
    Effect.gen(function* () {
      const replacements = new Map([
        ["wrong", "chats-defaults.json"],
        ["keys", "missing.json"]
      ])
      const all = yield* playFiles({ "a.json": keys, "b.json": wrong }, { replacements })
      assert.strictEqual(Conformance.report(all).at(-1), "0 passed, 1 failed, 1 on purpose")
      assert.strictEqual(all[1]!.outcome._tag, "OnPurpose")
      assert.include(JSON.stringify(all[0]!.outcome), "missing.json")
    })
  )

  it.live(
    "is judged by the exit code of the command, whose last line is the counts",
    () => {
      const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
      const run = (folder: string) =>
        Effect.callback<{ readonly code: unknown; readonly last: string | undefined }>((resume) => {
          execFile(process.execPath, ["--conditions=antiphon-source", main, folder], (error, stdout) =>
            resume(Effect.succeed({ code: error === null ? 0 : error.code, last: stdout.trimEnd().split("\n").at(-1) }))
          )
        })
      return Effect.gen(function* () {
        const good = yield* withFolder({ "a.json": keys }, run)
        assert.deepStrictEqual(good, { code: 0, last: "1 passed, 0 failed, 0 on purpose" })
        const bad = yield* withFolder({ "a.json": keys, "b.json": { ...keys, weather: 1 } }, run)
        assert.deepStrictEqual(bad, { code: 1, last: "1 passed, 1 failed, 0 on purpose" })
        const none = yield* run("/no/such/folder")
        assert.strictEqual(none.code, 1)
      })
      // Three processes, each of which loads everything.
    },
    120_000
  )
})

describe("an expectation", () => {
  const first = "0b0b2c6a-6f4c-4a3c-9d52-0c5a2f1f1a11"
  const second = "7f4e3c1c-52a8-4d4f-8a07-62d3c5f7b6aa"
  const check = (expected: unknown, got: unknown, exactTexts = false) =>
    Expectation.difference(expected, got, "it", Expectation.matching({ exactTexts }))?.path

  const fitting: ReadonlyArray<readonly [unknown, unknown]> = [
    [
      { a: 1, b: [null, "x"] },
      { b: [null, "x"], a: 1 }
    ],
    ["<number>", 812.4],
    ["<timestamp>", "2026-05-01T10:20:30.123456+00:00"],
    ["<timestamp>", "2026-05-01T10:20:30Z"],
    ["<startsWith:Error: >", "Error: boom"],
    ["<startsWith:Error: ><contains:oo>", "Error: boom"],
    ["<startsWith:a>b>", "a>bc"],
    ["<contains:oo>", "boom"],
    [
      ["<uuid:1>", "<uuid:2>", "<uuid:1>"],
      [first, second, first]
    ],
    ["id <uuid:1>, <number> ms", `id ${first}, 1.5 ms`],
    ['{"a": 1, "b": "\\u00e9"}', '{"b":"é","a":1}'],
    ['{"id": "<uuid:1>"}', `{"id":"${first}"}`]
  ]
  for (const [expected, got] of fitting) {
    it(`${JSON.stringify(expected)} takes ${JSON.stringify(got)}`, () => assert.isUndefined(check(expected, got)))
  }

  const differing: ReadonlyArray<readonly [unknown, unknown, string]> = [
    [{ a: null }, {}, "it.a"],
    [{}, { a: null }, "it.a"],
    [[1], [1, 2], "it[1]"],
    [{ a: [{ b: 1 }] }, { a: [{ b: "1" }] }, "it.a[0].b"],
    [null, {}, "it"],
    [{}, [], "it"],
    [[], {}, "it"],
    ["<number>", "1", "it"],
    ["<timestamp>", "yesterday", "it"],
    ["<startsWith:Error: ><contains:zz>", "Error: boom", "it"],
    ["<startsWith:Error: >", "error: boom", "it"],
    ["<uuid:1>", "d1", "it"],
    [["<uuid:1>", "<uuid:1>"], [first, second], "it[1]"],
    [["<uuid:1>", "<uuid:2>"], [first, first], "it[1]"],
    ['{"a": 1}', '{"a": 2}', "it (as JSON).a"],
    ['{"a": 1}', "[1]", "it (as JSON)"],
    ["5", 5, "it"]
  ]
  for (const [expected, got, path] of differing) {
    it(`${JSON.stringify(expected)} does not take ${JSON.stringify(got)}`, () =>
      assert.strictEqual(check(expected, got), path))
  }

  it("compares texts that contain JSON character by character on request", () => {
    assert.strictEqual(check('{"a": 1}', '{"a":1}', true), "it")
    assert.isUndefined(check('{"a": 1}', '{"a": 1}', true))
  })

  it("shows long texts from where they differ", () => {
    const found = Expectation.difference(
      "x".repeat(30_000) + "a",
      "x".repeat(30_000) + "b",
      "it",
      Expectation.matching()
    )
    assert.strictEqual(
      found?.message,
      `it (from character 30000): expected …${"x".repeat(20)}a", got …${"x".repeat(20)}b"`
    )
  })

  it("has its repeats written out, whatever the character", () => {
    assert.deepStrictEqual(
      Case.expandRepeats({ a: ["<repeat:x:3>!", "<repeat:::2>", "<repeat:>:2>", "<repeat:🙂:2>"] }),
      {
        a: ["xxx!", "::", ">>", "🙂🙂"]
      }
    )
  })
})

describe("the form of a message", () => {
  const good = [
    '{"type":"message","content":"é \\"","interruptible":true,"responding_to":null}',
    '{"type":"config","tts":{"voice_id":null,"pronunciation_dict_id":null,"language":"fr"},"stt":{"language":"fr"},"language":"fr","responding_to":"i"}',
    '{"type":"config","tts":{"voice_id":"v","pronunciation_dict_id":null,"language":null},"stt":null,"language":null,"responding_to":"i"}',
    '{"type":"log_event","event":"e","metadata":{"level":"info","message":"m","metadata":null},"responding_to":"i"}'
  ]
  for (const text of good)
    it(`takes ${text}`, () => assert.deepStrictEqual(WireForm.read(text), Result.succeed(JSON.parse(text))))

  const bad: ReadonlyArray<readonly [string, string]> = [
    ["oops", "not JSON"],
    ["[]", "no object"],
    ['{"type":"song"}', "no message has the type"],
    ['{"type":"message","content":"x","responding_to":null,"interruptible":true}', "message has the fields"],
    ['{"type":"message","content":"x","interruptible":true}', "message has the fields"],
    ['{"type":"error","content":"x","responding_to":null}', "error has the fields"],
    ['{"type":"end_call","reason":"x","interruptible":true,"responding_to":null}', "end_call has the fields"],
    [
      '{"type":"log_event","event":"e","metadata":{"message":"m","level":"info","metadata":null},"responding_to":"i"}',
      "log_event.metadata has"
    ],
    ['{"type":"config","tts":{"voice_id":"v"},"stt":null,"language":null,"responding_to":"i"}', "config.tts has"],
    ['{"type":"error", "content":"x"}', "compact"],
    ['{"type":"error","content":"\\u00e9"}', "compact"]
  ]
  for (const [text, reason] of bad) {
    it(`does not take ${text}`, () => assert.include(Result.getOrThrow(Result.flip(WireForm.read(text))), reason))
  }
})

describe("a predicate", () => {
  const pressed = { _tag: "UserDtmfSent", eventId: "d", button: "5" } as const
  const said = { _tag: "UserTextSent", eventId: "m", content: "please stop" } as const
  const ended: Event.Input = { _tag: "UserTurnEnded", eventId: "i", content: [said, pressed] }
  const custom: Event.Input = { _tag: "UserCustomSent", eventId: "c", metadata: { page: 3, deep: { a: [1] } } }
  const rows: ReadonlyArray<readonly [Case.EventPredicate, Event.Input, boolean]> = [
    [{}, pressed, true],
    [{ type: "user_dtmf_sent" }, pressed, true],
    [{ type: ["user_dtmf_sent", "call_started"] }, said, false],
    [{ button: "5" }, pressed, true],
    [{ button: "6" }, pressed, false],
    [{ button: "5" }, said, false],
    [{ contentIncludes: "stop" }, said, true],
    [{ contentIncludes: "stop" }, ended, true],
    [{ contentIncludes: "5" }, pressed, false],
    [{ type: "user_text_sent", contentIncludes: "go" }, said, false],
    [{ metadataHas: "page" }, custom, true],
    [{ metadataHas: "size" }, custom, false],
    [{ metadataHas: { page: 3, deep: { a: [1] } } }, custom, true],
    [{ metadataHas: { page: 4 } }, custom, false],
    [{ metadataHas: "page" }, said, false],
    [{ any: [{ button: "6" }, { contentIncludes: "stop" }] }, said, true],
    [{ any: [{ button: "6" }, { any: [{ button: "5" }] }] }, pressed, true],
    [{ any: [] }, pressed, false],
    [{ type: "user_text_sent", any: [{ contentIncludes: "go" }] }, said, false]
  ]
  for (const [predicate, event, expected] of rows) {
    it(`${JSON.stringify(predicate)} ${expected ? "holds" : "does not hold"} for ${event._tag}`, () =>
      assert.strictEqual(AgentKind.holds(predicate, event), expected))
  }
})

describe("the table of differences", () => {
  const parse = (...lines: ReadonlyArray<string>) =>
    Effect.runSync(Effect.result(Compatibility.parse(["# Compatibility", "", ...lines, "", "| a | b |"].join("\n"))))
  const head = ["| case | our case file | what differs and why |", "|---|---|---|"]

  it("maps a recorded case to the file of ours", () => {
    const found = parse(...head, "| `a-b` | `c.json` | because |", "|  `d`  |  `e.json`  | because |")
    assert.deepStrictEqual(
      [...Result.getOrThrow(found)],
      [
        ["a-b", "c.json"],
        ["d", "e.json"]
      ]
    )
  })
  it("requires a case, a file and a reason in each row", () => {
    for (const row of ["| a | `c.json` | because |", "| `a` | c.json | because |", "| `a` | `c.json` | |"]) {
      assert.isTrue(Result.isFailure(parse(...head, row)), row)
    }
  })
  it("must exist", () => assert.isTrue(Result.isFailure(parse("nothing"))))
})

describe("the HTTP server of a case", () => {
  it.live("answers its routes and no other path, and keeps what it received", () =>
    Effect.gen(function* () {
      const routes = [
        { method: "POST", path: "/a b", status: 201, body: '{"id":9}', delayMs: 10 },
        { method: "GET", path: "/text", body: "hi", contentType: "text/plain" }
      ]
      const { address, received } = yield* HttpFixture.make(routes)
      const ask = (path: string, init?: RequestInit) =>
        Effect.promise(async () => {
          const response = await fetch(`${address}${path}`, init)
          return [response.status, response.headers.get("content-type"), await response.text()]
        })
      const posted = yield* ask("/a%20b?q=x%20y&q=2", { method: "POST", body: '{"n":1}', headers: { "x-extra": "1" } })
      assert.deepStrictEqual(posted, [201, "application/json", '{"id":9}'])
      assert.deepStrictEqual(yield* ask("/text"), [200, "text/plain", "hi"])
      assert.deepStrictEqual(yield* ask("/nope"), [404, "text/plain", "no route"])
      const { headers, ...rest } = received[0]!
      assert.strictEqual(headers["x-extra"], "1")
      assert.deepStrictEqual(rest, {
        method: "POST",
        path: "/a b",
        rawPath: "/a%20b",
        query: [
          ["q", "x y"],
          ["q", "2"]
        ],
        json: { n: 1 }
      })
      assert.deepStrictEqual(
        received.map(({ path }) => path),
        ["/a b", "/text", "/nope"]
      )
    }).pipe(Effect.scoped)
  )
})
