import * as Event from "@antiphon/core/Event"
import * as Caller from "@antiphon/core/testing/Caller"
import * as Expect from "@antiphon/core/testing/Expect"
import * as Rules from "@antiphon/core/testing/Rules"
import * as TestCall from "@antiphon/core/testing/TestCall"
import { assert, describe } from "@effect/vitest"
import { Cause, Effect, Schema, Stream } from "effect"
import * as LlmAgent from "../../../src/agent/LlmAgent.ts"
import * as ScriptedModel from "../../../src/testing/ScriptedModel.ts"
import * as VoiceTool from "../../../src/tool/VoiceTool.ts"
import { pass, test } from "../../support/virtualTest.ts"
import { playing } from "../calling.ts"

const { text, toolCall } = ScriptedModel
const calls = (...names: ReadonlyArray<string>) => names.map((name, i) => toolCall(name, {}, { id: `c${i + 1}` }))
const slow = (name: string, ms: number, options: VoiceTool.Options = {}) =>
  VoiceTool.loopback(name, options, () => Effect.delay(Effect.succeed(`${name} done`), ms))

describe("toolRunner", () => {
  test("reports that a tool has started, passes its words on, and reports that it has finished", function* () {
    const search = VoiceTool.loopback("search", {}, () =>
      Stream.concat(
        Stream.make(Event.sendText("Let me see.")),
        Stream.fromEffect(Effect.delay(Effect.succeed("three hits"), 1000))
      )
    )
    const model = ScriptedModel.make([calls("search"), text("Three.")])
    const call = yield* playing(model, { tools: [search] })
    yield* call.say("look")
    assert.deepStrictEqual(call.sent(), ["search(c1-0)", "Let me see."])
    yield* pass(1000)
    assert.deepStrictEqual(call.sent().slice(2), ['search(c1-0) = "three hits"', " Three."])
    assert.deepStrictEqual((yield* call.prompts)[1]!.slice(-1), ["result c1-0: three hits"])
  })

  test("runs the calls of a reply in parallel, and keeps the model's order", function* () {
    const model = ScriptedModel.make([calls("a", "b"), text("Done.")])
    const call = yield* playing(model, { tools: [slow("a", 1000), slow("b", 400)] })
    yield* call.say("go")
    assert.deepStrictEqual(call.sent(), ["a(c1-0)", "b(c2-0)"])
    yield* pass(1000)
    assert.deepStrictEqual(call.sent().slice(2), ['a(c1-0) = "a done"', 'b(c2-0) = "b done"', "Done."])
  })

  test("makes a sequential tool wait for those before it", function* () {
    const model = ScriptedModel.make([calls("a", "b"), text("Done.")])
    const tools = [slow("a", 1000), slow("b", 400, { concurrency: "sequential" })]
    const call = yield* playing(model, { tools })
    yield* call.say("go")
    yield* pass(1000)
    assert.deepStrictEqual(call.sent(), ["a(c1-0)", 'a(c1-0) = "a done"', "b(c2-0)"])
    yield* pass(400)
    assert.deepStrictEqual(call.sent().slice(3), ['b(c2-0) = "b done"', "Done."])
  })

  test("stops a tool that takes too long, and the model reads so", function* () {
    const model = ScriptedModel.make([calls("a"), text("Sorry.")])
    const call = yield* playing(model, { tools: [slow("a", 5000, { timeout: "2 seconds" })] })
    yield* call.say("go")
    yield* pass(1999)
    assert.deepStrictEqual(call.sent(), ["a(c1-0)"])
    yield* pass(1)
    assert.deepStrictEqual(call.sent().slice(1), ['a(c1-0) = "error: timed out after 2s"', "Sorry."])
  })

  test("stops a tool when the connection is lost, and not before", function* () {
    const model = ScriptedModel.make([calls("later"), calls("slow")])
    const tools = [
      VoiceTool.background("later", {}, () => Effect.delay(Effect.succeed("done"), "2 seconds")),
      slow("slow", 60_000, { interruption: "finish" })
    ]
    const script = [
      Caller.says("One"),
      Caller.listens(),
      Caller.says("Two"),
      Caller.pauses("5 seconds"),
      Caller.losesConnection
    ]
    const call = yield* Effect.provide(TestCall.run(LlmAgent.make({ tools }), script), model.layer)
    assert.deepStrictEqual(Rules.breaches(call), [])
    Expect.nothingLeft(call)
  })

  const interrupted = {
    cancel: ["a(c1-0)", "Well?"],
    finish: ["a(c1-0)", "Well?", 'a(c1-0) = "a done"', "Late."],
    uninterruptible: ["a(c1-0)", 'a(c1-0) = "a done"', "Well?"]
  } satisfies Record<VoiceTool.Interruption, ReadonlyArray<string>>
  for (const [interruption, sent] of Object.entries(interrupted)) {
    test(`applies the policy of a tool when the caller speaks over it: ${interruption}`, function* () {
      const model = ScriptedModel.make([calls("a"), text("Well?"), text("Late.")])
      const tool = slow("a", 1000, { interruption: interruption as VoiceTool.Interruption })
      const call = yield* playing(model, { tools: [tool] })
      yield* call.say("go")
      yield* call.say("stop")
      // The tool, and the wait for speech that this harness does not report.
      yield* pass(4000)
      assert.deepStrictEqual(call.sent(), sent)
      const last = (yield* call.prompts).at(-1)!.filter((line) => line.startsWith("result"))
      assert.deepStrictEqual(last, [`result c1-0: ${interruption === "cancel" ? "cancelled" : "a done"}`])
    })
  }

  for (const duplicates of ["reject", "allow"] as const) {
    test(`handles a second call with the same arguments while one runs in the background: ${duplicates}`, function* () {
      let runs = 0
      const job = VoiceTool.background("job", { duplicates, parameters: { n: Schema.Int } }, () =>
        Effect.suspend(() => Effect.delay(Effect.succeed(`run ${++runs}`), "1 second"))
      )
      const ask = (id: string, n: number) => toolCall("job", { n }, { id })
      const model = ScriptedModel.make([
        [ask("j1", 1), ask("j2", 1), ask("j3", 2)],
        ...Array.from({ length: 4 }, () => text("Well."))
      ])
      const call = yield* playing(model, { tools: [job] })
      yield* call.say("go")
      assert.strictEqual(runs, duplicates === "reject" ? 2 : 3)
      const refused = 'job(j2-0) = "error: this is already running; its result will come"'
      assert.strictEqual(call.sent().includes(refused), duplicates === "reject")
    })
  }

  const circular: { self?: unknown } = {}
  circular.self = circular
  const shapes: ReadonlyArray<readonly [string, unknown]> = [
    ["nothing", undefined],
    ["a big number", 12345678901234567890n],
    ["something circular", circular],
    ["a function", () => 1],
    ["a date", new Date(0)],
    ["a map", new Map([["a", 1]])],
    ["an error", new Error("no")]
  ]
  for (const [what, value] of shapes) {
    test(`gives ${what} to the model as text, and the call continues`, function* () {
      const odd = VoiceTool.loopback("odd", {}, () => Effect.succeed(value))
      const model = ScriptedModel.make([calls("odd"), text("Fine."), text("Yes?")])
      const call = yield* playing(model, { tools: [odd] })
      yield* call.say("go")
      yield* call.say("and?")
      const prompts = yield* call.prompts
      assert.lengthOf(prompts, 3)
      assert.match(prompts[1]!.at(-1)!, /^result c1-0: \S/)
    })
  }

  test("lets the model read the failure of a tool, whatever it fails with", function* () {
    const failing = VoiceTool.loopback("failing", {}, () => Effect.fail(new Error("no stock")))
    const throwing = VoiceTool.loopback("throwing", {}, (): Effect.Effect<string> => {
      throw new Error("a bug")
    })
    const model = ScriptedModel.make([calls("failing", "throwing"), text("Sorry.")])
    const call = yield* playing(model, { tools: [failing, throwing] })
    yield* call.say("go")
    assert.deepStrictEqual(call.sent().slice(2), [
      'failing(c1-0) = "error: no stock"',
      'throwing(c2-0) = "error: a bug"',
      "Sorry."
    ])
  })

  /** What a model reads about a tool that is called once. */
  const outcomeOf = (tool: VoiceTool.VoiceTool, options: Partial<LlmAgent.Options> = {}) =>
    Effect.gen(function* () {
      const model = ScriptedModel.make([calls(tool.name), text("Done.")])
      const call = yield* playing(model, { tools: [tool], ...options })
      yield* call.say("go")
      yield* pass("1 second")
      return { outcome: (yield* call.prompts)[1]?.at(-1), sent: call.sent() }
    })
  // As from JavaScript, where no type prevents it.
  const giving = (handled: unknown) => VoiceTool.loopback("t", {}, () => handled as Effect.Effect<unknown>)

  for (const [what, handler, outcome] of [
    ["a tagged object", () => Effect.fail({ _tag: "NotFound", id: 3 }), 'error: NotFound {"id": 3}'],
    ["a plain object", () => Effect.fail({ code: 7 }), 'error: {"code": 7}'],
    ["an object with a message", () => Effect.fail({ message: "no stock" }), "error: no stock"],
    ["an interruption of its own", () => Effect.interrupt, "error: the tool was interrupted"],
    ["an error of Effect's", () => Effect.fail(new Cause.NoSuchElementError()), "error: NoSuchElementError"],
    ["a promise that is rejected", () => Promise.reject(new Error("offline")), "error: offline"],
    ["a promise that is rejected with nothing", () => Promise.reject(), "error: unknown error"]
  ] as const) {
    test(`reports a failure with ${what}`, function* () {
      const tool = VoiceTool.loopback("t", {}, handler as () => Effect.Effect<unknown, unknown>)
      const { outcome: told, sent } = yield* outcomeOf(tool)
      assert.strictEqual(told, `result c1-0: ${outcome}`)
      assert.strictEqual(sent.at(-1), "Done.")
    })
  }

  for (const [what, handled] of [
    ["a promise", Promise.resolve("v")],
    ["a promise of a stream", Promise.resolve(Stream.make("v"))],
    ["a promise of an effect", Promise.resolve(Effect.succeed("v"))],
    ["a plain value", "v"],
    [
      "an async generator",
      (async function* () {
        yield "v"
      })()
    ]
  ] as const) {
    test(`accepts ${what} from a handler`, function* () {
      assert.strictEqual((yield* outcomeOf(giving(handled))).outcome, "result c1-0: v")
    })
  }

  test("aborts the signal of a promise-based handler when it is interrupted", function* () {
    let signal: AbortSignal | undefined
    const tool = VoiceTool.loopback("t", {}, (_, context) => {
      signal = context.signal
      return new Promise<string>(() => {})
    })
    const call = yield* playing(ScriptedModel.make([calls("t"), text("Yes?")]), { tools: [tool] })
    yield* call.say("go")
    assert.isFalse(signal!.aborted)
    yield* call.say("stop")
    assert.isTrue(signal!.aborted)
  })

  test("truncates a long result, both in the event and in the prompt", function* () {
    const tool = giving(Effect.succeed("x".repeat(50_000)))
    const { outcome, sent } = yield* outcomeOf(tool)
    assert.isAtMost(outcome!.length, 20_200)
    assert.match(outcome!, /It was cut after 20000 characters\.\]$/)
    assert.isAtMost(sent[1]!.length, 20_200)
    assert.isAtMost((yield* outcomeOf(tool, { maxResultCharacters: 100 })).outcome!.length, 200)
    const own = VoiceTool.loopback("t", { maxResultCharacters: 30 }, () => Effect.succeed("x".repeat(50_000)))
    assert.isAtMost((yield* outcomeOf(own)).outcome!.length, 120)
  })

  test("does not run a tool with invalid arguments", function* () {
    let ran = false
    const book = VoiceTool.loopback("book", { parameters: { date: Schema.String } }, () =>
      Effect.sync(() => {
        ran = true
        return "booked"
      })
    )
    const model = ScriptedModel.make([toolCall("book", { date: "today", time: "19:00" }, { id: "c1" }), text("Hm.")])
    const call = yield* playing(model, { tools: [book] })
    yield* call.say("at seven")
    assert.isFalse(ran)
    assert.match((yield* call.prompts)[1]!.at(-1)!, /error: invalid arguments: .*time.*takes: date/)
  })

  test("delays a tool with effects while the caller may continue, but not a safe one", function* () {
    for (const safe of [true, false]) {
      let ran = false
      const tool = VoiceTool.loopback("t", { safe }, () =>
        Effect.sync(() => {
          ran = true
        })
      )
      const call = yield* playing(ScriptedModel.make([calls("t"), text("Done.")]), { tools: [tool] })
      yield* call.report({ _tag: "UserTurnStarted" }, { _tag: "UserTextSent", content: "go" })
      yield* call.report({ _tag: "UserTurnEnded", tentative: true })
      assert.strictEqual(ran, safe)
      yield* call.report({ _tag: "UserTurnCommitted" })
      yield* pass(1)
      assert.isTrue(ran)
    }
  })
})
