/** A reply that should be an object: the request to each provider, and how its reply is read. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Toolkit from "effect/ai/Toolkit"
import * as SpokenObject from "../../src/agent/SpokenObject.ts"
import * as Anthropic from "../../src/model/Anthropic.ts"
import * as Gemini from "../../src/model/Gemini.ts"
import * as Asking from "../../src/model/internal/asking.ts"
import * as Models from "../../src/model/Models.ts"
import * as OpenAi from "../../src/model/OpenAi.ts"
import * as OpenAiResponses from "../../src/model/OpenAiResponses.ts"
import * as AnthropicWire from "../support/anthropicServer.ts"
import { ask, Weather } from "../support/asking.ts"
import { at } from "../support/at.ts"
import * as GeminiWire from "../support/geminiServer.ts"
import * as MockServer from "../support/mockServer.ts"
import * as OpenAiWire from "../support/openAiServer.ts"
import * as ResponsesWire from "../support/responsesServer.ts"

const { definition } = SpokenObject.make({ say: Schema.String, n: Schema.Int }, { speak: "say" })
const apiKey = Redacted.make("sk-test")
const value = '{"say":"Of course.","n":1}'
const pieces = value.match(/.{1,5}/g)!

interface Wire {
  readonly layer: (url: string) => Layer.Layer<LanguageModel.LanguageModel, unknown>
  readonly text: (...texts: ReadonlyArray<string>) => MockServer.Script
  readonly call: (id: string, name: string, ...json: ReadonlyArray<string>) => MockServer.Script
}

const openAiCall: Wire["call"] = (id, name, ...json) =>
  OpenAiWire.reply(
    [
      { tool_calls: [{ index: 0, id, type: "function", function: { name, arguments: "" } }] },
      ...json.map((text) => ({ tool_calls: [{ index: 0, function: { arguments: text } }] }))
    ],
    "tool_calls"
  )
const chat = (provider: string, model: string): Wire => ({
  layer: (baseUrl) =>
    OpenAi.layer({ model, apiKey, baseUrl, preset: Models.presets.find(({ name }) => name === provider)! }),
  text: OpenAiWire.text,
  call: openAiCall
})
const anthropic = (model: string): Wire => ({
  layer: (baseUrl) => Anthropic.layer({ model, apiKey, baseUrl }),
  ...AnthropicWire.contract
})
const gemini = (model: string): Wire => ({
  layer: (baseUrl) => Gemini.layer({ model, apiKey, baseUrl }),
  ...GeminiWire.contract
})
const responses: Wire = {
  layer: (baseUrl) => OpenAiResponses.layer({ model: "gpt-5.4-mini", apiKey, baseUrl }),
  text: ResponsesWire.text,
  call: (id, name, ...json) => ResponsesWire.reply(ResponsesWire.callItem(id, name, ...json))
}

const asking = (
  wire: Wire,
  script: MockServer.Script | ReadonlyArray<MockServer.Script>,
  toolkit: Toolkit.Any,
  fallback?: Wire
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const server = yield* MockServer.make
      server.script(...[script].flat())
      const asked = yield* ask("please", toolkit).pipe(
        Effect.provideService(Asking.Current, { object: definition, cacheKey: "antiphon-k" }),
        Effect.provide((fallback ?? wire).layer(server.url))
      )
      return { asked, body: server.requests.at(-1)?.body }
    })
  )

const none = Toolkit.make()
const weather = Toolkit.make(Weather)

/** The place of the schema in a body, if the model is held to it. */
const held: ReadonlyArray<
  readonly [name: string, wire: Wire, toolkit: Toolkit.Any, path: ReadonlyArray<string | number>]
> = [
  ["OpenAI by chat completions", chat("openai", "gpt-4.1-mini"), weather, ["response_format", "json_schema", "schema"]],
  ["OpenAI by the Responses API", responses, weather, ["text", "format", "schema"]],
  ["Claude", anthropic("claude-haiku-4-5"), weather, ["output_config", "format", "schema"]],
  ["Gemini 2.5 without tools", gemini("gemini-2.5-flash"), none, ["generationConfig", "responseJsonSchema"]],
  ["Gemini 3", gemini("gemini-3-flash-preview"), weather, ["generationConfig", "responseJsonSchema"]],
  [
    "Mistral without tools",
    chat("mistral", "mistral-small-latest"),
    none,
    ["response_format", "json_schema", "schema"]
  ],
  ["Grok", chat("xai", "grok-4"), weather, ["response_format", "json_schema", "schema"]]
]

/** The place of the tool's name in a body, if the object is its arguments, and the forced choice. */
const called: ReadonlyArray<
  readonly [
    name: string,
    wire: Wire,
    toolkit: Toolkit.Any,
    path: ReadonlyArray<string | number>,
    choice: ReadonlyArray<string | number>
  ]
> = [
  [
    "DeepSeek",
    chat("deepseek", "deepseek-chat"),
    none,
    ["tools", 0, "function", "name"],
    ["tool_choice", "function", "name"]
  ],
  [
    "Groq with tools",
    chat("groq", "llama-3.3-70b-versatile"),
    weather,
    ["tools", 1, "function", "name"],
    ["tool_choice"]
  ],
  [
    "Mistral with tools",
    chat("mistral", "mistral-small-latest"),
    weather,
    ["tools", 1, "function", "name"],
    ["tool_choice"]
  ],
  ["an older Claude", anthropic("claude-3-5-haiku-latest"), weather, ["tools", 1, "name"], ["tool_choice", "type"]],
  [
    "Gemini 2.5 with tools",
    gemini("gemini-2.5-flash"),
    weather,
    ["tools", 0, "functionDeclarations", 1, "name"],
    ["toolConfig", "functionCallingConfig", "mode"]
  ]
]

