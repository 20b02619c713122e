import * as Event from "@antiphon/core/Event"
import * as Caller from "@antiphon/core/testing/Caller"
import * as Expect from "@antiphon/core/testing/Expect"
import * as Played from "@antiphon/core/testing/Played"
import * as TestCall from "@antiphon/core/testing/TestCall"
import { assert, describe } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as LlmAgent from "../../../src/agent/LlmAgent.ts"
import * as ScriptedModel from "../../../src/testing/ScriptedModel.ts"
import * as VoiceTool from "../../../src/tool/VoiceTool.ts"
import { pass, test } from "../../support/virtualTest.ts"
import { playing } from "../calling.ts"

const { text, toolCall } = ScriptedModel
const look = (work: Effect.Effect<unknown, unknown>, options: VoiceTool.Options = {}) =>
  VoiceTool.background("look", options, () => work)
const found = Effect.delay(Effect.succeed("found"), "20 seconds")
const calls = toolCall("look", {}, { id: "l1" })

/** A call in which the caller asks once and waits. */
const asking = (tool: VoiceTool.VoiceTool, replies: ReadonlyArray<ScriptedModel.Reply>) =>
  TestCall.run(LlmAgent.make({ tools: [tool] }), [
    Caller.says("Look it up"),
    Caller.listens(),
    Caller.pauses("40 seconds")
  ]).pipe(Effect.provide(ScriptedModel.make(replies).layer))

const at = (call: Played.Played, tag: string) => call.entries.filter(({ _tag }) => _tag === tag).map(({ at }) => at)

