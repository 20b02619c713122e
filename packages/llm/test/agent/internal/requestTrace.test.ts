import * as Agent from "@antiphon/core/Agent"
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Caller from "@antiphon/core/testing/Caller"
import * as Spans from "@antiphon/core/testing/Spans"
import * as TestCall from "@antiphon/core/testing/TestCall"
import { assert, describe } from "@effect/vitest"
import { Effect, Metric } from "effect"
import { Model } from "effect/ai"
import * as LlmAgent from "../../../src/agent/LlmAgent.ts"
import * as ScriptedModel from "../../../src/testing/ScriptedModel.ts"
import * as VoiceTool from "../../../src/tool/VoiceTool.ts"
import { test } from "../../support/virtualTest.ts"

const request = CallRequest.make({ callId: "c1" })
const usage = {
  inputTokens: { uncached: 100, total: 140, cacheRead: 40, cacheWrite: undefined },
  outputTokens: { total: 30, text: 20, reasoning: 10 }
}

describe("requestTrace", () => {
  test("a request records which model answered, when, why it ended and what it used", function* () {
    const spans = Spans.make()
    const model = ScriptedModel.make([
      [
        ScriptedModel.delay("300 millis"),
        ScriptedModel.parts({ type: "response-metadata", id: "r1", modelId: "gpt-6-2026", timestamp: undefined }),
        ScriptedModel.text("Four thousand."),
        ScriptedModel.finish("stop", usage)
      ]
    ])
    yield* TestCall.run(LlmAgent.make(), [Caller.says("what is my code"), Caller.listens()], { request }).pipe(
      Effect.provide(model.layer),
      Effect.provideService(Model.ModelName, "gpt-6"),
      Effect.provideService(Model.ProviderName, "openai"),
      spans.collect
    )
    const [chat] = spans.named("chat gpt-6")
    assert.strictEqual(chat!.kind, "client")
    const { "gen_ai.response.time_to_first_chunk": first, ...told } = Object.fromEntries(chat!.attributes)
    assert.closeTo(first as number, 0.3, 0.001)
    assert.deepStrictEqual(told, {
      "gen_ai.operation.name": "chat",
      "gen_ai.conversation.id": "c1",
      "gen_ai.request.model": "gpt-6",
      "gen_ai.request.stream": true,
      "gen_ai.provider.name": "openai",
      "gen_ai.response.id": "r1",
      "gen_ai.response.model": "gpt-6-2026",
      "gen_ai.response.finish_reasons": ["stop"],
      "gen_ai.usage.input_tokens": 140,
      "gen_ai.usage.output_tokens": 30,
      "gen_ai.usage.cache_read.input_tokens": 40,
      "gen_ai.usage.reasoning.output_tokens": 10,
      "antiphon.turn.id": 2
    })
    assert.include(spans.tree(), "  turn\n    chat gpt-6\n      LanguageModel.streamText\n")
  })

  test("a request the caller interrupts is no error; one that fails is", function* () {
    const spans = Spans.make()
    const model = ScriptedModel.make([
      [ScriptedModel.text("Once upon a time"), ScriptedModel.stall],
      ScriptedModel.dieAfter(0, ScriptedModel.text("x"))
    ])
    const script = [Caller.says("a story"), Caller.hears(2), Caller.bargesIn("stop", { after: 1 }), Caller.listens()]
    yield* TestCall.run(LlmAgent.make(), script, { request }).pipe(Effect.provide(model.layer), spans.collect)
    const tree = spans.tree()
    assert.include(tree, "  turn (interrupted)\n    chat (interrupted)\n      LanguageModel.streamText (interrupted)\n")
    assert.include(tree, "  turn (TurnFailure)\n    chat (NetworkError)\n")
  })

  test("a request ends with its reply, however long the turn continues", function* () {
    const spans = Spans.make()
    const slow = VoiceTool.loopback("slow", {}, () => Effect.sleep("5 seconds"))
    const model = ScriptedModel.make([ScriptedModel.toolCall("slow", {}), ScriptedModel.text("Done.")])
    const agent = LlmAgent.make({ tools: [slow] })
    yield* TestCall.run(agent, [Caller.says("go"), Caller.listens()]).pipe(Effect.provide(model.layer), spans.collect)
    const seconds = [...spans.named("chat"), ...spans.named("LanguageModel.streamText")].map(({ status }) =>
      status._tag === "Ended" ? Number(status.endTime - status.startTime) / 1e9 : Infinity
    )
    assert.deepStrictEqual(seconds, [0, 0, 0, 0])
  })

  test("requests through a wrapped agent are traced too", function* () {
    const spans = Spans.make()
    const model = ScriptedModel.make([ScriptedModel.text("Hi.")])
    const agent = Agent.map(LlmAgent.make(), (agent) => agent)
    yield* TestCall.run(agent, [Caller.says("hi"), Caller.listens()]).pipe(Effect.provide(model.layer), spans.collect)
    assert.strictEqual(spans.named("chat").length, 1)
  })

  test("counts requests by provider, model and failure", function* () {
    yield* Effect.gen(function* () {
      const model = ScriptedModel.make([
        [ScriptedModel.text("Hi."), ScriptedModel.finish("stop", usage)],
        ScriptedModel.dieAfter(0, ScriptedModel.text("x"))
      ])
      const script = [Caller.says("a"), Caller.listens(), Caller.says("b"), Caller.listens()]
      yield* TestCall.run(LlmAgent.make(), script).pipe(
        Effect.provide(model.layer),
        Effect.provideService(Model.ModelName, "gpt-6"),
        Effect.provideService(Model.ProviderName, "openai")
      )
      const counted = (yield* Metric.snapshot)
        .filter(({ id }) => id === "gen_ai.client.operation.duration")
        .map(({ attributes, state }) => [
          attributes?.["gen_ai.provider.name"],
          attributes?.["gen_ai.request.model"],
          attributes?.["error.type"],
          "count" in state ? state.count : 0
        ])
      assert.sameDeepMembers(counted, [
        ["openai", "gpt-6", undefined, 1],
        ["openai", "gpt-6", "NetworkError", 1]
      ])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  })
})