describe("an object as a reply", () => {
  for (const [name, wire, toolkit, path] of held) {
    it.effect(`is the text of ${name}, which is held to its schema`, () =>
      Effect.gen(function* () {
        const { asked, body } = yield* asking(wire, wire.text(...pieces), toolkit)
        assert.deepStrictEqual(at(body, ...path, "required"), ["say", "n"])
        assert.strictEqual(asked.text, value)
        assert.deepStrictEqual(asked.calls, [])
        assert.notInclude(JSON.stringify((body as { tools?: unknown }).tools ?? []), '"reply"')
      })
    )
  }

  for (const [name, wire, toolkit, path, choice] of called) {
    it.effect(`is the arguments of a tool of ${name}, and appears as text all the same`, () =>
      Effect.gen(function* () {
        const { asked, body } = yield* asking(wire, wire.call("c1", "reply", ...pieces), toolkit)
        assert.strictEqual(at(body, ...path), "reply")
        assert.isDefined(at(body, ...choice))
        assert.strictEqual(asked.text, value)
        assert.deepStrictEqual(asked.calls, [])
        assert.strictEqual(asked.finish?.reason, "stop")
      })
    )
  }

  it.effect("is the arguments of a tool of a model that refuses the schema", () =>
    Effect.gen(function* () {
      const wire = chat("openai", "gpt-4.1-mini")
      const refused = OpenAiWire.failure(400, {
        message: "Invalid schema for response_format 'reply': 'oneOf' is not permitted.",
        param: "response_format"
      })
      const { asked, body } = yield* asking(wire, [refused, wire.call("c1", "reply", ...pieces)], weather)
      assert.isUndefined((body as { response_format?: unknown }).response_format)
      assert.strictEqual(at(body, "tools", 1, "function", "name"), "reply")
      assert.strictEqual(asked.text, value)
      assert.deepStrictEqual(asked.calls, [])
    })
  )

  it.effect("leaves other calls unchanged", () =>
    Effect.gen(function* () {
      const wire = chat("deepseek", "deepseek-chat")
      const { asked } = yield* asking(wire, wire.call("c1", "get_weather", '{"city":"Rome"}'), weather)
      assert.deepStrictEqual(asked.calls, [{ id: "c1", name: "get_weather", params: { city: "Rome" } }])
      assert.strictEqual(asked.text, "")
      assert.strictEqual(asked.finish?.reason, "tool-calls")
    })
  )

  it.effect("streams in pieces from a model by name, even as arguments of a tool", () =>
    Effect.gen(function* () {
      const wire = chat("deepseek", "deepseek-chat")
      const byName: Wire = {
        ...wire,
        layer: (baseUrl) => Models.fromString("deepseek/deepseek-chat", { apiKey, baseUrl })
      }
      const { asked } = yield* asking(wire, wire.call("c1", "reply", ...pieces), none, byName)
      assert.strictEqual(asked.text, value)
      assert.isAbove(asked.parts.filter(({ type }) => type === "text-delta").length, 1)
    })
  )

  it.effect("that breaks off is not continued by another model", () =>
    Effect.gen(function* () {
      const wire = chat("openai", "gpt-4.1-mini")
      const byName: Wire = {
        ...wire,
        layer: (baseUrl) => Models.fromString("openai/gpt-4.1-mini", { apiKey, baseUrl, retries: 2, api: "chat" })
      }
      const script: MockServer.Script = {
        pieces: [
          OpenAiWire.head,
          OpenAiWire.chunk({ content: '{"say": "One two ' }),
          OpenAiWire.chunk({ content: "three" })
        ],
        ending: "cut"
      }
      const { asked } = yield* asking(wire, script, none, byName)
      assert.isDefined(asked.error)
      assert.isTrue('{"say": "One two three'.startsWith(asked.text))
    })
  )
})

describe("the cache key", () => {
  const keyed: ReadonlyArray<readonly [name: string, wire: Wire, isSent: boolean]> = [
    ["OpenAI by the Responses API", responses, true],
    ["Mistral", chat("mistral", "mistral-small-latest"), true],
    ["a server that only speaks as OpenAI does", chat("openai", "gpt-4.1-mini"), false],
    ["Groq", chat("groq", "llama-3.3-70b-versatile"), false],
    ["GPT on Azure", chat("azure", "gpt-4.1-mini"), true],
    ["DeepSeek on Azure", chat("azure", "DeepSeek-V4-Pro"), false],
    ["Claude", anthropic("claude-haiku-4-5"), false],
    ["Gemini", gemini("gemini-2.5-flash"), false]
  ]
  for (const [name, wire, isSent] of keyed) {
    it.effect(`is ${isSent ? "" : "not "}sent to ${name}`, () =>
      Effect.gen(function* () {
        const { body } = yield* asking(wire, wire.text("ok"), none)
        assert.strictEqual((body as { prompt_cache_key?: string }).prompt_cache_key, isSent ? "antiphon-k" : undefined)
      })
    )
  }

  it("identifies one call without revealing its id", () => {
    const [one, other] = [Asking.cacheKeyOf("call-1"), Asking.cacheKeyOf("call-2")]
    assert.match(one, /^antiphon-[a-z0-9]{6,12}$/)
    assert.strictEqual(one, Asking.cacheKeyOf("call-1"))
    assert.notStrictEqual(one, other)
    assert.notInclude(one, "call")
  })
})
