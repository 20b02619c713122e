import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import * as Toolkit from "effect/ai/Toolkit"
import * as Anthropic from "../../src/model/Anthropic.ts"
import * as NativeWebSearch from "../../src/internal/nativeWebSearch.ts"
import * as ModelSettings from "../../src/model/ModelSettings.ts"
import * as Contract from "./contract/provider.ts"
import * as Wire from "../support/anthropicServer.ts"
import { ask, Weather } from "../support/asking.ts"
import { at } from "../support/at.ts"
import * as MockServer from "../support/mockServer.ts"

const key = "sk-ant-test-123"

const layer = (url: string, options: Partial<Anthropic.Options> = {}) =>
  Anthropic.layer({ model: "claude-haiku-4-5", apiKey: Redacted.make(key), baseUrl: url, ...options })

Contract.suite("Anthropic, as every provider", { layer, key, model: "claude-haiku-4-5", ...Wire.contract })

const run = <A, E>(
  test: (server: MockServer.MockServer) => Effect.Effect<A, E, LanguageModel.LanguageModel>,
  options: Partial<Anthropic.Options> = {}
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const server = yield* MockServer.make
      return yield* Effect.provide(test(server), layer(server.url, options))
    })
  )

const conversation: Prompt.RawInput = [
  { role: "system", content: "Be brief." },
  { role: "user", content: [{ type: "text", text: "hi" }] }
]

