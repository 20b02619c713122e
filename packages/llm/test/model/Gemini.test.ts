import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import * as Toolkit from "effect/ai/Toolkit"
import * as NativeWebSearch from "../../src/internal/nativeWebSearch.ts"
import * as Gemini from "../../src/model/Gemini.ts"
import * as ModelSettings from "../../src/model/ModelSettings.ts"
import { ask, Weather } from "../support/asking.ts"
import { at } from "../support/at.ts"
import * as Wire from "../support/geminiServer.ts"
import * as MockServer from "../support/mockServer.ts"
import * as Contract from "./contract/provider.ts"

const key = "sk-test-123"

const layer = (url: string, options: Partial<Gemini.Options> = {}) =>
  Gemini.layer({ model: "gemini-2.5-flash", apiKey: Redacted.make(key), baseUrl: `${url}/v1beta`, ...options })

Contract.suite("Gemini, as every provider", { layer, key, model: "gemini-2.5-flash", ...Wire.contract })

const run = <A, E>(
  test: (server: MockServer.MockServer) => Effect.Effect<A, E, LanguageModel.LanguageModel>,
  options: Partial<Gemini.Options> = {}
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const server = yield* MockServer.make
      return yield* Effect.provide(test(server), layer(server.url, options))
    })
  )

const result = (id: string, value: unknown): Prompt.MessageEncoded => ({
  role: "tool",
  content: [{ type: "tool-result", id, name: "get_weather", isFailure: false, result: value }]
})
const call = (id: string, city: string, options = {}): Prompt.MessageEncoded => ({
  role: "assistant",
  content: [{ type: "tool-call", id, name: "get_weather", params: { city }, options }]
})

