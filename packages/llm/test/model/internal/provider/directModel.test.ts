import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema, Stream, Tracer } from "effect"
import * as IdGenerator from "effect/ai/IdGenerator"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Prompt from "effect/ai/Prompt"
import type * as Response from "effect/ai/Response"
import * as ResponseIdTracker from "effect/ai/ResponseIdTracker"
import * as Telemetry from "effect/ai/Telemetry"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import * as DirectModel from "../../../../src/model/internal/provider/directModel.ts"

type Part = Response.StreamPartEncoded
type Type = Part["type"]

const usage: typeof Response.Usage.Encoded = {
  inputTokens: { uncached: 1, total: 3, cacheRead: 2, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined }
}
const metadata = { openai: { provider: "p", of: [1, null, { a: true }] } }
const odd = <A>(part: A) => part as unknown as Part

// One row per part: a new one does not compile until both ways are known to read it alike.
const parts: { readonly [Of in Type]: ReadonlyArray<Part> } = {
  "text-start": [
    { type: "text-start", id: "0" },
    { type: "text-start", id: "0", metadata },
    odd({ type: "text-start" })
  ],
  "text-delta": [
    { type: "text-delta", id: "0", delta: "Hello" },
    { type: "text-delta", id: "0", delta: "", metadata: undefined },
    { type: "text-delta", id: "0", delta: "Hello", metadata },
    odd({ type: "text-delta", id: "0", delta: "Hello", more: 1 }),
    odd({ type: "text-delta", id: 0, delta: "Hello" }),
    odd({ type: "text-delta", id: "0", delta: null }),
    odd({ type: "text-delta", id: "0", delta: "Hello", metadata: { openai: () => 1 } })
  ],
  "text-end": [{ type: "text-end", id: "0" }],
  "reasoning-start": [{ type: "reasoning-start", id: "0" }],
  "reasoning-delta": [{ type: "reasoning-delta", id: "0", delta: "hm" }],
  "reasoning-end": [
    { type: "reasoning-end", id: "0" },
    { type: "reasoning-end", id: "0", metadata }
  ],
  "tool-params-start": [
    { type: "tool-params-start", id: "c", name: "book" },
    { type: "tool-params-start", id: "c", name: "book", providerExecuted: true }
  ],
  "tool-params-delta": [{ type: "tool-params-delta", id: "c", delta: "{" }],
  "tool-params-end": [{ type: "tool-params-end", id: "c" }],
  "tool-call": [
    { type: "tool-call", id: "c", name: "book", params: { seats: 2 } },
    { type: "tool-call", id: "c", name: "book", params: { seats: "two" }, metadata },
    { type: "tool-call", id: "c", name: "unknown", params: null },
    { type: "tool-call", id: "c", name: "book", params: { seats: 2 }, providerExecuted: true },
    { type: "tool-call", id: "c", name: "book", params: { seats: "two" }, providerExecuted: true },
    { type: "tool-call", id: "c", name: "unknown", params: 1, providerExecuted: true },
    odd({ type: "tool-call", id: "c", params: {} })
  ],
  "tool-result": [
    { type: "tool-result", id: "c", name: "book", result: 7, isFailure: false },
    { type: "tool-result", id: "c", name: "book", result: "seven", isFailure: false },
    { type: "tool-result", id: "c", name: "unknown", result: 7, isFailure: false }
  ],
  "tool-approval-request": [{ type: "tool-approval-request", approvalId: "a", toolCallId: "c" }],
  file: [
    { type: "file", mediaType: "image/png", data: "aGk=" },
    { type: "file", mediaType: "image/png", data: "?" }
  ],
  source: [
    { type: "source", sourceType: "url", id: "s", url: "https://a.test/", title: "t" },
    { type: "source", sourceType: "url", id: "s", url: "nowhere", title: "t" },
    { type: "source", sourceType: "document", id: "s", mediaType: "text/plain", title: "t" }
  ],
  "response-metadata": [
    { type: "response-metadata" },
    { type: "response-metadata", id: undefined, modelId: undefined, timestamp: undefined },
    { type: "response-metadata", id: "r", modelId: "m", timestamp: "2026-01-02T03:04:05+02:00" },
    { type: "response-metadata", id: "r", modelId: "m", timestamp: "neverZ" },
    odd({ type: "response-metadata", id: 5, modelId: "m", timestamp: undefined }),
    { type: "response-metadata", id: "r", modelId: "m", timestamp: "2026-01-02T03:04:05.678Z" },
    { type: "response-metadata", id: undefined, modelId: undefined, timestamp: undefined, metadata },
    { type: "response-metadata", timestamp: "2026-01-02T03:04:05+02:00" },
    { type: "response-metadata", timestamp: "neverZ" },
    odd({ type: "response-metadata", timestamp: 5 }),
    odd({ type: "response-metadata", id: 5 })
  ],
  finish: [
    { type: "finish", reason: "stop", usage },
    { type: "finish", reason: "length", usage, metadata },
    { type: "finish", reason: "stop", usage: { ...usage, outputTokens: { ...usage.outputTokens, total: 0.5 } } },
    odd({ type: "finish", reason: "because", usage }),
    odd({ type: "finish", reason: "stop" })
  ],
  error: [{ type: "error", error: new Error("odd") }]
}

const Book = Tool.make("book", { parameters: Schema.Struct({ seats: Schema.Int }), success: Schema.Int })

