import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric, Redacted } from "effect"
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
