import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import * as Bedrock from "../../src/model/Bedrock.ts"
import * as AiErrors from "../../src/model/internal/provider/aiErrors.ts"
import * as ModelError from "../../src/model/internal/provider/modelError.ts"
import * as OptionalPackage from "../../src/model/internal/provider/optionalPackage.ts"
import * as ModelFailure from "../../src/model/ModelFailure.ts"
import * as ModelSettings from "../../src/model/ModelSettings.ts"
import * as Contract from "./contract/provider.ts"
import * as Wire from "../support/anthropicServer.ts"
import { ask } from "../support/asking.ts"
import { at } from "../support/at.ts"
import * as Frames from "../support/bedrockServer.ts"
import * as MockServer from "../support/mockServer.ts"

const model = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
const secret = "wJalrXUtnFEMI"
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: Redacted.make(secret) }

const layer = (url: string, options: Partial<Bedrock.Options> = {}) =>
  Bedrock.layer({ model, region: "us-east-1", credentials, baseUrl: url, ...options })

// Bedrock's statuses, and its names for them.
const names: { readonly [status: number]: string } = {
  400: "ValidationException",
  403: "AccessDeniedException",
  404: "ResourceNotFoundException",
  408: "ModelTimeoutException",
  429: "ThrottlingException",
  503: "ServiceUnavailableException"
}

Contract.suite("Bedrock, as every provider", {
  layer,
  key: secret,
  model,
  text: (...texts) => Frames.play(Wire.contract.text(...texts)),
  call: (...call) => Frames.play(Wire.contract.call(...call)),
  callCutOff: (...call) => Frames.play(Wire.contract.callCutOff(...call)),
  finished: (...end) => Frames.play(Wire.contract.finished(...end)),
  failure: (status, headers) => Frames.failure(status, names[status] ?? "InternalServerException", headers),
  overloaded: Frames.exception("serviceUnavailableException", "the secret prompt"),
  framed: Frames.frame
})

const run = <A, E>(
  test: (server: MockServer.MockServer) => Effect.Effect<A, E, LanguageModel.LanguageModel>,
  options: Partial<Bedrock.Options> = {}
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const server = yield* MockServer.make
      return yield* Effect.provide(test(server), layer(server.url, options))
    })
  )

const env = (variables: Record<string, string>) =>
  Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: variables }))