describe("Gemini", () => {
  it.effect("tokens that its own tools add to a prompt count as input", () =>
    run((server) =>
      Effect.gen(function* () {
        const usageMetadata = { promptTokenCount: 10, toolUsePromptTokenCount: 90, candidatesTokenCount: 5 }
        const candidates = [{ content: { parts: [{ text: "Hi." }] }, finishReason: "STOP" }]
        server.script({ pieces: [`data: ${JSON.stringify({ candidates, usageMetadata })}\n\n`] })
        assert.strictEqual((yield* ask()).finish?.usage.inputTokens.total, 100)
      })
    )
  )

  const chunk = (text: string | undefined, finishReason?: string) =>
    `data: ${JSON.stringify({
      candidates: [{ content: { parts: text === undefined ? [] : [{ text }] }, finishReason }]
    })}\n\n`
  const early: ReadonlyArray<readonly [what: string, pieces: ReadonlyArray<string>]> = [
    ["before the first word", [chunk(undefined, "STOP"), chunk("Hello "), chunk("there."), chunk(undefined, "STOP")]],
    ["in every chunk", [chunk("Hello ", "STOP"), chunk("there.", "STOP")]]
  ]
  for (const [what, pieces] of early) {
    it.effect(`a reason to finish ${what} does not end the reply`, () =>
      run((server) =>
        Effect.gen(function* () {
          server.script({ pieces })
          const { finish, text } = yield* ask()
          assert.deepStrictEqual([text, finish?.reason], ["Hello there.", "stop"])
        })
      )
    )
  }

  it.effect("sends the conversation in alternating turns, with thinking off", () =>
    run(
      (server) =>
        Effect.gen(function* () {
          server.script(Wire.text("ok"))
          yield* ask(
            Prompt.make([
              { role: "system", content: "Be brief." },
              { role: "assistant", content: [{ type: "text", text: "Hello!" }] },
              { role: "user", content: [{ type: "text", text: "Weather?" }] },
              { role: "user", content: [{ type: "text", text: "In Rome." }] },
              call("c1", "Rome"),
              result("c1", { sky: "blue" })
            ]),
            Toolkit.make(Weather)
          ).pipe(ModelSettings.override({ temperature: 0.3, maxTokens: 55, stop: "X", seed: 7, presencePenalty: 1 }))
          const [request] = server.requests
          assert.strictEqual(request?.path, "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse")
          assert.strictEqual(request?.headers["x-goog-api-key"], key)
          assert.deepStrictEqual(request?.body, {
            systemInstruction: { parts: [{ text: "Be brief." }] },
            contents: [
              { role: "user", parts: [{ text: "(The call is connected.)" }] },
              { role: "model", parts: [{ text: "Hello!" }] },
              { role: "user", parts: [{ text: "Weather?" }, { text: "In Rome." }] },
              { role: "model", parts: [{ functionCall: { name: "get_weather", args: { city: "Rome" } } }] },
              {
                role: "user",
                parts: [{ functionResponse: { name: "get_weather", response: { result: '{"sky":"blue"}' } } }]
              }
            ],
            tools: [
              {
                functionDeclarations: [
                  {
                    name: "get_weather",
                    description: "Get the weather.",
                    parameters: {
                      type: "object",
                      properties: { city: { type: "string", description: "City name" } },
                      required: ["city"]
                    }
                  }
                ]
              }
            ],
            generationConfig: {
              temperature: 0.3,
              maxOutputTokens: 55,
              stopSequences: ["X"],
              seed: 7,
              thinkingConfig: { thinkingBudget: 0 }
            },
            safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_ONLY_HIGH" }]
          })
        }),
      { safety: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_ONLY_HIGH" }] }
    )
  )

  for (const [model, effort, sent] of [
    ["gemini-3-flash-preview", undefined, { thinkingLevel: "minimal" }],
    ["gemini-3.1-pro-preview", "none", { thinkingLevel: "low" }],
    ["gemini-2.5-pro", undefined, { thinkingBudget: 1024 }],
    ["gemini-2.5-flash", "high", { thinkingBudget: 24576 }],
    ["gemini-2.0-flash", "high", undefined]
  ] as const) {
    it.effect(`${model} with effort ${effort} is sent ${JSON.stringify(sent)}`, () =>
      run(
        (server) =>
          Effect.gen(function* () {
            server.script(Wire.text("ok"))
            yield* ask().pipe(ModelSettings.override({ reasoningEffort: effort }))
            assert.deepStrictEqual(at(server.requests, 0, "body", "generationConfig", "thinkingConfig"), sent)
          }),
        { model }
      )
    )
  }

  it.effect("Gemma, which takes neither a system prompt nor tools, has the prompt in the first message", () =>
    run(
      (server) =>
        Effect.gen(function* () {
          server.script(Wire.text("ok"))
          yield* ask(
            Prompt.make([
              { role: "system", content: "Be brief." },
              { role: "user", content: [{ type: "text", text: "Hi." }] }
            ]),
            Toolkit.make(Weather)
          )
          const body = server.requests[0]?.body as { readonly [field: string]: unknown }
          assert.deepStrictEqual(body["contents"], [
            { role: "user", parts: [{ text: "<system>\nBe brief.\n</system>" }, { text: "Hi." }] }
          ])
          for (const field of ["systemInstruction", "tools", "toolConfig"]) assert.notProperty(body, field)
        }),
      { model: "gemma-3-27b-it" }
    )
  )

  it.effect("reads parallel calls in order, and sends their signatures back", () =>
    run(
      (server) =>
        Effect.gen(function* () {
          server.script(
            Wire.reply(
              Wire.call("get_weather", { city: "Paris" }, { thoughtSignature: "SIG" }),
              Wire.call("get_weather", { city: "Rome" }),
              Wire.call("get_weather", { city: "Oslo" })
            ),
            Wire.text("ok")
          )
          const { calls, finish, parts } = yield* ask()
          assert.deepStrictEqual(
            calls.map(({ params }) => params),
            [{ city: "Paris" }, { city: "Rome" }, { city: "Oslo" }]
          )
          assert.strictEqual(new Set(calls.map(({ id }) => id)).size, 3)
          assert.strictEqual(finish?.reason, "tool-calls")
          const said = Prompt.concat(Prompt.make("hi"), Prompt.fromResponseParts(parts))
          const results = Prompt.make([
            ...calls.map(({ id }) => result(id, "Sunny")),
            call("other", "Bern"),
            result("other", "Rain")
          ])
          yield* ask(Prompt.concat(said, results))
          const contents = at(server.requests, 1, "body", "contents")
          assert.deepStrictEqual(
            (at(contents, 1, "parts") as ReadonlyArray<{ thoughtSignature?: string }>).map(
              (part) => part.thoughtSignature
            ),
            ["SIG", undefined, undefined]
          )
          assert.lengthOf(at(contents, 2, "parts") as ReadonlyArray<unknown>, 3)
          // A call that another model made is marked as one.
          assert.strictEqual(at(contents, 3, "parts", 0, "thoughtSignature"), "skip_thought_signature_validator")
        }),
      { model: "gemini-3-flash-preview" }
    )
  )

  it.effect("separates thoughts from words, and counts them", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(Wire.reply({ text: "Hm.", thought: true }, { text: "Yes." }))
        const asked = yield* ask()
        assert.strictEqual(asked.text, "Yes.")
        assert.deepStrictEqual({ ...asked.finish?.usage }, {
          inputTokens: { total: 20, uncached: 5, cacheRead: 15, cacheWrite: undefined },
          outputTokens: { total: 10, text: 6, reasoning: 4 }
        } as unknown)
      })
    )
  )

  it.effect("a blocked prompt and a malformed call are errors", () =>
    run((server) =>
      Effect.gen(function* () {
        const reason = Effect.map(ask(), ({ error }) => error?.reason._tag)
        server.script({ pieces: [Wire.blocked] })
        assert.strictEqual(yield* reason, "ContentPolicyError")
        for (const bad of ["MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "TOO_MANY_TOOL_CALLS"]) {
          server.script({ pieces: [Wire.chunk([], bad)] })
          assert.strictEqual(yield* reason, "InvalidOutputError", bad)
        }
        server.script({ pieces: [Wire.chunk([], "MODEL_ARMOR")] })
        assert.strictEqual(yield* reason, "ContentPolicyError")
      })
    )
  )

  it.effect("a wrong key is an AuthenticationError, whatever the status", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script({
          status: 400,
          headers: { "content-type": "application/json" },
          pieces: [
            '[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]'
          ]
        })
        const { error } = yield* ask()
        assert.strictEqual(error?.reason._tag, "AuthenticationError")
        assert.include(error?.message, "API key not valid. Please pass a valid API key. (400 INVALID_ARGUMENT)")
      })
    )
  )

  it.effect("searches with Google, and requests an object by its schema", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(Wire.text("ok"), Wire.text('{"city":"Rome"}'))
        yield* ask("hi", Toolkit.make(NativeWebSearch.make({})))
        assert.deepStrictEqual(at(server.requests, 0, "body", "tools"), [{ googleSearch: {} }])
        const answer = yield* LanguageModel.generateObject({
          prompt: "where?",
          schema: Schema.Struct({ city: Schema.String })
        })
        assert.deepStrictEqual(answer.value, { city: "Rome" })
        assert.strictEqual(at(server.requests, 1, "body", "generationConfig", "responseMimeType"), "application/json")
      })
    )
  )
})