describe("background tools", () => {
  test("without a word are announced by the model, which reads that they are pending", function* () {
    const call = yield* asking(look(found), [calls, text("I am looking."), text("Found it.")])
    assert.strictEqual(Played.heard(call), "I am looking. Found it.")
    assert.include(JSON.stringify(Played.prompts(call)[1]!.prompt), '"result":"pending"')
  })

  test("without a word are announced with their own text, and the model is not asked", function* () {
    const call = yield* asking(look(found, { announce: "One moment." }), [calls, text("Found it.")])
    assert.strictEqual(Played.heard(call), "One moment. Found it.")
    assert.lengthOf(Played.prompts(call), 2)
  })

  test("with words are not announced again", function* () {
    const replies = [[text("I look. "), calls], text("Found it.")]
    const call = yield* asking(look(found, { announce: "One moment." }), replies)
    assert.strictEqual(Played.heard(call), "I look. Found it.")
    assert.lengthOf(Played.prompts(call), 2)
  })

  test("are announced by default words if the model has none", function* () {
    const call = yield* asking(look(found), [calls, [], text("Found it.")])
    assert.strictEqual(Played.heard(call), "One moment, please. Found it.")
  })

  test("become background work of the call when they start", function* () {
    const call = yield* asking(look(found), [[text("I look. "), calls], text("Found it.")])
    const [started] = at(call, "WorkStarted")
    const [ended] = at(call, "WorkEnded")
    assert.strictEqual(ended! - started!, 20_000)
    assert.lengthOf(at(call, "WorkStarted"), 1)
  })

  for (const [how, tool, message] of [
    ["fails", look(Effect.fail(new Error("no line"))), "no line"],
    ["takes too long", look(Effect.never, { timeout: "3 seconds" }), "timed out after 3s"],
    ["ends by an interruption of its own", look(Effect.interrupt), "the tool was interrupted"]
  ] as const) {
    test(`that ${how} return as failed`, function* () {
      const call = yield* asking(tool, [[text("I look. "), calls], text("It did not work.")])
      Expect.event(call, { _tag: "BackgroundReturned", outcome: "Failed", result: message })
      Expect.tool(call, "look", { result: `error: ${message}` })
    })
  }

  test("emit output events that are not taken for results", function* () {
    const progress = Stream.concat(
      Stream.make(Event.logMetric("progress", 1), Event.logMetric("progress", 2)).pipe(
        Stream.tap(() => Effect.sleep("1 second"))
      ),
      Stream.fromEffect(Effect.delay(Effect.succeed("found"), "1 second"))
    )
    for (const toolStyle of ["antiphon", "line"] as const) {
      const tool = VoiceTool.background("look", {}, () => progress)
      const model = ScriptedModel.make([[text("I look. "), calls], text("Found it.")])
      const call = yield* playing(model, { tools: [tool], toolStyle })
      yield* call.say("go")
      yield* pass("20 seconds")
      assert.lengthOf(yield* call.prompts, 2)
      assert.strictEqual(call.sent({ metrics: true }).filter((line) => line === "progress").length, 2)
      assert.match(call.sent().join(""), /Found it\.$/)
    }
  })

  const saying = Stream.concat(
    Stream.fromEffect(Effect.delay(Effect.succeed(Event.sendText("Still looking. ")), "5 seconds")),
    Stream.fromEffect(found)
  )

  test("speak interim outputs once nobody is speaking, without a model request", function* () {
    const call = yield* asking(
      VoiceTool.background("look", {}, () => saying),
      [[text("I look. "), calls], text("Found it."), text("AGAIN")]
    )
    assert.strictEqual(Played.heard(call), "I look. Still looking. Found it.")
    assert.lengthOf(Played.prompts(call), 2)
    const [asked] = at(call, "WorkStarted")
    const said = call.entries.find(
      (entry) => entry._tag === "Sent" && "text" in entry.output && /Still/.test(entry.output.text)
    )
    assert.strictEqual(said!.at - asked!, 5000)
    Expect.tool(call, "look", { result: "found" })
  })

  test("do not speak interim outputs over the caller", function* () {
    for (const toolStyle of ["antiphon", "line"] as const) {
      const tool = VoiceTool.background("look", {}, () => saying)
      const model = ScriptedModel.make([[text("I look."), calls], text("Found it.")])
      const call = yield* playing(model, { tools: [tool], toolStyle })
      yield* call.say("go")
      yield* call.report({ _tag: "UserTurnStarted" })
      yield* pass("10 seconds")
      assert.notInclude(call.sent().join(""), "Still")
    }
  })

  test("whose result another turn has answered are not asked about again", function* () {
    const tool = look(Effect.delay(Effect.succeed("found"), "2 seconds"))
    const model = ScriptedModel.make([
      [text("I look."), calls],
      [ScriptedModel.delay("1 second"), text("Yes.")],
      text("AGAIN")
    ])
    const call = yield* playing(model, { tools: [tool] })
    yield* call.say("go")
    yield* call.report({ _tag: "UserTurnStarted" })
    yield* pass("3 seconds")
    yield* call.report({ _tag: "UserTextSent", content: "are you there" }, { _tag: "UserTurnEnded" })
    yield* pass("60 seconds")
    assert.lengthOf(yield* call.prompts, 2)
    assert.include((yield* call.prompts)[1]!, "result l1-0: found")
    assert.notInclude(call.sent(), "AGAIN")
  })

  for (const [afterHangUp, outcome] of [
    ["finish", '"booked"'],
    ["cancel", '"cancelled"']
  ] as const) {
    test(`that are to ${afterHangUp} do so when the caller hangs up`, function* () {
      let booked = false
      const work = Effect.delay(
        Effect.sync(() => {
          booked = true
          return "booked"
        }),
        "5 seconds"
      )
      const call = yield* TestCall.run(LlmAgent.make({ tools: [look(work, { afterHangUp })] }), [
        Caller.says("Book it, bye"),
        Caller.pauses("500 millis"),
        Caller.hangsUp
      ]).pipe(Effect.provide(ScriptedModel.make([[text("I book."), calls]]).layer))
      assert.strictEqual(booked, afterHangUp === "finish")
      assert.include(JSON.stringify(call.history.entries), `"result":${outcome}`)
    })
  }

  test("that finish after the hang-up get no longer than the agent's grace period", function* () {
    const agent = LlmAgent.make({ tools: [look(Effect.never, { afterHangUp: "finish" })], endGrace: "2 seconds" })
    const call = yield* TestCall.run(agent, [Caller.says("Bye"), Caller.pauses("500 millis"), Caller.hangsUp]).pipe(
      Effect.provide(ScriptedModel.make([[text("I book."), calls]]).layer)
    )
    Expect.nothingLeft(call)
  })
})
