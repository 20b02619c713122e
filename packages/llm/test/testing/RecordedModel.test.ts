import * as CallRequest from "@antiphon/core/CallRequest"
import * as Recorder from "@antiphon/core/recording/Recorder"
import type * as Recording from "@antiphon/core/recording/Recording"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Result, Stream } from "effect"
import { AiError, LanguageModel, type Response } from "effect/ai"
import * as ModelTap from "../../src/internal/modelTap.ts"
import * as RecordedModel from "../../src/testing/RecordedModel.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import * as RecordedCall from "../support/recordedCall.ts"

const scripted = Effect.suspend(() => RecordedCall.play(ScriptedModel.make(RecordedCall.replies).layer))

const of = <E = never, R = never>(text: string, fork?: RecordedModel.Fork<E, R>) =>
  Result.getOrThrow(RecordedModel.make(RecordedCall.decode(text), { fork }))

type Line = Recording.Line

const asked = (request: number, at: number, fields: Partial<Recording.LineOf<"ModelRequested">> = {}): Line => ({
  _tag: "ModelRequested",
  at,
  turn: 1,
  request,
  method: "streamText",
  messages: [{ role: "user", content: "hi" }],
  tools: [],
  settings: {},
  ...fields
})
const replied = (request: number, at: number, ...parts: Recording.LineOf<"ModelReplied">["parts"]): Line => ({
  _tag: "ModelReplied",
  at,
  request,
  parts
})
const delta = (delta: string) => ({ type: "text-delta", id: "1", delta })
const ended = (request: number, at: number, outcome: Recording.LineOf<"ModelEnded">["outcome"]): Line => ({
  _tag: "ModelEnded",
  at,
  request,
  outcome
})

const ask = (prompt = "hi") => LanguageModel.streamText({ prompt })

/** Asks once, and returns the deltas with their times after the request, and how and when it ended. */
const timed = (reply: Stream.Stream<Response.StreamPart<{}>, AiError.AiError>) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
    const deltas: Array<readonly [number, string]> = []
    const result = yield* Effect.result(
      Stream.runForEach(reply, (part) =>
        Effect.sync(() => {
          if (part.type === "text-delta") deltas.push([now(), part.delta])
        })
      )
    )
    return { deltas, at: now(), error: Result.isFailure(result) ? result.failure : undefined }
  }).pipe(VirtualTime.run)

