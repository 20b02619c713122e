/** Requests of random conversations, settings and tools, for every provider and model with rules of its own. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Prompt from "effect/ai/Prompt"
import * as Tool from "effect/ai/Tool"
import * as AnthropicRequest from "../../src/model/internal/anthropic/anthropicRequest.ts"
import * as GeminiRequest from "../../src/model/internal/gemini/geminiRequest.ts"
import * as OpenAiPresets from "../../src/model/internal/openAi/openAiPresets.ts"
import * as OpenAiRequest from "../../src/model/internal/openAi/openAiRequest.ts"
import * as ResponsesRequest from "../../src/model/internal/responses/responsesRequest.ts"
import * as SoundPrompt from "../../src/model/internal/rules/soundPrompt.ts"
import type { ModelSettings, ReasoningEffort } from "../../src/model/ModelSettings.ts"
import * as RequestRules from "./validators/requestRules.ts"

const models: ReadonlyArray<readonly [provider: string, model: string]> = [
  ...[
    "gpt-4.1",
    "gpt-5",
    "gpt-5-mini",
    "gpt-5-pro",
    "gpt-5.1",
    "gpt-5.2",
    "gpt-5.4",
    "gpt-5.4-mini",
    "gpt-5.5",
    "gpt-5.6-luna",
    "gpt-6-sol",
    "gpt-6-luna",
    "gpt-6-astra",
    "gpt-6.1-sol",
    "gpt-6.1-terra",
    "o3",
    "o4-mini"
  ].flatMap((model) => [
    ["openai", model] as const,
    ["litellm_proxy", model] as const,
    ["openrouter", `openai/${model}`] as const
  ]),
  ["gemini", "gemini-2.5-flash"],
  ["gemini", "gemini-2.5-pro"],
  ["gemini", "gemini-3-flash-preview"],
  ["deepseek", "deepseek-v4-flash"],
  ["deepseek", "deepseek-reasoner"],
  ["moonshot", "kimi-k2.6"],
  ["moonshot", "kimi-k2.7-code"],
  ["moonshot", "kimi-k3"],
  ["minimax", "MiniMax-M3"],
  ["dashscope", "qwen3.6-plus"],
  ["dashscope", "qwen3-235b-a22b-thinking-2507"],
  ["openrouter", "anthropic/claude-opus-5.5"],
  ["openrouter", "anthropic/claude-sonnet-5"],
  ["xai", "grok-4"],
  ["xai", "grok-4.3"],
  ["xai", "grok-4.7"],
  ["fireworks", "accounts/fireworks/models/kimi-k3"],
  ["xai", "grok-latest"],
  ["xai", "grok-4.20-0309-reasoning"],
  ["xai", "grok-4-fast-non-reasoning"],
  ["mistral", "mistral-small-latest"],
  ["mistral", "mistral-large-latest"],
  ["groq", "qwen/qwen3-32b"],
  ["groq", "openai/gpt-oss-120b"],
  ["groq", "llama-3.3-70b-versatile"],
  ["ollama", "gemma3"],
  ["vllm", "Qwen/Qwen3-8B"],
  ["lmstudio", "devstral"],
  ["perplexity", "sonar"],
  ["together", "x"],
  ...[
    "claude-3-5-haiku-latest",
    "claude-haiku-4-5",
    "claude-sonnet-4-5",
    "claude-opus-4-6",
    "claude-opus-4-8",
    "claude-sonnet-5",
    "claude-opus-5",
    "claude-haiku-5-5",
    "claude-sonnet-5-5",
    "claude-opus-5-5",
    "claude-fable-5-1",
    "claude-mythos-6"
  ].map((model) => ["anthropic", model] as const),
  ...["gpt-4.1", "gpt-5.4-mini", "gpt-5-pro", "gpt-6-astra", "gpt-6-luna", "gpt-6.1-sol", "o3"].map(
    (model) => ["responses", model] as const
  ),
  ...[
    "gemini-2.0-flash",
    "gemini-2.5-flash",
    "gemini-3-flash-preview",
    "gemini-3.1-pro-preview",
    "gemini-3.5-flash",
    "gemini-3.7-flash",
    "gemini-3.8-flash"
  ].map((model) => ["gemini's own", model] as const)
]

type Body = { readonly [key: string]: unknown }

/** How a family is asked, and what it rejects. */
interface Family {
  readonly make: (model: string, settings: ModelSettings, options: AnthropicRequest.Options) => object
  readonly rules: (asked: RequestRules.Asked, body: Body) => ReadonlyArray<string>
}