describe("Bedrock", () => {
  it.effect("signs a request with the model in its address, without sending the secret", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(Frames.play(Wire.text("ok")))
        yield* ask(
          Prompt.make([
            { role: "system", content: "Be brief." },
            { role: "user", content: [{ type: "text", text: "hi" }] }
          ])
        ).pipe(ModelSettings.override({ temperature: 0.3, maxTokens: 55 }))
        const [request] = server.requests
        assert.strictEqual(request?.path, `/model/${model}/invoke-with-response-stream`)
        assert.match(
          String(request?.headers.authorization),
          /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/bedrock\/aws4_request, SignedHeaders=[\w;-]+, Signature=[0-9a-f]{64}$/
        )
        assert.match(String(request?.headers["x-amz-date"]), /^\d{8}T\d{6}Z$/)
        assert.notInclude(JSON.stringify(request), secret)
        assert.deepInclude(request?.body, {
          anthropic_version: "bedrock-2023-05-31",
          max_tokens: 55,
          temperature: 0.3
        } as never)
        assert.strictEqual(at(request, "body", "system", 0, "text"), "Be brief.")
        for (const field of ["model", "stream"]) assert.notProperty(request?.body, field)
      })
    )
  )

  it.effect("sends a Bedrock API key instead of a signature, and the session token of temporary credentials", () =>
    Effect.gen(function* () {
      yield* run(
        (server) =>
          Effect.gen(function* () {
            server.script(Frames.play(Wire.text("ok")))
            assert.strictEqual((yield* ask()).text, "ok")
            assert.strictEqual(server.requests[0]?.headers.authorization, "Bearer bedrock-key")
          }),
        { apiKey: Redacted.make("bedrock-key") }
      )
      yield* run(
        (server) =>
          Effect.gen(function* () {
            server.script(Frames.play(Wire.text("ok")))
            yield* ask()
            assert.strictEqual(server.requests[0]?.headers["x-amz-security-token"], "session")
            assert.include(String(server.requests[0]?.headers.authorization), "x-amz-security-token")
          }),
        { credentials: { ...credentials, sessionToken: Redacted.make("session") } }
      )
    })
  )

  it.effect("takes region and credentials from the environment, or the region from the model's name", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* MockServer.make
        const variables = {
          AWS_REGION: "eu-west-1",
          AWS_ACCESS_KEY_ID: "AKIDENV",
          AWS_SECRET_ACCESS_KEY: "s",
          AWS_BEDROCK_RUNTIME_ENDPOINT: server.url
        }
        const signed = (options: Bedrock.Options, own: Record<string, string> = variables) =>
          Effect.gen(function* () {
            server.script(Frames.play(Wire.text("ok")))
            yield* Effect.provide(ask(), Layer.fresh(Bedrock.layer(options)))
            const last = server.requests.at(-1)
            return [String(last?.headers.authorization).slice(0, 70), last?.path] as const
          }).pipe(env(own))
        const [authorization] = yield* signed({ model })
        assert.match(authorization, /Credential=AKIDENV\/\d{8}\/eu-west-1\/bedrock/)
        for (const name of [`ap-south-1/${model}`, `converse/ap-south-1/${model}`, `invoke/ap-south-1/${model}`]) {
          const [authorization, path] = yield* signed({ model: name })
          assert.match(authorization, /ap-south-1\/bedrock/)
          assert.include(path, `/model/${model}/`)
        }
        const arn =
          "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0"
        assert.strictEqual(
          (yield* signed({ model: arn }))[1],
          `/model/${arn.replace("/", "%2F")}/invoke-with-response-stream`
        )
        const key = yield* signed({ model }, { ...variables, AWS_BEARER_TOKEN_BEDROCK: "k" })
        assert.strictEqual(key[0], "Bearer k")
      })
    )
  )

  it.effect("reports missing settings before the first request", () =>
    Effect.gen(function* () {
      const reason = (options: Bedrock.Options) =>
        Effect.scoped(Layer.build(Bedrock.layer(options))).pipe(Effect.flip, env({}))
      const region = yield* reason({ model })
      assert.strictEqual(region.reason, "MissingAddress")
      assert.include(region.message, "AWS_REGION")
      const other = yield* reason({ model: "amazon.nova-pro-v1:0", region: "us-east-1" })
      assert.strictEqual(other.reason, "UnknownModel")
      assert.include(other.message, "openrouter")
    })
  )

  it.effect("names the package that is not installed", () =>
    Effect.gen(function* () {
      const missing = Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" })
      const load = (cause: unknown) =>
        OptionalPackage.load("bedrock", "@anthropic-ai/bedrock-sdk", () => Promise.reject(cause))
      const error = yield* Effect.flip(load(missing))
      assert.instanceOf(error, ModelError.ModelError)
      assert.strictEqual(error.reason, "MissingPackage")
      assert.include(error.message, "npm install @anthropic-ai/bedrock-sdk")
      assert.isTrue((yield* Effect.exit(load(new Error("broken"))))._tag === "Failure")
    })
  )

  it.effect("names the missing credentials", () =>
    Effect.gen(function* () {
      const nowhere = { AWS_EC2_METADATA_DISABLED: "true", AWS_PROFILE: "nobody", HOME: "/nowhere" }
      const before = { ...process.env }
      Object.assign(process.env, nowhere)
      const asked = yield* ask().pipe(
        Effect.provide(Layer.fresh(Bedrock.layer({ model, region: "us-east-1", baseUrl: "http://127.0.0.1:1" }))),
        env({}),
        Effect.ensuring(
          Effect.sync(() => {
            for (const name of Object.keys(nowhere)) {
              if (before[name] === undefined) delete process.env[name]
              else process.env[name] = before[name]
            }
          })
        )
      )
      assert.strictEqual(asked.error?.reason._tag, "AuthenticationError")
      assert.include(asked.error?.message, "AWS_ACCESS_KEY_ID")
    })
  )

  it.effect("maps Bedrock's exceptions, both in a response and in a stream", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script({
          ...Frames.failure(400, "ValidationException"),
          pieces: [JSON.stringify({ message: "Input is too long for requested model." })]
        })
        const tooLong = (yield* ask()).error
        assert.isTrue(tooLong !== undefined && ModelFailure.isContextTooLong(tooLong))
        const meaning = {
          throttlingException: "RateLimitError",
          validationException: "InvalidRequestError",
          internalServerException: "InternalProviderError",
          modelStreamErrorException: "InternalProviderError"
        }
        for (const [type, tag] of Object.entries(meaning)) {
          const script = Frames.play(Wire.text("Hello"))
          server.script({
            ...script,
            pieces: [...script.pieces.slice(0, -3), Frames.exception(type, "the secret prompt")]
          })
          const { error, text } = yield* ask()
          assert.strictEqual(text, "Hello")
          assert.strictEqual(error?.reason._tag, tag)
        }
        const script = Frames.play(Wire.text("Hello"))
        server.script({ ...script, pieces: [Frames.exception("modelTimeoutException", "slow")] })
        const { error } = yield* ask()
        assert.strictEqual(error && AiErrors.details(error).kind, "Timeout")
      })
    )
  )

  it.effect("uses the thinking settings of the model named", () =>
    run((server) =>
      Effect.gen(function* () {
        server.script(Frames.play(Wire.text("ok")))
        yield* ask().pipe(ModelSettings.override({ reasoningEffort: "low" }))
        assert.strictEqual(at(server.requests, 0, "body", "thinking", "type"), "enabled")
      })
    )
  )
})
