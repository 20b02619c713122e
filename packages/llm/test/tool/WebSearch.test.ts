import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Model from "effect/ai/Model"
import { FetchHttpClient } from "effect/http"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import * as WebSearch from "../../src/tool/WebSearch.ts"
import * as EndCall from "../../src/tool/EndCall.ts"
import { test } from "../support/virtualTest.ts"
import { playing, run, shown } from "./calling.ts"

const hit = (n: number) => ({ title: `Title ${n}`, body: `Body ${n}`, url: `https://example.com/${n}` })

const searching = (count: number) => {
  const asked: Array<readonly [string, number]> = []
  const layer = Layer.succeed(WebSearch.Search, {
    search: (query, { limit }) => {
      asked.push([query, limit])
      return Effect.succeed(Array.from({ length: Math.min(count, limit) }, (_, index) => hit(index)))
    }
  })
  return { asked, layer }
}

const result = (href: string, title: string, body: string) =>
  `<div class="result"><h2><a rel="nofollow" class="result__a" href="${href}">${title}</a></h2>
   <a class="result__snippet" href="${href}">${body}</a></div>`

const page = `<html>${result("https://duckduckgo.com/y.js?ad_domain=shop.example", "Buy", "An advertisement")}${result(
  "//duckduckgo.com/l/?uddg=https%3A%2F%2Fexample.com%2Fa%3Fb%3D1%26c&amp;rut=1",
  "Oslo &amp; <b>weather</b>",
  "It&#x27;s <b>sunny</b>&nbsp;in\n   Oslo &#128512;"
)}${result("https://example.com/plain", "Plain", "")}</html>`

describe("WebSearch", () => {
  it("asks the model for a query", () => {
    const { name, parameters } = shown(WebSearch.make())
    assert.strictEqual(name, "web_search")
    assert.deepStrictEqual(parameters.required, ["query"])
  })

  for (const [contextSize, count] of [
    ["low", 3],
    ["medium", 5],
    ["high", 10]
  ] as const) {
    it.effect(`returns ${count} hits for context size ${contextSize}`, () =>
      Effect.gen(function* () {
        const { asked, layer } = searching(20)
        const { values } = yield* Effect.provide(run(WebSearch.make({ contextSize }), { query: "q" }), layer)
        assert.deepStrictEqual(asked, [["q", count]])
        assert.match(String(values[0]), /^1\. Title 0\nBody 0\nURL: https:\/\/example\.com\/0\n\n2\. Title 1\n/)
        assert.strictEqual(String(values[0]).split("\n\n").length, count)
      })
    )
  }

  it.effect("tells the model if nothing was found, and if the search failed", () =>
    Effect.gen(function* () {
      const none = yield* Effect.provide(run(WebSearch.make(), { query: "q" }), searching(0).layer)
      assert.deepStrictEqual(none.values, ["No results found for: q"])
      const broken = Layer.succeed(WebSearch.Search, {
        search: () => Effect.fail(new WebSearch.SearchError({ description: "status 403" }))
      })
      const failed = yield* Effect.provide(run(WebSearch.make(), { query: "q" }), broken)
      assert.deepStrictEqual(failed.values, ["Web search error: status 403"])
    })
  )

  const offered = (provider: string, name: string, ...others: ReadonlyArray<ReturnType<typeof EndCall.make>>) =>
    Effect.gen(function* () {
      const model = ScriptedModel.make([ScriptedModel.text("ok")])
      const named = Layer.mergeAll(
        model.layer,
        Layer.succeed(Model.ProviderName, provider),
        Layer.succeed(Model.ModelName, name)
      )
      const call = yield* playing<WebSearch.Search>(
        { ...model, layer: named },
        { tools: [WebSearch.make(), ...others] }
      ).pipe(Effect.provide(searching(0).layer))
      yield* call.say("news?")
      return (yield* model.prompts)[0]!.tools.map((tool) => tool.id)
    })

  test("is the model's own search if it has one and no other tool is offered", function* () {
    assert.deepStrictEqual(yield* offered("anthropic", "claude-sonnet-4-5"), ["antiphon.web_search"])
    const other = yield* offered("anthropic", "claude-sonnet-4-5", EndCall.make())
    assert.notInclude(other, "antiphon.web_search")
    assert.notInclude(yield* offered("groq", "llama-3.3-70b-versatile"), "antiphon.web_search")
  })

  it.live("reads DuckDuckGo's page without advertisements, counters or markup", () =>
    Effect.gen(function* () {
      const requests: Array<{ readonly url: string; readonly body: string }> = []
      const fetch = (async (url: URL, init: RequestInit) => {
        requests.push({ url: url.href, body: await new Response(init.body!).text() })
        return new Response(page, { headers: { "content-type": "text/html" } })
      }) as unknown as typeof globalThis.fetch
      const { search } = yield* WebSearch.Search
      const hits = yield* Effect.provideService(search("oslo weather", { limit: 5 }), FetchHttpClient.Fetch, fetch)
      assert.deepStrictEqual(requests, [{ url: "https://html.duckduckgo.com/html/", body: "q=oslo+weather" }])
      assert.deepStrictEqual(hits, [
        { title: "Oslo & weather", body: "It's sunny in Oslo 😀", url: "https://example.com/a?b=1&c" },
        { title: "Plain", body: "", url: "https://example.com/plain" }
      ])
    }).pipe(Effect.provide(WebSearch.layerDuckDuckGo()), Effect.provide(FetchHttpClient.layer))
  )

  it.live("reads no more than the beginning of an endless page", () =>
    Effect.gen(function* () {
      let pulled = 0
      const endless = () =>
        new ReadableStream({
          pull: (controller) => controller.enqueue(new TextEncoder().encode(pulled++ === 0 ? page : "x".repeat(65_536)))
        })
      const fetch = (() => Promise.resolve(new Response(endless()))) as typeof globalThis.fetch
      const { search } = yield* WebSearch.Search
      const hits = yield* Effect.provideService(search("q", { limit: 5 }), FetchHttpClient.Fetch, fetch)
      assert.strictEqual(hits.length, 2)
      assert.isBelow(pulled, 40)
    }).pipe(Effect.provide(WebSearch.layerDuckDuckGo()), Effect.provide(FetchHttpClient.layer))
  )

  it.live("fails if DuckDuckGo refuses", () =>
    Effect.gen(function* () {
      const refused = (() => Promise.resolve(new Response("", { status: 403 }))) as typeof globalThis.fetch
      const { search } = yield* WebSearch.Search
      const error = yield* search("q", { limit: 5 }).pipe(
        Effect.provideService(FetchHttpClient.Fetch, refused),
        Effect.flip
      )
      assert.strictEqual(error.message, "status 403")
    }).pipe(Effect.provide(WebSearch.layerDuckDuckGo()), Effect.provide(FetchHttpClient.layer))
  )
})
