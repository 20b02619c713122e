import * as CallRequest from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import * as Agent from "@antiphon/core/Agent"
import * as Caller from "@antiphon/core/testing/Caller"
import * as Spans from "@antiphon/core/testing/Spans"
import * as TestCall from "@antiphon/core/testing/TestCall"
import { assert, describe } from "@effect/vitest"
import { Effect, Metric, Schema, Stream } from "effect"
import { Tool, Toolkit } from "effect/ai"
import * as LlmAgent from "../../../src/agent/LlmAgent.ts"
import * as ScriptedModel from "../../../src/testing/ScriptedModel.ts"
import * as VoiceTool from "../../../src/tool/VoiceTool.ts"
import { test } from "../../support/virtualTest.ts"

const { text, toolCall } = ScriptedModel
const request = CallRequest.make({ callId: "c1" })
const secret = /Anna|4321|booked for/

const played = <R>(
  tools: ReadonlyArray<VoiceTool.VoiceTool<R>>,
  replies: Parameters<typeof ScriptedModel.make>[0],
  script: Caller.Script = [Caller.says("go"), Caller.listens()]
) =>
  Effect.gen(function* () {
    const spans = Spans.make()
    const model = ScriptedModel.make(replies)
    yield* TestCall.run(LlmAgent.make({ tools }), script, { request }).pipe(Effect.provide(model.layer), spans.collect)
    for (const { attributes, events, name, status } of spans.all()) {
      const exit = status._tag === "Ended" ? status.exit : undefined
      assert.notMatch(JSON.stringify([name, [...attributes], events, exit]), secret)
    }
    return spans
  })
const outcome = (span: { readonly attributes: ReadonlyMap<string, unknown> } | undefined) =>
  span?.attributes.get("antiphon.tool.outcome")
const code = { parameters: { code: Schema.String } }

describe("toolTrace", () => {
  test("a tool has a span with its name, id and outcome, without arguments or result", function* () {
    const book = VoiceTool.loopback("book", code, () => Effect.succeed("booked for Anna"))
    const spans = yield* played([book], [toolCall("book", { code: "4321" }, { id: "t1" }), text("Done.")])
    const [span] = spans.named("execute_tool book")
    assert.deepStrictEqual(Object.fromEntries(span!.attributes), {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "book",
      "gen_ai.tool.type": "function",
      "gen_ai.tool.call.id": "t1",
      "gen_ai.conversation.id": "c1",
      "antiphon.turn.id": 2,
      "antiphon.tool.kind": "foreground",
      "antiphon.tool.outcome": "returned"
    })
    assert.include(spans.tree(), "  turn\n    chat\n      LanguageModel.streamText\n    execute_tool book\n    chat\n")
  })

  test("a toolkit of effect/ai traces no arguments, and its handlers may annotate their spans", function* () {
    const Book = Tool.make("book", { parameters: Schema.Struct({ code: Schema.String }), success: Schema.String })
    const Kit = Toolkit.make(Book)
    const layer = Kit.toLayer({
      book: () => Effect.as(Effect.annotateCurrentSpan({ "app.seats": 2, tool: "mine" }), "booked for Anna")
    })
    const spans = Spans.make()
    const model = ScriptedModel.make([toolCall("book", { code: "4321" }), text("Done.")])
    yield* TestCall.run(LlmAgent.make({ tools: VoiceTool.fromToolkit(Kit) }), [Caller.says("go"), Caller.listens()], {
      request
    }).pipe(Effect.provide(model.layer), Effect.provide(layer), spans.collect)
    for (const span of spans.all()) assert.notMatch(JSON.stringify([...span.attributes]), secret)
    const [span] = spans.named("execute_tool book")
    assert.strictEqual(span!.attributes.get("app.seats"), 2)
    assert.strictEqual(span!.attributes.get("tool"), "mine")
    assert.strictEqual(outcome(span), "returned")
  })

  test("names the kind of a failure in one word", function* () {
    const fails = VoiceTool.loopback("fails", {}, () => Effect.fail(new Error("Anna, 4321")))
    const slow = VoiceTool.loopback("slow", { timeout: "1 second" }, () => Effect.never)
    const spans = yield* played(
      [fails, slow],
      [[toolCall("fails", {}), toolCall("slow", {}, { id: "t2" })], text("Sorry.")]
    )
    assert.include(spans.tree(), "    execute_tool fails (ToolFailure)\n    execute_tool slow (timeout)\n")
    assert.deepStrictEqual(
      ["fails", "slow"].map((name) => outcome(spans.named(`execute_tool ${name}`)[0])),
      ["failed", "timed_out"]
    )
  })

  test("a tool the caller interrupts is cancelled, and not an error", function* () {
    const slow = VoiceTool.loopback("slow", {}, () => Effect.never)
    const spans = yield* played(
      [slow],
      [[text("Let me see."), toolCall("slow", {})], text("All right.")],
      [Caller.says("go"), Caller.hears(1), Caller.bargesIn("stop", { after: 1 }), Caller.listens()]
    )
    assert.include(spans.tree(), "    execute_tool slow (interrupted)\n")
    assert.strictEqual(outcome(spans.named("execute_tool slow")[0]), "cancelled")
  })

  test("a background tool is a child of the call, linked to the turn that called it", function* () {
    const search = VoiceTool.background("search", { announce: "One moment." }, () =>
      Effect.withSpan(Effect.delay(Effect.succeed("three"), "4 seconds"), "mine")
    )
    const spans = yield* played(
      [search],
      [toolCall("search", {}), text("Three.")],
      [Caller.says("go"), Caller.pauses("10 seconds")]
    )
    assert.include(spans.tree(), "\n  background\n    execute_tool search\n      mine\n")
    const [span] = spans.named("background")
    assert.deepStrictEqual(
      span!.links.map((link) => link.span),
      [spans.named("turn")[1]!]
    )
  })

  test("a handoff contains the other agent's first turn, and later turns are outside of it", function* () {
    const other = Agent.route({
      AgentHandedOff: () => Stream.fromEffect(Effect.withSpan(Effect.succeed(Event.sendText("Hello. ")), "greeting")),
      UserTurnEnded: () => Stream.fromEffect(Effect.withSpan(Effect.succeed(Event.sendText("Yes. ")), "answer"))
    })
    const handoff = VoiceTool.handoff("to_billing", {}, () => other)
    const spans = yield* played(
      [handoff],
      [toolCall("to_billing", {})],
      [Caller.says("billing"), Caller.listens(), Caller.says("hi"), Caller.listens()]
    )
    assert.include(spans.tree(), "    handoff to_billing\n      greeting\n")
    assert.include(spans.tree(), "  turn\n    answer\n")
    assert.strictEqual(outcome(spans.named("handoff to_billing")[0]), "returned")
  })

  test("counts outcomes by tool; a name the model made up is counted without one", function* () {
    yield* Effect.gen(function* () {
      const fine = VoiceTool.loopback("fine", code, () => Effect.succeed(1))
      yield* played(
        [fine],
        [
          [toolCall("fine", { code: "1" }), toolCall("Anna", {}, { id: "t2" }), toolCall("fine", {}, { id: "t3" })],
          text("Done.")
        ]
      )
      const counted = (yield* Metric.snapshot)
        .filter(({ id }) => id === "antiphon_tool_calls")
        .map(({ attributes, state }) => [
          attributes?.["gen_ai.tool.name"],
          attributes?.["outcome"],
          "count" in state ? state.count : 0
        ])
      assert.sameDeepMembers(counted, [
        ["fine", "returned", 1],
        ["", "refused", 1],
        ["fine", "refused", 1]
      ])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  })
})