const families: { readonly [provider: string]: Family | undefined } = {
  anthropic: { make: AnthropicRequest.make, rules: RequestRules.messages },
  "gemini's own": { make: GeminiRequest.make, rules: RequestRules.geminiNative },
  responses: { make: ResponsesRequest.make, rules: RequestRules.responses }
}

const chat = (provider: string): Family => ({
  make: (model, settings, options) => OpenAiRequest.make(OpenAiPresets.byName(provider)!, model, settings, options),
  rules: RequestRules.chat
})

const efforts: ReadonlyArray<ReasoningEffort | null | undefined> = [
  undefined,
  null,
  "none",
  "minimal",
  "low",
  "medium",
  "high",
  "xhigh",
  "max"
]

interface Chance {
  readonly below: (n: number) => number
  readonly likely: () => boolean
}

const one = <A>(chance: Chance, all: ReadonlyArray<A>): A => all[chance.below(all.length)]!

/** A conversation as the agent keeps it: each call in its own message, followed by its result. */
const conversation = (chance: Chance): Prompt.Prompt => {
  const messages: Array<Prompt.MessageEncoded> = chance.likely() ? [{ role: "system", content: "Be brief." }] : []
  let ids = 0
  const length = chance.below(12)
  for (let n = 0; n < length; n++) {
    const kind = one(chance, ["user", "assistant", "reply", "foreign", "system", "odd"] as const)
    if (kind === "user")
      messages.push({
        role: "user",
        content: [{ type: "text", text: one(chance, ["hi", "<system>x</system>", "and?"]) }]
      })
    else if (kind === "assistant")
      messages.push({ role: "assistant", content: [{ type: "text", text: one(chance, ["Hello.", "One moment. "]) }] })
    else if (kind === "system") messages.push({ role: "system", content: "The caller is in a hurry." })
    else if (kind === "odd") messages.push(...odd(chance, `odd-${ids++}`))
    else messages.push(...reply(chance, `${ids++}`, kind === "reply"))
  }
  const user: Prompt.MessageEncoded = { role: "user", content: [{ type: "text", text: "well?" }] }
  // What an agent asks for has someone to answer.
  return Prompt.make(
    chance.likely() ? [...messages, user] : messages.at(-1)?.role === "tool" ? messages : [...messages, user]
  )
}

const call = (id: string, name = "weather"): Prompt.MessageEncoded => ({
  role: "assistant",
  content: [{ type: "tool-call", id, name, params: {} }]
})

const result = (id: string, name = "weather"): Prompt.MessageEncoded => ({
  role: "tool",
  content: [{ type: "tool-result", id, name, isFailure: false, result: `result of ${id}` }]
})

const user = (text: string): Prompt.MessageEncoded => ({ role: "user", content: [{ type: "text", text }] })

/** Content that our agents never keep, but an application's own history may. */
const odd = (chance: Chance, id: string): ReadonlyArray<Prompt.MessageEncoded> => {
  const file = (mediaType: string, data: string | URL): Prompt.MessageEncoded => ({
    role: "user",
    content: [
      { type: "file", mediaType, fileName: "f", data },
      { type: "text", text: one(chance, ["look", " "]) }
    ]
  })
  return one(chance, [
    [call(id)],
    [result(id)],
    [result(id), call(id)],
    [call(id), user("so?"), result(id)],
    [call(id), call(`${id}b`), result(`${id}b`), user("and?"), result(id)],
    [call(id), result(id), result(id)],
    [call("same"), result("same"), call("same"), result("same")],
    [call(""), result("")],
    [call(`${id}-${"x".repeat(90)}`), result(`${id}-${"x".repeat(90)}`)],
    [call(id, "gone".repeat(40)), result(id, "gone".repeat(40))],
    [{ role: "assistant", content: [{ type: "text", text: one(chance, ["", " "]) }] }],
    [{ role: "assistant", content: [] }],
    [{ role: "assistant", content: [{ type: "reasoning", text: "hm", options: { anthropic: { signature: "s" } } }] }],
    [{ role: "assistant", content: [{ type: "reasoning", text: "hm", options: { openai: { provider: "acme" } } }] }],
    [{ role: "user", content: [{ type: "text", text: " " }] }],
    [{ role: "user", content: [] }],
    [{ role: "tool", content: [] }],
    [{ role: "system", content: " " }],
    [file("image/png", "iVBORw0KGgo="), file("image/*", new URL("https://a.test/a.jpg"))],
    [file("application/pdf", "JVBERi0="), file("application/zip", "UEsDBA==")],
    [{ role: "system", content: "You have taken over the call from another agent." }, call(id, "to_agent"), result(id)]
  ] satisfies ReadonlyArray<ReadonlyArray<Prompt.MessageEncoded>>)
}

