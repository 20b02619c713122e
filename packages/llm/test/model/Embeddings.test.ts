import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted, Ref } from "effect"
import * as EmbeddingModel from "effect/ai/EmbeddingModel"
import * as Embeddings from "../../src/model/Embeddings.ts"
import * as Usage from "../../src/model/Usage.ts"
import { at } from "../support/at.ts"
import * as MockServer from "../support/mockServer.ts"

const key = Redacted.make("sk-test-123")

const answer = (vectors: ReadonlyArray<unknown>, status = 200): MockServer.Script => ({
  status,
  headers: { "content-type": "application/json" },
  pieces: [
    JSON.stringify({
      object: "list",
      data: vectors.map((embedding, index) => ({ object: "embedding", index, embedding })),
      usage: { prompt_tokens: 3, total_tokens: 3 }
    })
  ]
})

const refusal = (status: number, headers: Record<string, string> = {}): MockServer.Script => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  pieces: [JSON.stringify({ error: { message: "the secret text sk-test-123", code: "some_code" } })]
})

const run = <A, E>(
  test: (server: MockServer.MockServer, model: EmbeddingModel.EmbeddingModel) => Effect.Effect<A, E>,
  options: Embeddings.Options = {}
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const server = yield* MockServer.make
      const layer = Embeddings.fromString("openai/text-embedding-3-small", {
        baseUrl: `${server.url}/v1`,
        apiKey: key,
        ...options
      })
      return yield* Effect.provide(
        Effect.flatMap(EmbeddingModel.EmbeddingModel, (model) => test(server, model)),
        layer
      )
    })
  )

const env = (variables: Record<string, string>) =>
  Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: variables }))

