import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema, Stream } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import * as Toolkit from "effect/ai/Toolkit"
import * as NativeWebSearch from "../../src/internal/nativeWebSearch.ts"
import * as PartWriter from "../../src/model/internal/provider/partWriter.ts"
import * as ModelSettings from "../../src/model/ModelSettings.ts"
import * as OpenAiResponses from "../../src/model/OpenAiResponses.ts"
import { ask, Weather } from "../support/asking.ts"
import { at } from "../support/at.ts"
import * as MockServer from "../support/mockServer.ts"
import * as Wire from "../support/responsesServer.ts"
import * as SocketServer from "../support/responsesSocketServer.ts"
import * as Contract from "./contract/provider.ts"

const key = "sk-test-123"

const layer = (url: string, options: Partial<OpenAiResponses.Options> = {}) =>
  OpenAiResponses.layer({ model: "gpt-5.4-mini", apiKey: Redacted.make(key), baseUrl: `${url}/v1`, ...options })

Contract.suite("OpenAiResponses, as every provider", { layer, key, model: "gpt-5.4-mini", ...Wire.contract })
Contract.suite("OpenAiResponses over a WebSocket, as every provider", {
  layer: (url) => layer(url, { transport: "websocket" }),
  server: SocketServer.make,
  key,
  model: "gpt-5.4-mini",
  ...Wire.contract
})

const run = <A, E>(
  test: (server: MockServer.MockServer) => Effect.Effect<A, E, LanguageModel.LanguageModel>,
  options: Partial<OpenAiResponses.Options> = {}
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const server = yield* MockServer.make
      return yield* Effect.provide(test(server), layer(server.url, options))
    })
  )

const conversation = Prompt.make([
  { role: "system", content: "Be brief." },
  { role: "assistant", content: [{ type: "text", text: "Hello!" }] },
  { role: "user", content: [{ type: "text", text: "Weather?" }] },
  {
    role: "assistant",
    content: [
      { type: "text", text: "One moment." },
      { type: "tool-call", id: "c1", name: "get_weather", params: { city: "Rome" } }
    ]
  },
  {
    role: "tool",
    content: [{ type: "tool-result", id: "c1", name: "get_weather", isFailure: false, result: "Sunny" }]
  },
  { role: "system", content: "The caller is in a hurry." }
])

