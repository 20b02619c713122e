import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Fiber, Redacted, Schema } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Model from "effect/ai/Model"
import * as Prompt from "effect/ai/Prompt"
import * as Toolkit from "effect/ai/Toolkit"
import { TestClock } from "effect/testing"
import * as NativeWebSearch from "../../src/internal/nativeWebSearch.ts"
import * as ModelFailure from "../../src/model/ModelFailure.ts"
import * as Models from "../../src/model/Models.ts"
import * as ModelSettings from "../../src/model/ModelSettings.ts"
import * as OpenAi from "../../src/model/OpenAi.ts"
import * as Contract from "./contract/provider.ts"
import { ask, Weather } from "../support/asking.ts"
import { at } from "../support/at.ts"
import * as MockServer from "../support/mockServer.ts"
import * as Wire from "../support/openAiServer.ts"

const key = "sk-test-123"

const layer = (url: string, options: Partial<OpenAi.Options> = {}) =>
  OpenAi.layer({ model: "gpt-4.1-mini", apiKey: Redacted.make(key), baseUrl: `${url}/v1`, ...options })

const call = (
  index: number | undefined,
  id: string | undefined,
  name: string | undefined,
  args: string | undefined
) => ({
  tool_calls: [
    {
      ...(index === undefined ? {} : { index }),
      ...(id === undefined ? {} : { id, type: "function" }),
      function: { ...(name === undefined ? {} : { name }), ...(args === undefined ? {} : { arguments: args }) }
    }
  ]
})

Contract.suite("OpenAi, as every provider", {
  layer,
  key,
  model: "gpt-4.1-mini",
  text: Wire.text,
  call: (id, name, ...json) =>
    Wire.reply([call(0, id, name, ""), ...json.map((args) => call(0, undefined, undefined, args))], "tool_calls"),
  callCutOff: (id, name, json) => Wire.reply([call(0, id, name, json)], "length"),
  finished: (reason, ...texts) =>
    Wire.reply(
      texts.map((content) => ({ content })),
      reason === "length" ? "length" : "content_filter"
    ),
  failure: (status, headers) =>
    Wire.failure(status, { message: "the secret prompt sk-123", type: "some_type", code: null, param: null }, headers),
  overloaded:
    'data: {"error":{"code":503,"message":"the secret prompt"},"choices":[{"delta":{},"finish_reason":"error"}]}\n\n'
})

const run = <A, E>(
  test: (server: MockServer.MockServer) => Effect.Effect<A, E, LanguageModel.LanguageModel>,
  options: Partial<OpenAi.Options> = {}
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const server = yield* MockServer.make
      return yield* Effect.provide(test(server), layer(server.url, options))
    })
  )

const preset = (name: string) => Models.presets.find((preset) => preset.name === name)!