describe("Anthropic", () => {
  it.effect("sends the key, the current settings, and the system prompt marked for caching", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(Wire.text("ok"))
        yield* ask(conversation, Toolkit.make(Weather)).pipe(
          ModelSettings.override({
            temperature: 0.3,
            maxTokens: 55,
            topP: 0.9,
            stop: ["X", " "],
            seed: 7,
            presencePenalty: 1,
            extra: { metadata: { user_id: "u1" } }
          })
        )
        const [request] = server.requests
        assert.strictEqual(request?.path, "/v1/messages")
        assert.strictEqual(request?.headers.authorization, `Bearer ${key}`)
        assert.deepStrictEqual(request?.body, {
          model: "claude-haiku-4-5",
          max_tokens: 55,
          system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
          messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
          stream: true,
          temperature: 0.3,
          stop_sequences: ["X"],
          tools: [
            {
              name: "get_weather",
              description: "Get the weather.",
              input_schema: {
                type: "object",
                properties: { city: { type: "string", description: "City name" } },
                required: ["city"],
                additionalProperties: false
              }
            }
          ],
          metadata: { user_id: "u1" }
        })
      })
    )
  )

  it.effect("reads text and parallel calls in the order they started", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(
          Wire.reply(
            [
              ...Wire.textBlock(0, "Let me see."),
              ...Wire.toolBlock(1, "t1", "get_weather", '{"city"', ':"Rome"}'),
              ...Wire.toolBlock(2, "t2", "get_weather", '{"city":"Oslo"}'),
              ...Wire.toolBlock(3, "t3", "get_time")
            ],
            "tool_use"
          )
        )
        const asked = yield* ask()
        assert.strictEqual(asked.text, "Let me see.")
        assert.deepStrictEqual(asked.calls, [
          { id: "t1", name: "get_weather", params: { city: "Rome" } },
          { id: "t2", name: "get_weather", params: { city: "Oslo" } },
          { id: "t3", name: "get_time", params: {} }
        ])
        assert.strictEqual(asked.finish?.reason, "tool-calls")
      })
    )
  )

  it.effect("sends its thoughts back with their signatures, before the calls they led to", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(
          Wire.reply(
            [
              ...Wire.block(
                0,
                { type: "thinking", thinking: "", signature: "" },
                { type: "thinking_delta", thinking: "Hm" },
                { type: "thinking_delta", thinking: "m." },
                { type: "signature_delta", signature: "sig-1" }
              ),
              ...Wire.block(1, { type: "redacted_thinking", data: "sealed" }),
              ...Wire.block(
                2,
                { type: "thinking", thinking: "", signature: "" },
                { type: "signature_delta", signature: "sig-2" }
              ),
              ...Wire.toolBlock(3, "t1", "get_weather", '{"city":"Rome"}')
            ],
            "tool_use"
          ),
          Wire.text("Sunny.")
        )
        const thinking = ModelSettings.override({ reasoningEffort: "low" })
        const { parts } = yield* ask().pipe(thinking)
        const result = Prompt.toolMessage({
          content: [
            Prompt.toolResultPart({
              id: "t1",
              name: "get_weather",
              isFailure: false,
              result: "Sunny",
              providerExecuted: false
            })
          ]
        })
        const said = Prompt.concat(Prompt.make("hi"), Prompt.fromResponseParts(parts))
        yield* ask(Prompt.fromMessages([...said.content, result])).pipe(thinking)
        assert.deepStrictEqual((at(server.requests, 1, "body", "messages") as ReadonlyArray<unknown>).slice(1), [
          {
            role: "assistant",
            content: [
              { type: "thinking", thinking: "Hmm.", signature: "sig-1" },
              { type: "redacted_thinking", data: "sealed" },
              { type: "thinking", thinking: "", signature: "sig-2" },
              { type: "tool_use", id: "t1", name: "get_weather", input: { city: "Rome" } }
            ]
          },
          { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "Sunny" }] }
        ])
        assert.deepStrictEqual(at(server.requests, 1, "body", "thinking"), { type: "enabled", budget_tokens: 2048 })
      })
    )
  )

  it.effect("reports usage including tokens read from and written to the cache", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(Wire.text("ok"))
        const { finish } = yield* ask()
        assert.deepStrictEqual({ ...finish?.usage }, {
          inputTokens: { total: 120, uncached: 12, cacheRead: 100, cacheWrite: 8 },
          outputTokens: { total: 10, text: 10, reasoning: undefined }
        } as unknown)
      })
    )
  )

  for (const [stopReason, reason] of [
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["pause_turn", "pause"],
    ["something_new", "other"]
  ] as const) {
    it.effect(`stop reason ${stopReason} is ${reason}`, () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(Wire.reply(Wire.textBlock(0, "ok"), stopReason))
          assert.strictEqual((yield* ask()).finish?.reason, reason)
        })
      )
    )
  }

  it.effect("searches the web, reports the citations, and sends the results back", () =>
    run((server) =>
      Effect.gen(function* () {
        const findings = [
          { type: "web_search_result", url: "https://a.test/", title: "A", encrypted_content: "x", page_age: null }
        ]
        const citation = {
          type: "web_search_result_location",
          url: "https://a.test/",
          title: "A",
          cited_text: "c",
          encrypted_index: "i"
        }
        server.script(
          Wire.reply([
            ...Wire.block(
              0,
              { type: "server_tool_use", id: "s1", name: "web_search", input: {} },
              { type: "input_json_delta", partial_json: '{"query":"rain"}' }
            ),
            ...Wire.block(1, { type: "web_search_tool_result", tool_use_id: "s1", content: findings }),
            ...Wire.block(
              2,
              { type: "text", text: "" },
              { type: "citations_delta", citation },
              { type: "text_delta", text: "Sunny." },
              { type: "citations_delta", citation }
            )
          ]),
          Wire.text("ok")
        )
        const search = Toolkit.make(NativeWebSearch.make({ maxUses: 2, allowedDomains: ["a.test"], country: "IT" }))
        const asked = yield* ask("hi", search)
        assert.isUndefined(asked.error)
        assert.strictEqual(asked.text, "Sunny.")
        assert.strictEqual(asked.parts.filter((part) => part.type === "source").length, 1)
        assert.deepStrictEqual(at(server.requests, 0, "body", "tools"), [
          {
            type: "web_search_20250305",
            name: "web_search",
            max_uses: 2,
            allowed_domains: ["a.test"],
            user_location: { type: "approximate", country: "IT", city: null }
          }
        ])
        const said = Prompt.concat(Prompt.make("hi"), Prompt.fromResponseParts(asked.parts))
        yield* ask(Prompt.concat(said, "and tomorrow?"), search)
        assert.deepStrictEqual(at(server.requests, 1, "body", "messages", 1, "content"), [
          { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "rain" } },
          { type: "web_search_tool_result", tool_use_id: "s1", content: findings },
          { type: "text", text: "Sunny." }
        ])
      })
    )
  )

  it.effect("a failed search does not fail the reply", () =>
    run((server) =>
      Effect.gen(function* () {
        const error = { type: "web_search_tool_result_error", error_code: "unavailable" }
        server.script(
          Wire.reply([
            ...Wire.block(0, { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "rain" } }),
            ...Wire.block(1, { type: "web_search_tool_result", tool_use_id: "s1", content: error }),
            ...Wire.textBlock(2, "I could not look.")
          ])
        )
        const asked = yield* ask("hi", Toolkit.make(NativeWebSearch.make({})))
        assert.strictEqual(asked.text, "I could not look.")
        assert.isUndefined(asked.error)
      })
    )
  )

  it.effect("asks for an object by its schema, and decodes it", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(Wire.text('{"city":', '"Rome"}'))
        const response = yield* LanguageModel.generateObject({
          prompt: "where?",
          schema: Schema.Struct({ city: Schema.String })
        })
        assert.deepStrictEqual(response.value, { city: "Rome" })
        assert.deepStrictEqual(at(server.requests, 0, "body", "output_config", "format", "schema", "required"), [
          "city"
        ])
      })
    )
  )

  it.effect("a reply with a stop reason is complete, even if the connection breaks afterwards", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script({ pieces: [Wire.start, ...Wire.textBlock(0, "Hello"), Wire.delta("end_turn")], ending: "cut" })
        const asked = yield* ask()
        assert.isUndefined(asked.error)
        assert.strictEqual(asked.finish?.reason, "stop")
      })
    )
  )

  it.effect("content blocked by the provider's policy is a ContentPolicyError", () =>
    run((server) =>
      Effect.gen(function* () {
        const message = "Output blocked by content filtering policy"
        server.script({
          pieces: [Wire.event({ type: "error", error: { type: "invalid_request_error", message } })]
        })
        assert.strictEqual((yield* ask()).error?.reason._tag, "ContentPolicyError")
      })
    )
  )
})