/** A model made by `effect/ai` in its own way and in the shorter one, with the requests of each. */
const models = (reply: ReadonlyArray<Part>) =>
  Effect.gen(function* () {
    const asked: Array<LanguageModel.ProviderOptions> = []
    const encoded = (options: LanguageModel.ProviderOptions) => {
      asked.push(options)
      return Stream.fromIterable(reply)
    }
    const direct: Array<LanguageModel.ProviderOptions> = []
    const ordinary = yield* LanguageModel.make({ streamText: encoded, generateText: () => Effect.succeed([]) })
    const model = yield* DirectModel.make(ordinary, (options) => {
      direct.push(options)
      return Stream.fromIterable(reply)
    })
    return { ordinary, asked, model, direct }
  })

const deferred = { disableToolCallResolution: true, toolCallValidation: "deferred" } as const

const collect = (model: LanguageModel.LanguageModel, options: object): Effect.Effect<ReadonlyArray<unknown> | string> =>
  Effect.map(
    Effect.result(
      Stream.runCollect(
        model.streamText({ prompt: "hi", ...options } as never) as Stream.Stream<
          unknown,
          { readonly reason: { readonly _tag: string } }
        >
      )
    ),
    (result) => (Result.isSuccess(result) ? result.success : result.failure.reason._tag)
  )

describe("directModel", () => {
  for (const [type, rows] of Object.entries(parts)) {
    it.effect(`reads ${type} as the ordinary way does`, () =>
      Effect.gen(function* () {
        for (const toolkit of [undefined, Toolkit.empty, Toolkit.make(Book)]) {
          for (const row of rows) {
            const { asked, direct, model, ordinary } = yield* models([{ type: "text-start", id: "0" }, row])
            const options = { ...deferred, ...(toolkit && { toolkit }) }
            assert.deepStrictEqual(yield* collect(model, options), yield* collect(ordinary, options))
            assert.strictEqual(direct.length, 1)
            assert.strictEqual(asked.length, 1)
          }
        }
      })
    )
  }

  it.effect("asks the provider for the same", () =>
    Effect.gen(function* () {
      const { asked, direct, model, ordinary } = yield* models([{ type: "text-start", id: "0" }])
      const Other = Tool.make("other")
      const all: ReadonlyArray<object> = [
        {},
        { toolkit: Toolkit.empty, toolChoice: "required" },
        { toolkit: Toolkit.make(Book, Other) },
        { toolkit: Toolkit.make(Book, Other), toolChoice: { tool: "book" } },
        { toolkit: Toolkit.make(Book, Other), toolChoice: { oneOf: ["book"] } },
        { prompt: [{ role: "system", content: "Be brief." }] satisfies Prompt.RawInput, concurrency: 2 }
      ]
      for (const options of all) {
        yield* collect(model, { ...options, ...deferred })
        yield* collect(ordinary, { ...options, ...deferred })
      }
      const plain = (requests: typeof asked) =>
        requests.map(({ span, tools, ...request }) => {
          const { attributes, kind, name } = span as Tracer.NativeSpan
          return { ...request, tools: tools.map(({ name }) => name), span: { attributes, kind, name } }
        })
      assert.strictEqual(direct.length, all.length)
      assert.deepStrictEqual(plain(direct), plain(asked))
    }).pipe(Effect.provideService(Tracer.Tracer, Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })))
  )

  it.effect("leaves requests whose calls are run or checked, or that are observed, to the ordinary way", () =>
    Effect.gen(function* () {
      const { asked, direct, model } = yield* models([{ type: "text-start", id: "0" }])
      yield* collect(model, {})
      yield* collect(model, { disableToolCallResolution: true, toolkit: Toolkit.make(Book) })
      yield* collect(model, { ...deferred, toolkit: Effect.succeed({ tools: {}, handle: () => Effect.die("none") }) })
      yield* Effect.provideServiceEffect(
        collect(model, deferred),
        ResponseIdTracker.ResponseIdTracker,
        ResponseIdTracker.make
      )
      let told = 0
      yield* Effect.provideService(collect(model, deferred), Telemetry.CurrentSpanTransformer, () => void told++)
      assert.deepStrictEqual([asked.length, direct.length, told], [5, 0, 1])
    })
  )

  it.effect("leaves a model made with an observer alone", () =>
    Effect.gen(function* () {
      const { asked, direct, model } = yield* models([{ type: "text-start", id: "0" }])
      yield* collect(model, deferred)
      assert.deepStrictEqual([asked.length, direct.length], [1, 0])
    }).pipe(Effect.provideService(Telemetry.CurrentSpanTransformer, () => undefined))
  )

  it.effect("does not run what the user has approved by itself", () =>
    Effect.gen(function* () {
      const { asked, direct, model } = yield* models([{ type: "text-start", id: "0" }])
      const prompt: Prompt.RawInput = [
        {
          role: "assistant",
          content: [
            { type: "tool-call", id: "c", name: "book", params: { seats: 2 }, providerExecuted: false },
            { type: "tool-approval-request", approvalId: "a", toolCallId: "c" }
          ]
        },
        { role: "tool", content: [{ type: "tool-approval-response", approvalId: "a", approved: false }] }
      ]
      yield* collect(model, { ...deferred, prompt, toolkit: Toolkit.make(Book) })
      assert.deepStrictEqual([asked.length, direct.length], [1, 0])
    }).pipe(Effect.provideService(IdGenerator.IdGenerator, IdGenerator.defaultIdGenerator))
  )
})