describe("Embeddings", () => {
  it.effect("requests vectors for texts, and returns them in order", () =>
    run(
      (server, model) =>
        Effect.gen(function* () {
          const body = JSON.parse(String(answer([[1], [2]]).pieces[0])) as { data: Array<unknown> }
          server.script({ ...answer([]), pieces: [JSON.stringify({ ...body, data: body.data.toReversed() })] })
          const { embeddings, usage } = yield* model.embedMany(["one", " "])
          assert.deepStrictEqual(
            embeddings.map(({ vector }) => vector),
            [[1], [2]]
          )
          assert.strictEqual(usage.inputTokens, 3)
          assert.strictEqual(at(server.requests, 0, "path"), "/v1/embeddings")
          assert.deepStrictEqual(at(server.requests, 0, "body"), {
            model: "text-embedding-3-small",
            input: ["one", "-"],
            dimensions: 1,
            encoding_format: "float"
          })
          assert.strictEqual(server.requests[0]?.headers.authorization, "Bearer sk-test-123")
        }),
      { dimensions: 1 }
    )
  )

  it.effect("sends many texts in batches", () =>
    run(
      (server, model) =>
        Effect.gen(function* () {
          server.script(answer([[1], [1]]), answer([[1], [1]]), answer([[1]]))
          const { embeddings, usage } = yield* model.embedMany(["a", "b", "c", "d", "e"])
          assert.lengthOf(embeddings, 5)
          assert.strictEqual(usage.inputTokens, 9)
          const sent = server.requests.map(({ body }) => (body as { input: ReadonlyArray<string> }).input)
          assert.sameDeepMembers(sent, [["a", "b"], ["c", "d"], ["e"]])
        }),
      { batch: 2 }
    )
  )

  it.effect("sends no more at once than the provider with the lowest limit of tokens takes", () =>
    run((server, model) =>
      Effect.gen(function* () {
        for (const text of ["x".repeat(800), "日本語の".repeat(66)]) {
          server.script(...[60, 60].map((count) => answer(Array.from({ length: count }, () => [1]))))
          assert.lengthOf((yield* model.embedMany(Array.from({ length: 120 }, () => text))).embeddings, 120)
        }
        server.script(answer([[1]]))
        yield* model.embed("y".repeat(60_000))
        const sent = server.requests.map(({ body }) => (body as { input: ReadonlyArray<string> }).input)
        assert.lengthOf(sent, 5)
        for (const batch of sent) assert.isTrue(batch.length === 1 || Buffer.byteLength(batch.join("")) <= 48_000)
      })
    )
  )

  it.live("waits as long as the provider asks for, but not for minutes", () =>
    run((server, model) =>
      Effect.gen(function* () {
        server.script(refusal(429, { "retry-after-ms": "700" }), answer([[1]]), refusal(429, { "retry-after": "3600" }))
        const begin = performance.now()
        assert.deepStrictEqual((yield* model.embed("one")).vector, [1])
        assert.isAtLeast(performance.now() - begin, 690)
        assert.strictEqual((yield* Effect.flip(model.embed("one"))).reason._tag, "RateLimitError")
        assert.lengthOf(server.requests, 3)
      })
    )
  )

  it.live("retries temporary failures, and nothing else", () =>
    run((server, model) =>
      Effect.gen(function* () {
        server.script(refusal(503), answer([[1]]), refusal(400))
        assert.deepStrictEqual((yield* model.embed("one")).vector, [1])
        assert.lengthOf(server.requests, 2)
        const error = yield* Effect.flip(model.embed("the secret text"))
        assert.strictEqual(error.reason._tag, "InvalidRequestError")
        assert.lengthOf(server.requests, 3)
        assert.notInclude(JSON.stringify(error), "sk-test")
        assert.notInclude(String(error), "secret text")
      })
    )
  )

  it.live("tells what the provider says, also in a body without an error", () =>
    run((server, model) =>
      Effect.gen(function* () {
        const body = { object: "error", message: "Too many tokens in batch. Max is 16384", code: "3210" }
        server.script({ ...refusal(400), pieces: [JSON.stringify(body)] })
        const { message } = yield* Effect.flip(model.embed("one"))
        assert.include(message, "openai/text-embedding-3-small")
        assert.include(message, "Too many tokens in batch. Max is 16384 (400 3210)")
      })
    )
  )

  it.live("gives up on a provider that does not answer", () =>
    run(
      (server, model) =>
        Effect.gen(function* () {
          server.script({ pieces: [], ending: "stall" })
          assert.include((yield* Effect.flip(model.embed("one"))).message, "timed out")
          yield* server.abandoned
        }),
      { timeout: "50 millis", retries: 0 }
    )
  )

  for (const [what, vectors] of [
    ["are too few", [[1]]],
    ["are no numbers", [["x"], [1]]],
    ["are empty", [[], [1]]]
  ] as const) {
    it.effect(`vectors that ${what} are an error`, () =>
      run(
        (server, model) =>
          Effect.gen(function* () {
            server.script(answer(vectors))
            const error = yield* Effect.flip(model.embedMany(["a", "b"]))
            assert.strictEqual(error.reason._tag, "InvalidResponseError")
          }),
        { retries: 0 }
      )
    )
  }

  it.effect("reports the tokens used", () =>
    run((server, model) =>
      Effect.gen(function* () {
        const told = yield* Ref.make<ReadonlyArray<Usage.Report>>([])
        server.script(answer([[1]]))
        yield* model
          .embedMany(["one"])
          .pipe(Effect.provideService(Usage.Observer, (report) => Ref.update(told, (all) => [...all, report])))
        const [report] = yield* Ref.get(told)
        assert.deepInclude(report, { provider: "openai", model: "text-embedding-3-small" })
        assert.strictEqual(report?.tokens.input, 3)
      })
    )
  )

  it.effect("reports missing settings before the first request", () =>
    Effect.gen(function* () {
      const reason = (name: string, options?: Embeddings.Options) =>
        Layer.build(Embeddings.fromString(name, options)).pipe(
          Effect.scoped,
          Effect.match({ onFailure: (error) => error.reason, onSuccess: () => "made" }),
          env({ VOYAGE_API_KEY: "k" })
        )
      assert.strictEqual(yield* reason("openai/text-embedding-3-small"), "MissingKey")
      assert.strictEqual(yield* reason("openai/"), "MissingModel")
      assert.strictEqual(yield* reason("anthropic/claude-haiku-4-5"), "UnknownProvider")
      assert.strictEqual(yield* reason("acme/vectors"), "UnknownProvider")
      assert.strictEqual(yield* reason("azure/vectors"), "MissingAddress")
      assert.strictEqual(yield* reason("acme/vectors", { baseUrl: "ftp://x" }), "InvalidAddress")
      assert.strictEqual(yield* reason("acme/vectors", { baseUrl: "http://localhost:1" }), "made")
      assert.strictEqual(yield* reason("voyage/voyage-4"), "made")
      assert.strictEqual(yield* reason("ollama/nomic-embed-text"), "made")
    })
  )
})