describe("OpenAi", () => {
  it.effect("sends the key, the path and the current settings, and nothing that is not set", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(Wire.text("ok"))
        yield* ask("hi", Toolkit.empty).pipe(
          ModelSettings.override({
            temperature: 0.3,
            maxTokens: 55,
            topP: 0.9,
            stop: ["X", "Y"],
            seed: 7,
            presencePenalty: 0.1,
            frequencyPenalty: 0.2,
            extra: { user: "u1", seed: 8 }
          })
        )
        const [request] = server.requests
        assert.strictEqual(request?.path, "/v1/chat/completions")
        assert.strictEqual(request?.headers.authorization, `Bearer ${key}`)
        assert.deepStrictEqual(request?.body, {
          model: "gpt-4.1-mini",
          messages: [{ role: "user", content: "hi" }],
          stream: true,
          stream_options: { include_usage: true },
          temperature: 0.3,
          max_tokens: 55,
          top_p: 0.9,
          stop: ["X", "Y"],
          seed: 8,
          presence_penalty: 0.1,
          frequency_penalty: 0.2,
          user: "u1"
        })
      })
    )
  )

  it.effect("describes tools by their schema", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(Wire.text("ok"))
        yield* ask("hi", Toolkit.make(Weather))
        assert.deepStrictEqual(at(server.requests, 0, "body", "tools"), [
          {
            type: "function",
            function: {
              name: "get_weather",
              description: "Get the weather.",
              parameters: {
                type: "object",
                properties: { city: { type: "string", description: "City name" } },
                required: ["city"],
                additionalProperties: false
              }
            }
          }
        ])
      })
    )
  )

  const one = [{ id: "c1", name: "get_weather", params: { city: "Rome" } }]
  const two = [...one, { id: "c2", name: "get_weather", params: { city: "Oslo" } }]
  const rome = '{"city":"Rome"}'
  const oslo = '{"city":"Oslo"}'
  const replies: ReadonlyArray<readonly [string, ReadonlyArray<object>, ReadonlyArray<object>]> = [
    [
      "in fragments",
      [
        call(0, "c1", "get_weather", ""),
        call(0, undefined, undefined, '{"city"'),
        call(0, undefined, undefined, ':"Rome"}')
      ],
      one
    ],
    ["whole", [call(0, "c1", "get_weather", rome)], one],
    ["whole and sent again", [call(0, "c1", "get_weather", rome), call(0, "c1", "get_weather", rome)], one],
    [
      "with the name in each fragment",
      [call(0, "c1", "get_weather", '{"city"'), call(0, "c1", "get_weather", ':"Rome"}')],
      one
    ],
    [
      "with another id in each fragment",
      [call(0, "c1", "get_weather", '{"city"'), call(0, "c9", "get_weather", ':"Rome"}')],
      one
    ],
    [
      "with an id that comes second",
      [call(0, undefined, "get_weather", undefined), call(0, "c1", undefined, rome)],
      one
    ],
    ["of two, one after the other", [call(0, "c1", "get_weather", rome), call(1, "c2", "get_weather", oslo)], two],
    [
      "of two, in turns",
      [
        call(0, "c1", "get_weather", ""),
        call(1, "c2", "get_weather", ""),
        call(0, undefined, undefined, '{"city":'),
        call(1, undefined, undefined, '{"city":"Os'),
        call(0, undefined, undefined, '"Rome"}'),
        call(1, undefined, undefined, 'lo"}')
      ],
      two
    ],
    ["of two, both numbered 0", [call(0, "c1", "get_weather", rome), call(0, "c2", "get_weather", oslo)], two],
    [
      "of two, without numbers",
      [call(undefined, "c1", "get_weather", rome), call(undefined, "c2", "get_weather", oslo)],
      two
    ],
    [
      "of two, both numbered 0 and in fragments",
      [
        call(0, "c1", "get_weather", ""),
        call(0, undefined, undefined, rome),
        call(0, "c2", "get_weather", ""),
        call(0, undefined, undefined, oslo)
      ],
      two
    ],
    ["with a number that changes", [call(3, "c1", "get_weather", ""), call(0, undefined, undefined, rome)], one]
  ]
  it.effect("calls without an index are told apart by their place among several", () =>
    run((server) =>
      Effect.gen(function* () {
        const begun = ["c1", "c2"].map((id) => ({ id, function: { name: "get_weather", arguments: "" } }))
        const filled = ["Rome", "Oslo"].map((city) => ({ function: { arguments: JSON.stringify({ city }) } }))
        server.script(Wire.reply([{ tool_calls: begun }, { tool_calls: filled }], "tool_calls"))
        const { calls } = yield* ask("weather?", Toolkit.make(Weather))
        assert.deepStrictEqual(
          calls.map(({ id, params }) => [id, params]),
          [
            ["c1", { city: "Rome" }],
            ["c2", { city: "Oslo" }]
          ]
        )
      })
    )
  )

  it.effect("tokens may be counted within the answer", () =>
    run((server) =>
      Effect.gen(function* () {
        const usage = { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 }
        const last = { ...Wire.envelope, choices: [{ index: 0, delta: {}, finish_reason: "stop", usage }] }
        server.script({ pieces: [Wire.chunk({ content: "OK" }), `data: ${JSON.stringify(last)}\n\n`, Wire.done] })
        const { finish } = yield* ask()
        assert.deepInclude(finish?.usage.inputTokens, { total: 12 })
        assert.deepInclude(finish?.usage.outputTokens, { total: 5 })
      })
    )
  )

  for (const finishReason of ["tool_calls", "stop", null]) {
    for (const [how, deltas, calls] of replies) {
      it.effect(`reads calls ${how}, at finish reason ${finishReason}`, () =>
        run((server) =>
          Effect.gen(function* () {
            server.script(Wire.reply(deltas, finishReason))
            const asked = yield* ask()
            assert.deepStrictEqual(asked.calls, calls)
            assert.strictEqual(asked.finish?.reason, "tool-calls")
            assert.isUndefined(asked.error)
          })
        )
      )
    }
  }

  it.effect("gives calls without an id ids of their own", () =>
    run((server) =>
      Effect.gen(function* () {
        const deltas = [call(0, undefined, "get_weather", rome), call(1, "", "get_weather", oslo)]
        server.script(Wire.reply(deltas, "tool_calls"), Wire.reply(deltas, "tool_calls"))
        const calls = [...(yield* ask()).calls, ...(yield* ask()).calls]
        assert.strictEqual(new Set(calls.map((call) => call.id)).size, 4)
        assert.isTrue(calls.every((call) => call.id !== ""))
      })
    )
  )

  it.effect("reports the fragments of a call as they come, under the id of the call", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(
          Wire.reply([call(0, "c1", "get_weather", '{"city"'), call(0, undefined, undefined, ':"Rome"}')], "tool_calls")
        )
        const { parts } = yield* ask()
        assert.deepStrictEqual(
          parts.map((part) => [part.type, "id" in part ? part.id : ""]),
          [
            ["response-metadata", "chatcmpl-1"],
            ["tool-params-start", "c1"],
            ["tool-params-delta", "c1"],
            ["tool-params-delta", "c1"],
            ["tool-params-end", "c1"],
            ["tool-call", "c1"],
            ["finish", ""]
          ]
        )
      })
    )
  )

  it.effect("a reply that ends only with [DONE] is complete, for an unknown reason", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script({ pieces: [Wire.chunk({ content: "Hello" }), Wire.done] })
        const asked = yield* ask()
        assert.strictEqual(asked.text, "Hello")
        assert.strictEqual(asked.finish?.reason, "unknown")
      })
    )
  )

  it.effect("a reply that ends only with a finish reason is complete", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script({ pieces: [Wire.chunk({ content: "Hello" }, "stop")] })
        assert.strictEqual((yield* ask()).finish?.reason, "stop")
      })
    )
  )

  for (const [given, reason] of [
    ["STOP", "stop"],
    ["eos_token", "stop"],
    ["COMPLETE", "stop"],
    ["MAX_TOKENS", "length"],
    ["model_context_window_exceeded", "length"],
    ["sensitive", "content-filter"],
    ["SAFETY", "content-filter"],
    ["pause_turn", "pause"],
    ["something_new", "other"]
  ] as const) {
    it.effect(`a reply that ends with ${given} has ended with ${reason}`, () =>
      run((server) =>
        Effect.gen(function* () {
          server.script({ pieces: [Wire.chunk({ content: "Hello" }, given), Wire.done] })
          assert.strictEqual((yield* ask()).finish?.reason, reason)
        })
      )
    )
  }

  it.effect("a reply that a server gave up on, or withheld whole, is an error", () =>
    run((server) =>
      Effect.gen(function* () {
        for (const [given, tag] of [
          ["network_error", "InternalProviderError"],
          ["sensitive", "ContentPolicyError"],
          ["RECITATION", "ContentPolicyError"]
        ] as const) {
          server.script({ pieces: [Wire.chunk({ content: "" }, given), Wire.done] })
          assert.strictEqual((yield* ask()).error?.reason._tag, tag, given)
        }
      })
    )
  )

  const whole: ReadonlyArray<readonly [string, MockServer.Script]> = [
    [
      "as JSON, though it was to be streamed",
      {
        headers: { "content-type": "application/json" },
        pieces: ['{"choices":[{"message":{"role":"assistant","content":"Hello whole."},"finish_reason":"stop"}]}']
      }
    ],
    [
      "as one event with a message",
      {
        pieces: [
          'data: {"choices":[{"message":{"role":"assistant","content":"Hello whole."},"finish_reason":"stop"}]}\n\n',
          Wire.done
        ]
      }
    ]
  ]
  for (const [how, script] of whole) {
    it.effect(`reads a reply that is not streamed, ${how}`, () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(script)
          const asked = yield* ask()
          assert.strictEqual(asked.text, "Hello whole.")
          assert.strictEqual(asked.finish?.reason, "stop")
        })
      )
    )
  }

  it.effect("reads a call in the legacy function_call form", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(
          Wire.reply(
            [{ function_call: { name: "get_weather", arguments: "" } }, { function_call: { arguments: rome } }],
            "function_call"
          )
        )
        const { calls, finish } = yield* ask()
        assert.deepStrictEqual(calls[0]?.params, { city: "Rome" })
        assert.strictEqual(finish?.reason, "tool-calls")
      })
    )
  )

  it.effect("never speaks thoughts a model puts into its text", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(Wire.text("<thi", "nk>\nOkay, hello. ", "\n</th", "ink>\n\n", "Hello!"))
        const asked = yield* ask()
        assert.strictEqual(asked.text, "Hello!")
        const thought = asked.parts.map((part) => (part.type === "reasoning-delta" ? part.delta : "")).join("")
        assert.include(thought, "Okay, hello.")
      })
    )
  )

  it.effect("reports what the provider said, without the key and without the prompt", () =>
    run((server) =>
      Effect.gen(function* () {
        const message = `Incorrect API key provided: ${key}. The current balance of the account is too low for Ada.`
        server.script(Wire.failure(400, { message, code: 400, status: "INVALID_ARGUMENT" }))
        const { error } = yield* ask("the current balance of the account is too low")
        assert.strictEqual(error?.reason._tag, "AuthenticationError")
        assert.include(error?.message, "Incorrect API key provided")
        assert.include(error?.message, "(400 INVALID_ARGUMENT)")
        for (const secret of [key, "balance", "Ada"]) assert.notInclude(JSON.stringify(error), secret)
        assert.include(error && ModelFailure.sentenceOf(error), "Incorrect API key")
      })
    )
  )

  for (const [what, error, wait] of [
    ["Google's details", { code: 429, details: [{ retryDelay: "12s" }] }, 12_000],
    ["OpenAI's sentence", { code: "rate_limit", message: "Please try again in 1.5s." }, 1500],
    ["OpenAI's milliseconds", { message: "Please try again in 20ms. Visit the page." }, 20],
    ["Groq's minutes", { message: "Please try again in 7m12.5s. Need more tokens?" }, 432_500],
    ["Groq's hours", { message: "Please try again in 1h2m." }, 3_720_000],
    ["Azure's sentence", { message: "Please retry after 26 seconds." }, 26_000],
    ["Google's sentence", { message: "Please retry in 3.25s." }, 3250]
  ] as const) {
    it.effect(`reads from ${what} when to retry`, () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(Wire.failure(429, error))
          const asked = yield* ask()
          assert.strictEqual(asked.error?.retryAfter && Duration.toMillis(asked.error.retryAfter), wait)
        })
      )
    )
  }

  const unreadable: ReadonlyArray<readonly [string, MockServer.Script]> = [
    ["text", Wire.text("One ", "moment. <tool", '_call>{"name":"get_weather"}</tool_call>')],
    ["text behind a reply without a reason", Wire.reply([{ content: "One moment. [TOOL_CALLS]x{}" }], null)],
    ["an end of Gemini's", Wire.reply([{ content: "One moment. " }], "function_call_filter: MALFORMED_FUNCTION_CALL")]
  ]
  for (const [what, script] of unreadable) {
    it.effect(`a call that is only ${what} is an error that can be retried, after the words before it`, () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(script)
          const asked = yield* ask()
          assert.strictEqual(asked.text.trim(), "One moment.")
          assert.strictEqual(asked.error?.reason._tag, "InvalidOutputError")
          assert.isTrue(asked.error?.isRetryable)
          assert.isUndefined(asked.finish)
        })
      )
    )
  }

  it.effect("a call as text beside a real one is neither said nor an error", () =>
    run((server) =>
      Effect.gen(function* () {
        const real = call(0, "c1", "get_weather", '{"city":"Oslo"}')
        server.script(Wire.reply([{ content: "<tool_call>{}</tool_call>" }, real], "tool_calls"))
        const asked = yield* ask()
        assert.strictEqual(asked.text, "")
        assert.lengthOf(asked.calls, 1)
        assert.isUndefined(asked.error)
      })
    )
  )

  it.effect("a reply with a finish reason is complete, even if its connection stays open and silent", () =>
    run((server) =>
      Effect.gen(function* () {
        const pieces = [
          Wire.head,
          Wire.chunk({ content: "One moment." }),
          Wire.chunk(call(0, "c1", "get_weather", '{"city":"Oslo"}')),
          Wire.chunk({}, "tool_calls")
        ]
        server.script({ pieces, ending: "stall" })
        const fiber = yield* Effect.forkChild(ask())
        yield* Effect.yieldNow.pipe(Effect.repeat({ until: () => server.requests.length === 1 }))
        const over = () => fiber.pollUnsafe() !== undefined
        yield* Effect.andThen(TestClock.adjust(100), Effect.yieldNow).pipe(Effect.repeat({ until: over }))
        const asked = yield* Fiber.join(fiber)
        assert.strictEqual(asked.text, "One moment.")
        assert.deepStrictEqual(asked.calls, [{ id: "c1", name: "get_weather", params: { city: "Oslo" } }])
        assert.strictEqual(asked.finish?.reason, "tool-calls")
        yield* server.abandoned
      })
    )
  )

  it.effect("emits nothing for comments, empty deltas and the role", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script({
          pieces: [": OPENROUTER PROCESSING\n\n", Wire.head, Wire.chunk({ content: null })],
          ending: "cut"
        })
        const asked = yield* ask()
        assert.deepStrictEqual(asked.parts, [])
        assert.strictEqual(asked.error?.reason._tag, "NetworkError")
      })
    )
  )

  for (const field of ["reasoning_content", "reasoning"]) {
    it.effect(`reads thoughts from ${field}, before the words`, () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(Wire.reply([{ [field]: "Hm" }, { [field]: "m." }, { content: "Yes." }]))
          const asked = yield* ask()
          assert.deepStrictEqual(asked.parts.map((part) => part.type).slice(1, 7), [
            "reasoning-start",
            "reasoning-delta",
            "reasoning-delta",
            "reasoning-end",
            "text-start",
            "text-delta"
          ])
          assert.strictEqual(asked.text, "Yes.")
        })
      )
    )
  }

  it.effect("reads content given as parts", () =>
    run((server) =>
      Effect.gen(function* () {
        const thinking = { type: "thinking", thinking: [{ type: "text", text: "Hm" }] }
        server.script(Wire.reply([{ content: [thinking] }, { content: [{ type: "text", text: "Yes." }] }]))
        const response = yield* LanguageModel.generateText({ prompt: "hi" })
        assert.strictEqual(response.text, "Yes.")
        assert.strictEqual(response.reasoningText, "Hm")
      })
    )
  )

  it.effect("sends sealed reasoning back to the provider that sealed it", () =>
    run(
      (server) =>
        Effect.gen(function* () {
          const piece = (text: string, signature: string | null) => ({
            reasoning_details: [{ type: "reasoning.text", index: 0, text, signature }]
          })
          server.script(
            Wire.reply([
              { reasoning: "Hm", ...piece("Hm", null) },
              { reasoning: "m.", ...piece("m.", "s1") },
              call(0, "c1", "get_weather", rome)
            ]),
            Wire.text("ok")
          )
          const { parts } = yield* ask()
          yield* ask(Prompt.concat(Prompt.make("hi"), Prompt.fromResponseParts(parts)))
          assert.deepStrictEqual(at(server.requests, 1, "body", "messages", 1, "reasoning_details"), [
            { type: "reasoning.text", index: 0, text: "Hmm.", signature: "s1" }
          ])
        }),
      { preset: preset("openrouter") }
    )
  )

  it.effect("sends the signature of a call back to Gemini, and to no other provider", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* MockServer.make
        const extra_content = { google: { thought_signature: "sig" } }
        const signed = call(0, "c1", "get_weather", rome)
        server.script(
          Wire.reply([{ tool_calls: [{ ...signed.tool_calls[0], extra_content }] }]),
          Wire.text("ok"),
          Wire.text("ok")
        )
        const gemini = layer(server.url, { preset: preset("gemini") })
        const { parts } = yield* Effect.provide(ask(), gemini)
        const history = Prompt.concat(Prompt.make("hi"), Prompt.fromResponseParts(parts))
        yield* Effect.provide(ask(history), gemini)
        yield* Effect.provide(ask(history), layer(server.url))
        assert.deepStrictEqual(
          at(server.requests, 1, "body", "messages", 1, "tool_calls", 0, "extra_content"),
          extra_content
        )
        assert.notProperty(at(server.requests, 2, "body", "messages", 1, "tool_calls", 0), "extra_content")
      })
    )
  )

  it.effect("reports usage with cached and thinking tokens", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script({
          pieces: [
            Wire.chunk({ content: "ok" }, "stop"),
            Wire.usage({
              prompt_tokens_details: { cached_tokens: 15 },
              completion_tokens_details: { reasoning_tokens: 4 }
            }),
            Wire.done
          ]
        })
        const { finish } = yield* ask()
        assert.deepStrictEqual({ ...finish?.usage }, {
          inputTokens: { total: 20, uncached: 5, cacheRead: 15, cacheWrite: undefined },
          outputTokens: { total: 10, text: 6, reasoning: 4 }
        } as unknown)
      })
    )
  )

  const codes: ReadonlyArray<readonly [number, object, string]> = [
    [429, { code: "insufficient_quota" }, "QuotaExhaustedError"],
    [402, {}, "QuotaExhaustedError"],
    [400, { code: "content_filter" }, "ContentPolicyError"],
    [400, { code: "content_policy_violation" }, "ContentPolicyError"],
    [401, { code: "token_expired" }, "AuthenticationError"]
  ]
  for (const [status, error, tag] of codes) {
    it.effect(`status ${status} with ${JSON.stringify(error)} is ${tag}`, () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(Wire.failure(status, error))
          assert.strictEqual((yield* ask()).error?.reason._tag, tag)
        })
      )
    )
  }

  it.effect("names the parameter that was rejected", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(Wire.failure(400, { param: "temperature", code: "unsupported_value", message: "my secret" }))
        const { error } = yield* ask()
        assert.include(error?.message, "temperature")
        assert.include(error?.message, "unsupported_value")
        assert.notInclude(error?.message, "secret")
      })
    )
  )

  it.effect("an error with status 200 is an error", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script({ headers: { "content-type": "application/json" }, pieces: ['{"error":{"code":429}}'] })
        assert.strictEqual((yield* ask()).error?.reason._tag, "RateLimitError")
      })
    )
  )

  it.effect("requests an object by its schema, and decodes it", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(Wire.text('{"city":', '"Rome"}'))
        const response = yield* LanguageModel.generateObject({
          prompt: "where?",
          objectName: "place",
          schema: Schema.Struct({ city: Schema.String })
        })
        assert.deepStrictEqual(response.value, { city: "Rome" })
        const format = at(server.requests, 0, "body", "response_format")
        assert.strictEqual(at(format, "type"), "json_schema")
        assert.strictEqual(at(format, "json_schema", "name"), "place")
        assert.deepStrictEqual(at(format, "json_schema", "schema", "required"), ["city"])
      })
    )
  )

  it.effect("searches the web if the provider can, and reports each source once", () =>
    run(
      (server) =>
        Effect.gen(function* () {
          const cited = (url: string) => ({
            annotations: [{ type: "url_citation", url_citation: { url, title: "A page" } }]
          })
          server.script(
            Wire.reply([{ content: "Sunny." }, cited("https://a.test/"), cited("https://a.test/"), cited("no url")])
          )
          const asked = yield* ask("hi", Toolkit.make(NativeWebSearch.make({ contextSize: "high" })))
          const sources = asked.parts.filter((part) => part.type === "source")
          assert.strictEqual(sources.length, 1)
          assert.deepStrictEqual(at(server.requests, 0, "body", "plugins"), [{ id: "web" }])
          assert.notProperty(at(server.requests, 0, "body"), "tools")
        }),
      { preset: preset("openrouter") }
    )
  )

  it.effect("never asks a provider to search that cannot", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(Wire.text("ok"))
        yield* ask("hi", Toolkit.make(NativeWebSearch.make({})))
        assert.notProperty(at(server.requests, 0, "body"), "tools")
        assert.notProperty(at(server.requests, 0, "body"), "web_search_options")
      })
    )
  )

  it.effect("settings of the turn override those of the layer, and unset fields fall back", () =>
    run(
      (server) =>
        Effect.gen(function* () {
          server.script(Wire.text("ok"), Wire.text("ok"))
          yield* ask("hi", Toolkit.empty).pipe(ModelSettings.override({ temperature: 1, topP: undefined }))
          yield* ask("hi", Toolkit.empty).pipe(ModelSettings.override({ temperature: null }))
          assert.deepInclude(at(server.requests, 0, "body"), { temperature: 1, top_p: 0.5 })
          assert.notProperty(at(server.requests, 1, "body"), "temperature")
        }),
      { settings: { temperature: 0, topP: 0.5 } }
    )
  )

  it.effect("sends custom headers, and no key if there is none", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* MockServer.make
        server.script(Wire.text("ok"))
        const local = OpenAi.layer({ model: "m", baseUrl: server.url, headers: { "x-team": "voice" } })
        yield* ask().pipe(Effect.provide(local), Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({}))))
        assert.strictEqual(server.requests[0]?.headers["x-team"], "voice")
        assert.notProperty(server.requests[0]?.headers, "authorization")
      })
    )
  )

  it.effect("provides the names of the provider and the model", () =>
    Effect.gen(function* () {
      const names = Effect.all([Model.ProviderName, Model.ModelName])
      assert.deepStrictEqual(yield* Effect.provide(names, layer("http://127.0.0.1:1")), ["openai", "gpt-4.1-mini"])
    })
  )
})
