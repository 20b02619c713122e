import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Metric, Redacted, type Scope, Stream } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as ModelPlan from "../../src/model/ModelPlan.ts"
import * as OpenAi from "../../src/model/OpenAi.ts"
import * as Prices from "../../src/model/Prices.ts"
import * as Usage from "../../src/model/Usage.ts"
import { ask } from "../support/asking.ts"
import * as MockServer from "../support/mockServer.ts"
import * as Wire from "../support/openAiServer.ts"

const layer = (model: string, url: string) => OpenAi.layer({ model, baseUrl: url, apiKey: Redacted.make("k") })

const usage = {
  prompt_tokens: 1000,
  prompt_tokens_details: { cached_tokens: 400 },
  completion_tokens: 50,
  completion_tokens_details: { reasoning_tokens: 20 }
}

const reply: MockServer.Script = { pieces: [Wire.chunk({ content: "ok" }, "stop"), Wire.usage(usage), Wire.done] }
const tokens: Usage.Tokens = { input: 600, cacheRead: 400, cacheWrite: 0, output: 50, reasoning: 20 }

describe("Usage", () => {
  it.effect("of a reply is reported once, with its cost", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* MockServer.make
        server.script(reply)
        const reports: Array<Usage.Report> = []
        yield* ask().pipe(
          Effect.provide(layer("gpt-4.1-mini", server.url)),
          Effect.provideService(Usage.Observer, (report) => Effect.sync(() => void reports.push(report)))
        )
        const cost = (600 * 0.4 + 400 * 0.1 + 50 * 1.6) / 1e6
        assert.deepStrictEqual(reports, [{ provider: "openai", model: "gpt-4.1-mini", tokens, cost }])
      })
    )
  )

  it.effect("of a reply does not break it if its observer fails", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* MockServer.make
        for (const observer of [
          () => Effect.die("no"),
          () => {
            throw new Error("no")
          }
        ]) {
          server.script(reply)
          const { text } = yield* ask().pipe(
            Effect.provide(layer("own", server.url)),
            Effect.provideService(Usage.Observer, observer)
          )
          assert.strictEqual(text, "ok")
        }
      })
    )
  )

  it.effect("of an empty reply is reported too: its thoughts are billed", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* MockServer.make
        server.script({
          pieces: [Wire.chunk({ reasoning_content: "Hm." }, "length"), Wire.usage(usage), Wire.done]
        })
        const reports: Array<Usage.Report> = []
        yield* Effect.ignore(ask()).pipe(
          Effect.provide(layer("own", server.url)),
          Effect.provideService(Usage.Observer, (report) => Effect.sync(() => void reports.push(report)))
        )
        assert.deepStrictEqual(
          reports.map(({ tokens }) => tokens),
          [tokens]
        )
      })
    )
  )

  it.effect("of a model without a price has the cost that its provider tells", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* MockServer.make
        const costs: Array<number | undefined> = []
        for (const cost of [0.25, undefined, "0.25", -1]) {
          for (const model of ["acme/own", "openai/gpt-4.1-mini"]) {
            server.script({
              pieces: [Wire.chunk({ content: "ok" }, "stop"), Wire.usage({ ...usage, cost }), Wire.done]
            })
            yield* ask().pipe(
              Effect.provide(layer(model, server.url)),
              Effect.provideService(Usage.Observer, (report) => Effect.sync(() => void costs.push(report.cost)))
            )
          }
        }
        const listed = (600 * 0.4 + 400 * 0.1 + 50 * 1.6) / 1e6
        assert.deepStrictEqual(costs, [0.25, listed, undefined, listed, undefined, listed, undefined, listed])
      })
    )
  )

  describe("of a reply without a count", () => {
    /** What is reported while a script is played: model, input, output, and whether that is an estimate. */
    const reported = (
      use: (
        server: MockServer.MockServer
      ) => Effect.Effect<unknown, unknown, LanguageModel.LanguageModel | Scope.Scope>,
      model: (url: string) => Layer.Layer<LanguageModel.LanguageModel, unknown> = (url) => layer("own", url)
    ) =>
      Effect.gen(function* () {
        const server = yield* MockServer.make
        const reports: Array<Usage.Report> = []
        yield* Effect.ignore(Effect.scoped(use(server))).pipe(
          Effect.provide(model(server.url)),
          Effect.provideService(Usage.Observer, (report) => Effect.sync(() => void reports.push(report)))
        )
        return reports.map(({ estimated = false, model, tokens }) => ({
          model,
          estimated,
          hasInput: tokens.input > 0,
          output: tokens.output
        }))
      })
    const words = (ending: "stall" | "cut"): MockServer.Script => ({
      pieces: [Wire.chunk({ content: "word ".repeat(8) })],
      ending
    })
    /** Asks until something has come, or the server has the request, and gives up. */
    const givenUp = (server: MockServer.MockServer, until: () => boolean, said: Array<string>) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(
          Stream.runForEach(LanguageModel.streamText({ prompt: "hello" }), (part) =>
            Effect.sync(() => void said.push(part.type))
          ),
          { startImmediately: true }
        )
        yield* Effect.yieldNow.pipe(Effect.repeat({ until }))
        yield* Fiber.interrupt(fiber)
        yield* server.abandoned
      })

    it.live("is estimated if the caller interrupts it, in its middle or before its beginning", () =>
      Effect.scoped(
        Effect.gen(function* () {
          const said: Array<string> = []
          const middle = yield* reported((server) => {
            server.script(words("stall"))
            return givenUp(server, () => said.includes("text-delta"), said)
          })
          assert.deepStrictEqual(middle, [{ model: "own", estimated: true, hasInput: true, output: 10 }])
          const before = yield* reported((server) => {
            server.script({ pieces: [], ending: "stall" })
            return givenUp(server, () => server.requests.length > 0, [])
          })
          assert.deepStrictEqual(before, [{ model: "own", estimated: true, hasInput: true, output: 0 }])
        })
      )
    )

    it.live("is estimated if it breaks off, beside the reply that continues it", () =>
      Effect.scoped(
        Effect.gen(function* () {
          const plan = (url: string) =>
            ModelPlan.layer(
              ModelPlan.make({ name: "a", model: layer("own-a", url) }, { name: "b", model: layer("own-b", url) })
            )
          const reports = yield* reported((server) => {
            server.script(words("cut"), reply)
            return ask()
          }, plan)
          assert.deepStrictEqual(reports, [
            { model: "own-a", estimated: true, hasInput: true, output: 10 },
            { model: "own-b", estimated: false, hasInput: true, output: 50 }
          ])
        })
      )
    )

    it.live("is estimated if it loses a race", () =>
      Effect.scoped(
        Effect.gen(function* () {
          const plan = (url: string) =>
            ModelPlan.layer(
              ModelPlan.make(
                { name: "a", model: layer("own-a", url), hedge: "10 millis" },
                { name: "b", model: layer("own-b", url) }
              )
            )
          const reports = yield* reported((server) => {
            server.script({ pieces: [], ending: "stall" }, reply)
            return ask()
          }, plan)
          assert.deepStrictEqual(reports.map(({ estimated, model }) => [model, estimated]).toSorted(), [
            ["own-a", true],
            ["own-b", false]
          ])
        })
      )
    )

    it.live("is none if the request fails before anything has come", () =>
      Effect.scoped(
        Effect.gen(function* () {
          for (const script of [
            Wire.failure(500, { message: "no" }),
            Wire.failure(401, { message: "no" }),
            { pieces: [], ending: "cut" as const },
            { pieces: ['data: {"error":{"message":"no"}}\n\n'] },
            { pieces: ["<html>"], headers: { "content-type": "text/html" } }
          ]) {
            const reports = yield* reported((server) => {
              server.script(script)
              return ask()
            })
            assert.deepStrictEqual(reports, [])
          }
        })
      )
    )
  })

  it.effect("is added up by model across a failover, for a turn and for the surrounding call", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const [a, b] = [yield* MockServer.make, yield* MockServer.make]
        a.script(reply, Wire.failure(500, { message: "no" }))
        b.script(reply)
        const plan = ModelPlan.layer(
          ModelPlan.make({ name: "a", model: layer("own-a", a.url) }, { name: "b", model: layer("own-b", b.url) })
        )
        const call = yield* Usage.makeTracker
        const turns: Array<Usage.Total> = []
        yield* Effect.gen(function* () {
          for (let n = 0; n < 2; n++) {
            const turn = yield* Usage.makeTracker
            yield* Effect.provideService(ask(), Usage.Observer, turn.observe)
            turns.push(yield* turn.total)
          }
        }).pipe(Effect.provide(plan), Effect.provideService(Usage.Observer, call.observe))
        assert.deepStrictEqual(
          turns.map((turn) => turn.replies),
          [1, 1]
        )
        const one: Usage.Total = { replies: 1, tokens, cost: 0 }
        assert.deepStrictEqual(
          [...(yield* call.byModel)],
          [
            ["openai/own-a", one],
            ["openai/own-b", one]
          ]
        )
        assert.deepStrictEqual(yield* call.total, { replies: 2, tokens: Usage.add(tokens, tokens), cost: 0 })
      })
    )
  )

  it.effect("is counted by kind", () =>
    Effect.gen(function* () {
      yield* Usage.tell({ provider: "p", model: "counted" }, tokens)
      const counts = (yield* Metric.snapshot)
        .filter(({ attributes, id }) => id === "antiphon_llm_tokens" && attributes?.["model"] === "counted")
        .map(({ attributes, state }) => [attributes?.["kind"], (state as { readonly count: number }).count])
      assert.deepStrictEqual(Object.fromEntries(counts), { input: 600, cacheRead: 400, output: 50, reasoning: 20 })
    })
  )

  it("of an incomplete finish is what it reports", () => {
    const unknown = { uncached: undefined, total: undefined, cacheRead: undefined, cacheWrite: undefined }
    const finish = { inputTokens: { ...unknown, total: 7 }, outputTokens: { total: undefined, text: 3, reasoning: 2 } }
    assert.deepStrictEqual(Usage.ofFinish(finish), { ...Usage.none, input: 7, output: 5, reasoning: 2 })
  })
})

