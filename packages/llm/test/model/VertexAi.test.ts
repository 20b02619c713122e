import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import type * as LanguageModel from "effect/ai/LanguageModel"
import { OAuth2Client } from "google-auth-library"
import * as Http from "node:http"
import type * as Net from "node:net"
import * as ModelSettings from "../../src/model/ModelSettings.ts"
import * as VertexAi from "../../src/model/VertexAi.ts"
import * as Contract from "./contract/provider.ts"
import * as Claude from "../support/anthropicServer.ts"
import { ask } from "../support/asking.ts"
import { at } from "../support/at.ts"
import * as Gemini from "../support/geminiServer.ts"
import * as MockServer from "../support/mockServer.ts"

const token = "ya29.secret-token"

const layer =
  (model: string) =>
  (url: string, options: Partial<VertexAi.Options> = {}) =>
    VertexAi.layer({ model, project: "p1", apiKey: Redacted.make(token), baseUrl: `${url}/v1`, ...options })

const claude = "claude-haiku-4-5@20251001"
const gemini = "gemini-2.5-flash"

Contract.suite("VertexAi with Gemini, as every provider", {
  layer: layer(gemini),
  key: token,
  model: gemini,
  ...Gemini.contract
})
Contract.suite("VertexAi with Claude, as every provider", {
  layer: layer(claude),
  key: token,
  model: claude,
  ...Claude.contract
})

const run = <A, E>(
  model: string,
  test: (server: MockServer.MockServer) => Effect.Effect<A, E, LanguageModel.LanguageModel>,
  options: Partial<VertexAi.Options> = {}
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const server = yield* MockServer.make
      return yield* Effect.provide(test(server), layer(model)(server.url, options))
    })
  )

const env = (variables: Record<string, string>) =>
  Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: variables }))

describe("VertexAi", () => {
  it.effect("uses Gemini's API at the address of the project", () =>
    run(
      gemini,
      (server) =>
        Effect.gen(function* () {
          server.script(Gemini.text("ok"))
          yield* ask().pipe(ModelSettings.override({ maxTokens: 55 }))
          const [request] = server.requests
          assert.strictEqual(
            request?.path,
            "/v1/projects/p1/locations/europe-west1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
          )
          assert.strictEqual(request?.headers.authorization, `Bearer ${token}`)
          assert.notProperty(request?.headers, "x-goog-api-key")
          assert.deepInclude(at(request, "body", "generationConfig") as object, {
            maxOutputTokens: 55,
            thinkingConfig: { thinkingBudget: 0 }
          })
        }),
      { location: "europe-west1" }
    )
  )

  it.effect("uses Claude's API, with the model in the address", () =>
    run(claude, (server) =>
      Effect.gen(function* () {
        server.script(Claude.text("ok"))
        yield* ask().pipe(ModelSettings.override({ temperature: 0.3 }))
        const [request] = server.requests
        assert.strictEqual(
          decodeURIComponent(request?.path ?? ""),
          "/v1/projects/p1/locations/global/publishers/anthropic/models/claude-haiku-4-5@20251001:streamRawPredict"
        )
        assert.strictEqual(request?.headers.authorization, `Bearer ${token}`)
        assert.deepInclude(request?.body, {
          anthropic_version: "vertex-2023-10-16",
          stream: true,
          temperature: 0.3
        } as never)
        assert.notProperty(request?.body, "model")
        assert.notProperty(request?.headers, "x-api-key")
      })
    )
  )

  /** A Google server that issues tokens. */
  const tokens = Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly given: () => number; readonly close: () => void }>((resume) => {
      let given = 0
      const server = Http.createServer((request, response) => {
        request.resume()
        given++
        response.writeHead(200, { "content-type": "application/json" })
        response.end(JSON.stringify({ access_token: `fresh-${given}`, expires_in: 3600, token_type: "Bearer" }))
      }).listen(0, "127.0.0.1", () => {
        const { port } = server.address() as Net.AddressInfo
        const close = () => {
          server.closeAllConnections()
          server.close()
        }
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}/token`, given: () => given, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

  for (const [model, script] of [
    [gemini, Gemini.text("ok")],
    [claude, Claude.text("ok")]
  ] as const) {
    it.effect(`refreshes the token of an account and keeps it: ${model}`, () =>
      Effect.scoped(
        Effect.gen(function* () {
          const google = yield* tokens
          const auth = new OAuth2Client({
            clientId: "c",
            clientSecret: "s",
            credentials: { refresh_token: "r" },
            endpoints: { oauth2TokenUrl: google.url }
          } as never)
          yield* run(
            model,
            (server) =>
              Effect.gen(function* () {
                server.script(script, script)
                yield* ask()
                yield* ask()
                assert.deepStrictEqual(
                  server.requests.map(({ headers }) => headers.authorization),
                  ["Bearer fresh-1", "Bearer fresh-1"]
                )
                assert.strictEqual(google.given(), 1)
              }),
            { auth }
          )
        })
      )
    )

    it.effect(`reports missing credentials without the cause: ${model}`, () =>
      run(
        model,
        () =>
          Effect.gen(function* () {
            const { error } = yield* ask()
            assert.strictEqual(error?.reason._tag, "AuthenticationError")
            assert.include(error?.message, "GOOGLE_APPLICATION_CREDENTIALS")
            assert.notInclude(JSON.stringify(error), "private")
          }),
        { auth: { getRequestHeaders: () => Promise.reject(new Error("the private key")) } }
      )
    )
  }

  it.effect("takes project and location from the environment, and reports missing settings", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* MockServer.make
        server.script(Gemini.text("ok"))
        yield* ask().pipe(
          Effect.provide(Layer.fresh(VertexAi.layer({ model: gemini, apiKey: Redacted.make(token) }))),
          env({ GOOGLE_CLOUD_PROJECT: "p2", GOOGLE_CLOUD_LOCATION: "eu", VERTEXAI_BASE_URL: server.url })
        )
        assert.include(server.requests[0]?.path, "/projects/p2/locations/eu/")
        const failure = (options: VertexAi.Options) =>
          Layer.build(Layer.fresh(VertexAi.layer(options))).pipe(Effect.flip, env({}))
        const project = yield* failure({ model: gemini })
        assert.strictEqual(project.reason, "MissingAddress")
        assert.include(project.message, "GOOGLE_CLOUD_PROJECT")
        assert.strictEqual((yield* failure({ model: "mistral-large", project: "p" })).reason, "UnknownModel")
      })
    )
  )
})