describe("OpenAiResponses", () => {
  it.effect("a message that is only a commentary is apart from the answer", () =>
    run((server) =>
      Effect.gen(function* () {
        const pieces = [
          Wire.created,
          ...Wire.textItem("m1", "I'll look", " that up"),
          ...Wire.textItem("m2", "It closes at six."),
          Wire.completed
        ]
        server.script({ pieces })
        const parts = yield* Stream.runCollect(LanguageModel.streamText({ prompt: "when?" }))
        const starts = parts.filter(({ type }) => type === "text-start")
        assert.deepStrictEqual(
          starts.map(({ metadata }) => PartWriter.isApart(metadata)),
          [false, true]
        )
      })
    )
  )

  it.effect("sends the conversation as items, stores nothing, and has thinking off", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(Wire.text("ok"))
        yield* ask(conversation, Toolkit.make(Weather)).pipe(
          ModelSettings.override({ temperature: 0.3, maxTokens: 55, stop: ["X"], seed: 7, presencePenalty: 1 })
        )
        const [request] = server.requests
        assert.strictEqual(request?.path, "/v1/responses")
        assert.strictEqual(request?.headers.authorization, `Bearer ${key}`)
        assert.deepStrictEqual(request?.body, {
          model: "gpt-5.4-mini",
          instructions: "Be brief.",
          input: [
            { role: "assistant", content: "Hello!" },
            { role: "user", content: "Weather?" },
            { role: "assistant", content: "One moment." },
            { type: "function_call", call_id: "c1", name: "get_weather", arguments: '{"city":"Rome"}' },
            { type: "function_call_output", call_id: "c1", output: "Sunny" },
            { role: "developer", content: "The caller is in a hurry." }
          ],
          stream: true,
          store: false,
          temperature: 0.3,
          max_output_tokens: 55,
          reasoning: { effort: "none" },
          tools: [
            {
              type: "function",
              name: "get_weather",
              description: "Get the weather.",
              parameters: {
                type: "object",
                properties: { city: { type: "string", description: "City name" } },
                required: ["city"],
                additionalProperties: false
              },
              strict: false
            }
          ]
        })
      })
    )
  )

  it.effect("thinks with tools if asked to, and sends its thoughts back with the calls they led to", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(
          Wire.reply([
            ...Wire.reasoningItem("rs_1", "sealed"),
            ...Wire.callItem("c1", "get_weather", '{"city":"Rome"}')
          ]),
          Wire.text("Sunny."),
          Wire.text("ok")
        )
        const thinking = ModelSettings.override({ reasoningEffort: "low", temperature: 0.5 })
        const { parts } = yield* ask().pipe(thinking)
        assert.deepInclude(at(server.requests, 0, "body"), {
          reasoning: { effort: "low" },
          include: ["reasoning.encrypted_content"]
        })
        assert.notProperty(at(server.requests, 0, "body"), "temperature")
        const result = Prompt.make([
          {
            role: "tool",
            content: [{ type: "tool-result", id: "c1", name: "get_weather", isFailure: false, result: "Sunny" }]
          }
        ])
        const said = Prompt.concat(Prompt.concat(Prompt.make("hi"), Prompt.fromResponseParts(parts)), result)
        yield* ask(said).pipe(thinking)
        assert.deepStrictEqual(at(server.requests, 1, "body", "input", 1), {
          type: "reasoning",
          id: "rs_1",
          summary: [],
          encrypted_content: "sealed"
        })
        yield* ask(Prompt.concat(said, "and tomorrow?")).pipe(thinking)
        assert.notInclude(JSON.stringify(at(server.requests, 2, "body", "input")), "rs_1")
      })
    )
  )

  it.effect("reads text, parallel calls and refusals in order", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(
          Wire.reply([
            ...Wire.textItem("msg_1", "One ", "moment."),
            ...Wire.callItem("c1", "get_weather", '{"city":', '"Rome"}'),
            ...Wire.callItem("c2", "get_weather", '{"city":"Oslo"}')
          ]),
          Wire.reply([Wire.event({ type: "response.refusal.delta", delta: "I cannot help with that." })])
        )
        const asked = yield* ask()
        assert.strictEqual(asked.text, "One moment.")
        assert.deepStrictEqual(
          asked.calls.map(({ id, params }) => [id, params]),
          [
            ["c1", { city: "Rome" }],
            ["c2", { city: "Oslo" }]
          ]
        )
        assert.strictEqual(asked.finish?.reason, "tool-calls")
        assert.strictEqual((yield* ask()).text, "I cannot help with that.")
      })
    )
  )

  it.effect("reads the items of servers that give them other ids in each event, or no pieces", () =>
    run((server) =>
      Effect.gen(function* () {
        const call = (item: object, type: string) =>
          Wire.event({
            type: `response.output_item.${type}`,
            output_index: 1,
            item: { type: "function_call", ...item }
          })
        const grown = (more: object) =>
          Wire.event({ type: "response.function_call_arguments.delta", output_index: 1, item_id: "x2", ...more })
        const named = { call_id: "c1", name: "get_weather" }
        const json = '{"city":"Rome"}'
        const text = Wire.event({
          type: "response.output_item.done",
          item: { id: "m1", type: "message", content: [{ type: "output_text", text: "Hello." }] }
        })
        server.script(
          // The ids of GitHub Copilot, and those of Bedrock, which leaves them out at the end.
          Wire.reply([
            call({ ...named, id: "x1" }, "added"),
            grown({ delta: json }),
            call({ ...named, id: "x3" }, "done")
          ]),
          Wire.reply([call({ ...named, id: "x1" }, "added"), call({ ...named, arguments: json }, "done")]),
          Wire.reply([
            call({ ...named, id: "x1" }, "added"),
            Wire.event({
              type: "response.function_call_arguments.done",
              output_index: 1,
              item_id: "x1",
              arguments: json
            })
          ]),
          Wire.reply([text])
        )
        for (let i = 0; i < 3; i++) {
          const { calls, finish } = yield* ask()
          assert.deepStrictEqual(
            calls.map(({ id, params }) => [id, params]),
            [["c1", { city: "Rome" }]]
          )
          assert.strictEqual(finish?.reason, "tool-calls")
        }
        assert.strictEqual((yield* ask()).text, "Hello.")
      })
    )
  )

  it.effect("reports usage, and a failed response", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(Wire.text("ok"), { pieces: [Wire.created, Wire.failed("rate_limit_exceeded")] })
        assert.deepStrictEqual({ ...(yield* ask()).finish?.usage }, {
          inputTokens: { total: 20, uncached: 5, cacheRead: 15, cacheWrite: undefined },
          outputTokens: { total: 10, text: 6, reasoning: 4 }
        } as unknown)
        assert.strictEqual((yield* ask()).error?.reason._tag, "RateLimitError")
      })
    )
  )

  it.effect("searches the web, and requests an object by its schema", () =>
    run((server) =>
      Effect.gen(function* () {
        const annotation = { type: "url_citation", url: "https://a.test/", title: "A" }
        server.script(
          Wire.reply([
            ...Wire.textItem("msg_1", "Sunny."),
            Wire.event({ type: "response.output_text.annotation.added", annotation })
          ]),
          Wire.text('{"city":"Rome"}')
        )
        const asked = yield* ask("hi", Toolkit.make(NativeWebSearch.make({ contextSize: "low" })))
        assert.lengthOf(
          asked.parts.filter((part) => part.type === "source"),
          1
        )
        assert.deepStrictEqual(at(server.requests, 0, "body", "tools"), [
          { type: "web_search", search_context_size: "low" }
        ])
        const answer = yield* LanguageModel.generateObject({
          prompt: "where?",
          schema: Schema.Struct({ city: Schema.String })
        })
        assert.deepStrictEqual(answer.value, { city: "Rome" })
        assert.strictEqual(at(server.requests, 1, "body", "text", "format", "type"), "json_schema")
      })
    )
  )
})