describe("Prices", () => {
  it("come from the first matching row, and are unknown without one", () => {
    const prices: ReadonlyArray<Prices.Price> = [
      { of: ["groq"], models: /^m/, input: 1, output: 2 },
      { models: /^m/, input: 10, output: 20, cacheRead: 5, cacheWrite: 15 }
    ]
    const million: Usage.Tokens = { input: 1e6, cacheRead: 1e6, cacheWrite: 1e6, output: 1e6, reasoning: 0 }
    assert.strictEqual(Prices.costOf(prices, { provider: "groq", model: "m" }, million), 5)
    assert.strictEqual(Prices.costOf(prices, { provider: "acme", model: "x/M1" }, million), 50)
    assert.isUndefined(Prices.costOf(prices, { provider: "acme", model: "n" }, million))
  })

  it("of a long prompt are for the whole request, cached tokens included", () => {
    const prices: ReadonlyArray<Prices.Price> = [
      { models: /^m$/, input: 1, output: 2, over: { tokens: 1000, input: 10, output: 20, cacheRead: 5 } }
    ]
    const costOf = (input: number, cacheRead: number) =>
      Prices.costOf(prices, { provider: "acme", model: "m" }, { ...Usage.none, input, cacheRead, output: 100 })! * 1e6
    assert.approximately(costOf(400, 600), 1000 + 200, 1e-6)
    assert.approximately(costOf(401, 600), 401 * 10 + 600 * 5 + 100 * 20, 1e-6)
    const gemini = { provider: "gemini", model: "gemini-2.5-pro" }
    assert.strictEqual(Prices.costOf(Prices.list, gemini, { ...Usage.none, input: 1e6, output: 1e6 }), 2.5 + 15)
  })

  it("are found under the names that clouds and routers use", () => {
    const costOf = (model: string) =>
      Prices.costOf(Prices.list, { provider: "any", model }, { ...Usage.none, input: 1e6 })
    for (const [input, ...names] of [
      [1, "claude-haiku-4-5-20251001", "anthropic/claude-haiku-4.5", "us.anthropic.claude-haiku-4-5-20251001-v1:0"],
      [
        1,
        "claude-haiku-4-5@20251001",
        "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-haiku-4-5-v1:0"
      ],
      [0.1, "claude-haiku-5-5", "openai/gpt-6-luna", "gpt-6-luna-2026-09-22"],
      [2, "claude-sonnet-5-5", "gpt-6.1-sol", "gpt-6-sol", "x-ai/grok-4.7"],
      [0.8, "anthropic/claude-3.5-haiku", "claude-3-5-haiku-latest"],
      [5, "gpt-5.4-2026-03-05", "openai/gpt-5.4"],
      [0.75, "litellm_proxy/gpt-5.4-mini"],
      [0.3, "models/gemini-2.5-flash", "google/gemini-2.5-flash"]
    ] as const) {
      for (const name of names) assert.strictEqual(costOf(name), input, name)
    }
    for (const name of ["gpt-5.4-pro", "gpt-5-pro", "gpt-4o-audio-preview", "own-gpt-5.4"])
      assert.isUndefined(costOf(name))
  })

  it("of a table from elsewhere give the same cost each time, or none if they lack a field", () => {
    const million: Usage.Tokens = { ...Usage.none, input: 1e6, output: 1e6 }
    const sticky: ReadonlyArray<Prices.Price> = [{ models: /m/g, input: 1, output: 2 }]
    for (let i = 0; i < 3; i++) assert.strictEqual(Prices.costOf(sticky, { provider: "acme", model: "m" }, million), 3)
    const partial = [{ models: /m/, input: 1 }] as unknown as ReadonlyArray<Prices.Price>
    assert.isUndefined(Prices.costOf(partial, { provider: "acme", model: "m" }, million))
  })

  it.effect("can be replaced by an application", () =>
    Effect.gen(function* () {
      let cost: number | undefined
      yield* Usage.tell({ provider: "acme", model: "own" }, { ...Usage.none, output: 1e6 }).pipe(
        Effect.provideService(Prices.Current, [{ models: /^own$/, input: 1, output: 3 }]),
        Effect.provideService(Usage.Observer, (report) => Effect.sync(() => void (cost = report.cost)))
      )
      assert.strictEqual(cost, 3)
    })
  )
})