describe("RecordedModel", () => {
  it.effect("reproduces the recording of a call, byte for byte", () =>
    Effect.gen(function* () {
      const { said, text } = yield* scripted
      const model = of(text)
      const again = yield* RecordedCall.play(model.layer)
      assert.strictEqual(again.text, text)
      assert.strictEqual(again.said, said)
      assert.deepStrictEqual(yield* model.differences, [])
      assert.strictEqual(yield* model.unused, 0)
    })
  )

  it.effect("plays parts and the end at their recorded times", () =>
    Effect.gen(function* () {
      const model = Result.getOrThrow(
        RecordedModel.make({
          lines: [
            asked(1, 1000.001),
            replied(1, 1137.346, delta("a"), delta("b")),
            replied(1, 1137.346, delta("c")),
            replied(1, 1300.001),
            replied(1, 2000.001, delta("d")),
            ended(1, 2500.001, "Finished")
          ]
        })
      )
      const { at, deltas, error } = yield* timed(ask().pipe(Stream.provide(model.layer)))
      assert.deepStrictEqual(deltas, [
        [137.345, "a"],
        [137.345, "b"],
        [137.345, "c"],
        [1000, "d"]
      ])
      assert.strictEqual(at, 1500)
      assert.isUndefined(error)
    })
  )

  it.effect("fails as the recorded request did", () =>
    Effect.gen(function* () {
      const { text } = yield* scripted
      const last = RecordedCall.decode(text).lines.filter((line) => "request" in line && line.request === 7)
      const lines = last.map((line): Line => (line._tag === "ModelRequested" ? asked(7, line.at) : line))
      const { error } = yield* timed(ask().pipe(Stream.provide(Result.getOrThrow(RecordedModel.make({ lines })).layer)))
      assert.isTrue(AiError.isAiError(error))
      if (!AiError.isAiError(error)) return
      assert.strictEqual(error.reason._tag, "RateLimitError")
      assert.strictEqual(error.module, "ScriptedModel")
    })
  )

  it.effect("is silent after an interrupted reply, and then says that nothing more was recorded", () =>
    Effect.gen(function* () {
      for (const end of [[ended(1, 500, "Interrupted")], []]) {
        const lines = [asked(1, 0), replied(1, 100, delta("a")), ...end]
        const { at, deltas, error } = yield* timed(
          ask().pipe(Stream.provide(Result.getOrThrow(RecordedModel.make({ lines })).layer))
        )
        assert.deepStrictEqual(deltas, [[100, "a"]])
        assert.strictEqual(at, end.length === 0 ? 1100 : 1500)
        assert.include(String(error), "request 1 was interrupted")
      }
    })
  )

  it.effect("fails a request that was not recorded, and names it", () =>
    Effect.gen(function* () {
      const model = Result.getOrThrow(
        RecordedModel.make({ lines: [asked(1, 0), replied(1, 0, delta("a")), ended(1, 0, "Finished")] })
      )
      assert.strictEqual(yield* model.unused, 1)
      const twice = Effect.andThen(Stream.runDrain(ask()), Effect.flip(Stream.runDrain(ask())))
      const error = yield* Effect.provide(twice, model.layer)
      assert.include(String(error), "has 1 requests to models, and no reply for request 2")
      assert.strictEqual(yield* model.unused, 0)
    })
  )

  it.effect("continues with another model from a given request, or after the recording", () =>
    Effect.gen(function* () {
      const { text } = yield* scripted
      for (const from of [3, undefined]) {
        const other = ScriptedModel.make(Array.from({ length: 10 }, () => ScriptedModel.text("Something else.")))
        const model = of(text, { from, model: other.layer })
        const { said } = yield* RecordedCall.play(model.layer)
        assert.include(said, "It is sunny in Oslo today.")
        assert.strictEqual(said.includes("Once upon a time"), from === undefined)
        assert.strictEqual(said.includes("Something else."), from !== undefined)
        assert.strictEqual((yield* other.prompts).length, from === undefined ? 0 : 4)
        assert.deepStrictEqual(yield* model.differences, [])
        assert.strictEqual(yield* model.unused, 0)
      }
      const other = ScriptedModel.make([ScriptedModel.text("More.")])
      const model = Result.getOrThrow(RecordedModel.make({ lines: [] }, { fork: { model: other.layer } }))
      const parts = yield* Stream.runCollect(ask()).pipe(Effect.provide(model.layer))
      assert.isTrue(parts.some((part) => part.type === "text-delta" && part.delta === "More."))
    })
  )

  it.effect("lists how requests differ from the recorded ones, and answers all the same", () =>
    Effect.gen(function* () {
      const { said, text } = yield* scripted
      const model = of(text)
      const again = yield* RecordedCall.play(model.layer, {
        agent: { systemPrompt: "Be long.", settings: { temperature: 0.7, maxTokens: 9 } }
      })
      assert.strictEqual(again.said, said)
      const differences = yield* model.differences
      assert.deepStrictEqual(
        differences.filter(({ request }) => request === 1),
        [
          {
            request: 1,
            where: "prompt[0]",
            recorded: { role: "system", content: "Be brief.", options: {} },
            asked: { role: "system", content: "Be long.", options: {} }
          },
          { request: 1, where: "settings.temperature", recorded: 0.5, asked: 0.7 },
          { request: 1, where: "settings.timeout", recorded: 5000, asked: undefined },
          { request: 1, where: "settings.maxTokens", recorded: undefined, asked: 9 }
        ]
      )
      assert.strictEqual(differences.length, 4 * 7)
    })
  )

  it.effect("reports missing and new messages, tools, and changed settings", () =>
    Effect.gen(function* () {
      const lines = [
        asked(1, 0, {
          method: "generateText",
          messages: [
            { role: "user", content: [{ type: "text", text: "hi" }] },
            { role: "assistant", content: "no" }
          ],
          tools: [{ name: "weather", parameters: {} }]
        }),
        replied(1, 5, { type: "text", text: "a" }, { type: "finish", reason: "stop", usage: noUsage }),
        ended(1, 5, "Finished")
      ]
      const model = Result.getOrThrow(RecordedModel.make({ lines }))
      const { deltas } = yield* timed(ask().pipe(Stream.provide(model.layer)))
      assert.deepStrictEqual(deltas, [[5, "a"]])
      assert.deepStrictEqual(
        (yield* model.differences).map(({ asked, recorded, where }) => [
          where,
          recorded !== undefined,
          asked !== undefined
        ]),
        [
          ["method", true, true],
          ["prompt[1]", true, false],
          ["tools.weather", true, false]
        ]
      )
    })
  )

  it.effect("replays a reply that was not streamed", () =>
    Effect.gen(function* () {
      let text = ""
      const recorder = yield* Recorder.make({ request: CallRequest.make(), write: (line) => (text += line) })
      const prompt = [{ role: "user", content: "hi" }] as const
      const summarise = LanguageModel.generateText({ prompt }).pipe(
        ModelTap.generated(recorder, { turn: 1, prompt, tools: [] }),
        Effect.result
      )
      const scripted = ScriptedModel.make([ScriptedModel.text("In short."), ScriptedModel.fail(overloaded)])
      const twice = Effect.all([summarise, summarise])
      const [first, second] = yield* Effect.provide(twice, scripted.layer)
      const model = of(text)
      const [again, failed] = yield* Effect.provide(twice, model.layer)
      assert.deepStrictEqual(yield* model.differences, [])
      assert.strictEqual(Result.getOrThrow(again).text, "In short.")
      const content = (reply: typeof first) => JSON.stringify(Result.getOrThrow(reply).content)
      assert.strictEqual(content(again), content(first))
      assert.isTrue(Result.isFailure(second) && Result.isFailure(failed))
      if (Result.isFailure(failed)) assert.strictEqual(failed.failure.reason._tag, "InternalProviderError")
    })
  )
})

const overloaded = new AiError.InternalProviderError({ description: "overloaded" })
const noUsage = { inputTokens: {}, outputTokens: {} }