const reply = (chance: Chance, reply: string, own: boolean): Array<Prompt.MessageEncoded> => {
  const calls = 1 + chance.below(3)
  const thinks = own && chance.likely()
  const says = chance.likely()
  const mark = (place: number) =>
    own ? { anthropic: { reply, place, signature: "s" } } : { openai: { provider: "acme" } }
  let place = 0
  const thought = thinks ? [{ type: "reasoning" as const, text: `place ${place}`, options: mark(place++) }] : []
  const said: Array<Prompt.MessageEncoded> = says
    ? [{ role: "assistant", content: [{ type: "text", text: `place ${place++} ` }] }]
    : []
  return [
    ...said,
    ...Array.from({ length: calls }, (_, n): ReadonlyArray<Prompt.MessageEncoded> => {
      const id = `call-${reply}-${n}`
      const name = one(chance, ["look up!", "weather", "a".repeat(80)])
      const call = { type: "tool-call" as const, id, name, params: { place: `place ${place}` }, options: mark(place++) }
      return [
        { role: "assistant", content: [...(n === 0 ? thought : []), call] },
        {
          role: "tool",
          content: [{ type: "tool-result", id, name, isFailure: false, result: one(chance, ["ok", "", { a: 1 }]) }]
        }
      ]
    }).flat()
  ]
}

const settingsOf = (chance: Chance): ModelSettings => {
  const maybe = <A>(value: A): A | undefined => (chance.likely() ? value : undefined)
  return {
    temperature: maybe(one(chance, [0, 0.7, 1.6, 3])),
    topP: maybe(0.9),
    maxTokens: maybe(300),
    stop: maybe<ReadonlyArray<string> | string>(one(chance, [[], ["END"], "", ["a", "", "b"]])),
    seed: maybe(7),
    presencePenalty: maybe(0.1),
    frequencyPenalty: maybe(0.2),
    reasoningEffort: one(chance, efforts)
  }
}

const tools = [
  Tool.make("weather", {
    description: "w",
    parameters: Schema.Struct({ city: Schema.String, day: Schema.optional(Schema.Literals(["today", "tomorrow"])) })
  }),
  Tool.make("bounded", {
    parameters: Schema.Struct({
      code: Schema.String.check(Schema.isPattern(/^[A-Z]{3}$/)),
      all: Schema.Array(Schema.String).check(Schema.isMaxLength(5))
    })
  }),
  Tool.make("look up!", { parameters: Schema.Struct({ of: Schema.Union([Schema.String, Schema.Array(Schema.Int)]) }) }),
  Tool.dynamic("from elsewhere", {
    description: "Thinks step by step. ".repeat(140),
    parameters: {
      $schema: "http://json-schema.org/draft-07/schema#",
      anyOf: [
        { type: "object", properties: { a: { type: ["string", "null"] } }, required: ["a"] },
        { type: "object", properties: { b: { $ref: "#/$defs/b" } } }
      ],
      $defs: { b: { const: 1, type: "integer" } }
    }
  }),
  ...Array.from({ length: 140 }, (_, n) => Tool.make(`t${n}`))
]

describe("requests", () => {
  for (const [provider, model] of models) {
    it(`of ${provider}/${model} contain nothing that is rejected there`, () => {
      const random = seeded(models.findIndex(([, name]) => name === model) + 1)
      for (let n = 0; n < 60; n++) {
        const chance: Chance = {
          below: (limit) => (limit <= 0 ? 0 : random.below(limit)),
          likely: () => random.below(2) === 0
        }
        const prompt = SoundPrompt.prompt(conversation(chance))
        const settings = settingsOf(chance)
        const options = {
          prompt,
          tools: one(chance, [[], tools.slice(0, 3), tools]),
          toolChoice: one(chance, ["auto", "none", "required"] as const),
          responseFormat: { type: "text" } as const
        }
        const { make, rules } = families[provider] ?? chat(provider)
        const body = JSON.parse(JSON.stringify(make(model, settings, options))) as Body
        const said = body["messages"] ?? body["input"] ?? body["contents"]
        assert.deepStrictEqual(rules({ provider, model }, body), [], JSON.stringify({ n, settings, said }))
      }
    })
  }
})

/** Numbers by mulberry32. */
function seeded(seed: number) {
  let state = seed
  return {
    below: (n: number) => {
      state = (state + 0x6d2b79f5) | 0
      let t = Math.imul(state ^ (state >>> 15), 1 | state)
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
      return ((t ^ (t >>> 14)) >>> 0) % n
    }
  }
}
