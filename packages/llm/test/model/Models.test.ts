import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Logger, Redacted } from "effect"
import * as Model from "effect/ai/Model"
import * as ModelPlan from "../../src/model/ModelPlan.ts"
import * as Models from "../../src/model/Models.ts"
import { ask } from "../support/asking.ts"
import { at } from "../support/at.ts"
import * as MockServer from "../support/mockServer.ts"
import * as Wire from "../support/openAiServer.ts"
import * as Responses from "../support/responsesServer.ts"
import * as SocketServer from "../support/responsesSocketServer.ts"

const environment = (variables: Record<string, string>) =>
  ConfigProvider.layer(ConfigProvider.fromEnv({ env: variables }))

const build = (name: string, variables: Record<string, string> = {}, options?: Models.Options) =>
  Layer.build(Models.fromString(name, options)).pipe(
    Effect.flatMap((context) => Effect.provide(Effect.all([Model.ProviderName, Model.ModelName]), context)),
    Effect.scoped,
    Effect.provide(environment(variables))
  )

describe("Models", () => {
  const names: ReadonlyArray<readonly [string, string, string]> = [
    ["gpt-4.1-mini", "openai", "gpt-4.1-mini"],
    ["openai/gpt-4.1-mini", "openai", "gpt-4.1-mini"],
    ["chatgpt/gpt-4.1-mini", "openai", "gpt-4.1-mini"],
    ["OpenAI/GPT-X", "openai", "GPT-X"],
    ["anthropic/claude-haiku-4-5", "anthropic", "claude-haiku-4-5"],
    ["Gemini/gemini-2.5-flash", "gemini", "gemini-2.5-flash"],
    ["openrouter/anthropic/claude-haiku-4.5", "openrouter", "anthropic/claude-haiku-4.5"],
    ["fireworks_ai/accounts/fireworks/models/x", "fireworks", "accounts/fireworks/models/x"],
    ["hosted_vllm/Qwen/Qwen3", "vllm", "Qwen/Qwen3"],
    ["bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0", "bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0"],
    ["bedrock_converse/anthropic.claude-x", "bedrock", "anthropic.claude-x"],
    ["vertex_ai/claude-haiku-4-5@20251001", "vertex_ai", "claude-haiku-4-5@20251001"],
    ["vertex/gemini-2.5-flash", "vertex_ai", "gemini-2.5-flash"],
    ["acme/x", "acme", "x"]
  ]
  for (const [name, provider, model] of names) {
    it(`${name} is ${model} of ${provider}`, () => {
      assert.deepStrictEqual(Models.parse(name), { provider, model })
    })
  }

  it.effect("an unknown provider is an error that names the known ones", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(build("acme/x"))
      assert.strictEqual(error.reason, "UnknownProvider")
      for (const provider of Models.providers) assert.include(error.message, provider)
    })
  )

  it.effect("Bedrock and Vertex AI are built by name, and report missing settings", () =>
    Effect.gen(function* () {
      const aws = { AWS_REGION: "us-east-1" }
      const google = { GOOGLE_CLOUD_PROJECT: "p1" }
      const claude = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
      assert.deepStrictEqual(yield* build(`bedrock/${claude}`, aws), ["bedrock", claude])
      assert.deepStrictEqual(yield* build("vertex_ai/gemini-2.5-flash", google), ["vertex_ai", "gemini-2.5-flash"])
      assert.deepStrictEqual(yield* build("vertex_ai/claude-haiku-4-5@20251001", google), [
        "vertex_ai",
        "claude-haiku-4-5@20251001"
      ])
      for (const [name, said] of [
        [`bedrock/${claude}`, "AWS_REGION"],
        ["bedrock/", "does not name a model"],
        ["vertex_ai/gemini-2.5-flash", "GOOGLE_CLOUD_PROJECT"]
      ] as const) {
        assert.include((yield* Effect.flip(build(name))).message, said)
      }
      assert.strictEqual((yield* Effect.flip(build("bedrock/meta.llama3", aws))).reason, "UnknownModel")
    })
  )

  it("requests to Bedrock and Vertex AI follow the rules of Claude and Gemini", () => {
    const claude = Models.describe("bedrock/eu.anthropic.claude-sonnet-4-6-v1:0", { settings: { temperature: 0.2 } })
    assert.strictEqual(claude.api, "messages")
    assert.deepInclude(claude.request, { anthropic_version: "bedrock-2023-05-31", temperature: 0.2 } as never)
    assert.notProperty(claude.request, "model")
    assert.isNotEmpty(claude.sources)
    assert.deepStrictEqual(claude.sources, Models.describe("anthropic/claude-sonnet-4-6").sources)
    const vertex = Models.describe("vertex_ai/claude-haiku-4-5@20251001")
    assert.deepInclude(vertex.request, { anthropic_version: "vertex-2023-10-16", stream: true } as never)
    const gemini = Models.describe("vertex_ai/gemini-2.5-flash")
    assert.strictEqual(gemini.api, "gemini")
    assert.deepStrictEqual(gemini.request, Models.describe("gemini/gemini-2.5-flash").request)
    assert.deepStrictEqual(gemini.sources, Models.describe("gemini/gemini-2.5-flash").sources)
  })

  it.effect("a WebSocket uses the Responses API, whatever the model", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* SocketServer.make
        server.script(Responses.text("ok"))
        const options = { transport: "websocket", baseUrl: `${server.url}/v1`, apiKey: Redacted.make("k") } as const
        const { text } = yield* Effect.provide(ask(), Models.fromString("openai/gpt-4.1-mini", options))
        assert.strictEqual(text, "ok")
        assert.lengthOf(server.messages, 1)
        assert.isTrue(Models.describe("openai/gpt-5.4").sources.some((source) => source.includes("websocket-mode")))
      })
    )
  )

  it.effect("a provider without a model is an error", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(build("groq/"))).reason, "MissingModel")
      assert.strictEqual((yield* Effect.flip(build(""))).reason, "MissingModel")
    })
  )

  const needKeys = [
    ...Models.presets.filter((preset) => !preset.keyless),
    { name: "anthropic", keyVariables: ["ANTHROPIC_API_KEY"] }
  ]
  for (const { keyVariables, name } of needKeys) {
    it.effect(`${name} without a key is an error that names ${keyVariables.join(" and ")}; any of them suffices`, () =>
      Effect.gen(function* () {
        const address = name === "azure" ? { AZURE_OPENAI_ENDPOINT: "https://r.openai.azure.com" } : {}
        const error = yield* Effect.flip(build(`${name}/m`, { ...address, [keyVariables[0]!]: " " }))
        assert.strictEqual(error.reason, "MissingKey")
        for (const variable of keyVariables) {
          assert.include(error.message, variable)
          assert.deepStrictEqual(yield* build(`${name}/m`, { ...address, [variable]: "k" }), [name, "m"])
        }
        assert.deepStrictEqual(yield* build(`${name}/m`, address, { apiKey: Redacted.make("k") }), [name, "m"])
      })
    )
  }

  for (const name of ["ollama", "vllm", "lmstudio"]) {
    it.effect(`${name} needs no key`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* build(`${name}/m`), [name, "m"])
      })
    )
  }

  it.effect("azure without an address is an error that names its variable", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(build("azure/d", { AZURE_OPENAI_API_KEY: "k" }))
      assert.strictEqual(error.reason, "MissingAddress")
      assert.include(error.message, "AZURE_OPENAI_ENDPOINT")
    })
  )

  it.effect("an address that is invalid, or has a password in it, is an error that does not repeat it", () =>
    Effect.gen(function* () {
      for (const [address, why] of [
        ["user:secret@host", "http or https"],
        ["https://user:secret@host/v1", "headers"],
        ["https://secret@host/v1", "headers"]
      ] as const) {
        const error = yield* Effect.flip(build("openai/m", { OPENAI_API_KEY: "k", OPENAI_BASE_URL: address }))
        assert.strictEqual(error.reason, "InvalidAddress")
        assert.include(error.message, why)
        assert.notInclude(error.message, "secret")
      }
    })
  )

  const asked = (name: string, variables: (url: string) => Record<string, string>) =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* MockServer.make
        server.script(Wire.text("ok"))
        const layer = Layer.provide(Models.fromString(name), environment(variables(server.url)))
        const { text } = yield* Effect.provide(ask(), layer)
        assert.strictEqual(text, "ok")
        return server.requests[0]!
      })
    )

  it.effect("OPENAI_BASE_URL is the address of OpenAI, and gets the key if there is one", () =>
    Effect.gen(function* () {
      const keyless = yield* asked("m", (url) => ({ OPENAI_BASE_URL: `${url}/v9/` }))
      assert.strictEqual(keyless.path, "/v9/chat/completions")
      assert.notProperty(keyless.headers, "authorization")
      const keyed = yield* asked("m", (url) => ({ OPENAI_BASE_URL: url, OPENAI_API_KEY: "k" }))
      assert.strictEqual(keyed.headers.authorization, "Bearer k")
    })
  )

  it.effect("azure appends the path of chat completions to the address of the resource", () =>
    Effect.gen(function* () {
      const request = yield* asked("azure/d", (url) => ({ AZURE_API_BASE: url, AZURE_API_KEY: "k" }))
      assert.strictEqual(request.path, "/openai/v1/chat/completions")
    })
  )

  it.effect("only OpenAI receives the organization", () =>
    Effect.gen(function* () {
      const before = process.env["OPENAI_ORG_ID"]
      process.env["OPENAI_ORG_ID"] = "org-secret"
      const request = yield* Effect.ensuring(
        asked("groq/m", (url) => ({ GROQ_BASE_URL: url, GROQ_API_KEY: "k" })),
        Effect.sync(() => {
          if (before === undefined) delete process.env["OPENAI_ORG_ID"]
          else process.env["OPENAI_ORG_ID"] = before
        })
      )
      assert.notInclude(JSON.stringify(request.headers), "org-secret")
    })
  )

  it.effect("an unknown provider uses chat completions at the given address", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* MockServer.make
        server.script(Wire.text("ok"))
        const layer = Models.fromString("acme/x", { baseUrl: server.url })
        const provided = Effect.all([ask(), Model.ProviderName, Model.ModelName])
        const [{ text }, provider, model] = yield* Effect.provide(provided, layer)
        assert.deepStrictEqual([text, provider, model], ["ok", "acme", "x"])
        assert.strictEqual(at(server.requests, 0, "body", "model"), "x")
      })
    )
  )

  const passing: ReadonlyArray<readonly [string, MockServer.Script]> = [
    ["a provider that is busy", Wire.failure(429, { message: "x" }, { "retry-after-ms": "10" })],
    ["a provider that is overloaded", Wire.failure(529, { message: "x" })],
    ["a connection that is lost", { pieces: [], ending: "cut" }],
    ["an empty reply", Wire.reply([])]
  ]
  for (const [what, script] of passing) {
    it.live(`retries twice after ${what}`, () =>
      Effect.scoped(
        Effect.gen(function* () {
          const server = yield* MockServer.make
          server.script(script, script, Wire.text("Recovered."))
          const { text } = yield* Effect.provide(ask(), Models.fromString("acme/x", { baseUrl: server.url }))
          assert.strictEqual(text, "Recovered.")
          assert.lengthOf(server.requests, 3)
          server.script(script)
          const once = Models.fromString("acme/x", { baseUrl: server.url, retries: 0 })
          assert.isDefined((yield* Effect.provide(ask(), once)).error)
          assert.lengthOf(server.requests, 4)
        })
      )
    )
  }

  it.live("continues a reply that broke off", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* MockServer.make
        server.script(
          { pieces: [Wire.chunk({ content: "We are open " }), Wire.chunk({ content: "until " })], ending: "cut" },
          Wire.text("until six.")
        )
        const { text } = yield* Effect.provide(ask(), Models.fromString("acme/x", { baseUrl: server.url }))
        assert.strictEqual(text, "We are open until six.")
      })
    )
  )

  it.live("a client error is not retried, and every error goes to the fallbacks", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const [first, second] = [yield* MockServer.make, yield* MockServer.make]
        const variables = { GROQ_API_KEY: "k", GROQ_BASE_URL: second.url }
        const layer = Models.fromString("acme/x", { baseUrl: first.url, fallbacks: ["groq/y"] }).pipe(
          Layer.provide(environment(variables))
        )
        for (const status of [400, 401, 404, 429, 500]) {
          first.script(Wire.failure(status, { message: "no" }))
          second.script(Wire.text("Second."))
          assert.strictEqual((yield* Effect.provide(ask(), layer)).text, "Second.", `${status}`)
        }
        assert.deepStrictEqual([first.requests.length, second.requests.length], [5, 5])
        assert.strictEqual(at(second.requests, 0, "body", "model"), "y")
      })
    )
  )

  it.live("the log has the provider's sentence once, on one line that names provider and model", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* MockServer.make
        server.script(Wire.failure(401, { message: "This key was revoked." }))
        const lines: Array<string> = []
        const logger = Logger.make<unknown, void>(({ message }) => void lines.push([message].flat().map(String).join()))
        const layer = Models.fromString("acme/x", { baseUrl: server.url })
        yield* Effect.provide(ask(), Layer.merge(layer, Logger.layer([logger])))
        const [told, ...others] = lines.filter((line) => line.includes("This key was revoked."))
        assert.match(told!, /acme\/x\.streamText: .*This key was revoked\. \(401\)$/)
        assert.deepStrictEqual(others, [])
      })
    )
  )

  it.effect("a fallback without a key is detected before the first request", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(build("openai/m", { OPENAI_API_KEY: "k" }, { fallbacks: ["groq/y"] }))
      assert.strictEqual(error.reason, "MissingKey")
      assert.strictEqual(error.provider, "groq")
    })
  )

  it.live("as a step of a plan does not retry by itself: the plan decides", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* MockServer.make
        server.script(Wire.failure(500, { message: "no" }), Wire.text("Second."))
        const model = Models.fromString("acme/x", { baseUrl: server.url })
        const plan = ModelPlan.make({ name: "a", model }, { name: "b", model })
        assert.strictEqual((yield* Effect.provide(ask(), ModelPlan.layer(plan))).text, "Second.")
        assert.lengthOf(server.requests, 2)
      })
    )
  )

  const apis: ReadonlyArray<readonly [string, Models.Description["api"], (string | undefined)?]> = [
    ["openai/gpt-4.1-mini", "chat"],
    ["openai/gpt-5", "chat"],
    ["openai/gpt-5.4", "responses"],
    ["openai/gpt-5.6-luna", "responses"],
    ["openai/gpt-5-pro", "responses"],
    ["openai/gpt-5.2-chat-latest", "chat"],
    ["openai/gpt-5.4", "chat", "http://localhost:4000/v1"],
    ["openai/gpt-5.4", "responses", "https://eu.api.openai.com/v1"],
    ["gemini/gemini-2.5-flash", "gemini"],
    ["gemini/gemini-2.5-flash", "chat", "http://localhost:4000/v1"],
    ["anthropic/claude-haiku-4-5", "messages"],
    ["litellm_proxy/gpt-5.4", "chat"]
  ]
  for (const [name, api, baseUrl] of apis) {
    it(`${name} at ${baseUrl ?? "its own address"} uses ${api}`, () => {
      assert.strictEqual(Models.describe(name, { baseUrl }).api, api)
    })
  }

  it.effect("the described API is the one used", () =>
    Effect.gen(function* () {
      const paths: Array<string> = []
      for (const api of ["chat", "responses", "gemini"] as const) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const server = yield* MockServer.make
            const options = { api, baseUrl: server.url, apiKey: Redacted.make("k"), retries: 0 }
            yield* Effect.provide(ask(), Models.fromString("gemini/m", options))
            paths.push(server.requests[0]!.path)
          })
        )
      }
      assert.deepStrictEqual(paths, ["/chat/completions", "/responses", "/models/m:streamGenerateContent?alt=sse"])
    })
  )

  it("describes what would be sent, with and without a tool, with sources", () => {
    const described = Models.describe("litellm_proxy/gpt-5.6-luna", { settings: { temperature: 0.5, maxTokens: 50 } })
    assert.deepInclude(described.request, {
      model: "gpt-5.6-luna",
      reasoning_effort: "none",
      max_completion_tokens: 50
    })
    assert.deepInclude(described.requestWithTool, { reasoning_effort: "none" })
    assert.match(described.sources.join(), /litellm#34569/)
    for (const name of ["openai/gpt-5.4", "gemini/gemini-3-flash", "anthropic/claude-opus-5-5", "acme/x"]) {
      const { request, requestWithTool, sources } = Models.describe(name)
      assert.include(JSON.stringify(requestWithTool), "weather")
      assert.notInclude(JSON.stringify(request), "weather")
      if (name !== "acme/x") assert.isNotEmpty(sources)
    }
  })

  it("no two providers share a name", () => {
    const all = Models.presets.flatMap((preset) => [preset.name, ...(preset.aliases ?? [])])
    assert.strictEqual(new Set(all).size, all.length)
  })
})
