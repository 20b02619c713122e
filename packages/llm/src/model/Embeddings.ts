/**
 * Embeddings by name: `"openai/text-embedding-3-small"`, `"gemini/gemini-embedding-001"`, `"ollama/nomic-embed-text"`.
 *
 * Names work like those of models, and any server with OpenAI's embeddings API can be used. Texts are sent in batches.
 *
 * @since 0.1.0
 */
import type * as AiError from "effect/ai/AiError"
import * as EmbeddingModel from "effect/ai/EmbeddingModel"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type OpenAI from "openai"
import * as OpenAiPresets from "./internal/openAi/openAiPresets.ts"
import * as AiErrors from "./internal/provider/aiErrors.ts"
import * as Connections from "./internal/provider/connections.ts"
import * as ModelError_ from "./internal/provider/modelError.ts"
import * as SdkPost from "./internal/provider/sdkPost.ts"
import type * as ProviderModel from "./internal/provider/providerModel.ts"
import * as Models from "./Models.ts"
import * as Usage from "./Usage.ts"

/** Options besides the name. */
export interface Options extends Pick<ProviderModel.Options, "apiKey" | "baseUrl" | "headers"> {
  /** Length of the vectors, for models that can shorten them. By default the model's own length. */
  readonly dimensions?: number | undefined
  /** Maximum number of texts per request. 96 by default: the lowest limit of a known provider (Cohere). */
  readonly batch?: number | undefined
  /** How many times to retry a request after a transient error, after the provider's own wait. 2 by default. */
  readonly retries?: number | undefined
  /** Longest wait for one request. 10 seconds by default. */
  readonly timeout?: Duration.Input | undefined
}

/** The name of the current embeddings. Vectors with different names must not be compared. */
export const Name: Context.Reference<string> = Context.Reference("@antiphon/llm/model/Embeddings/Name", {
  defaultValue: () => "unnamed"
})

/** Providers that offer embeddings but no chat models. */
const embeddingProviders: ReadonlyArray<OpenAiPresets.Preset> = (
  [
    ["voyage", "https://api.voyageai.com/v1"],
    ["jina_ai", "https://api.jina.ai/v1"]
  ] as const
).map(([name, baseUrl]) => ({
  ...OpenAiPresets.compatible,
  name,
  baseUrl,
  baseUrlVariables: [`${name.toUpperCase()}_BASE_URL`, `${name.toUpperCase()}_API_BASE`],
  keyVariables: [`${name.toUpperCase()}_API_KEY`],
  keyless: false
}))

/** Providers that offer chat models but no embeddings. */
const without: ReadonlySet<string> = new Set(["anthropic", "bedrock", "vertex_ai"])

/**
 * Layer of the embeddings with this name. Fails before the first request if the provider is unknown, has no embeddings,
 * or its key is missing.
 *
 * ```ts
 * const Vectors = Embeddings.fromString("openai/text-embedding-3-small")
 * ```
 */
export const fromString = (
  name: string,
  options: Options = {}
): Layer.Layer<EmbeddingModel.EmbeddingModel, ModelError_.ModelError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const { model, provider } = Models.parse(name)
      const fail = (reason: ModelError_.ModelError["reason"], description: string) =>
        Effect.fail(new ModelError_.ModelError({ reason, provider, description }))
      const preset =
        embeddingProviders.find((preset) => preset.name === provider) ??
        OpenAiPresets.byName(provider) ??
        (options.baseUrl === undefined ? undefined : { ...OpenAiPresets.compatible, name: provider })
      if (preset === undefined || without.has(provider)) {
        return yield* fail(
          "UnknownProvider",
          `"${provider}" has no known embeddings: use openai, gemini, mistral, voyage, ollama or another, or set a baseUrl`
        )
      }
      if (model === "") return yield* fail("MissingModel", `"${name}" does not name a model: write ${provider}/<model>`)
      const elsewhere = options.baseUrl ?? (yield* ModelError_.firstSet(preset.baseUrlVariables))
      const address = elsewhere ?? preset.baseUrl
      if (address === undefined) {
        return yield* fail(
          "MissingAddress",
          `${provider} needs an address: set ${preset.baseUrlVariables.join(" or ")}, or give a baseUrl`
        )
      }
      const baseUrl = yield* ModelError_.checkAddress(provider, address)
      const apiKey = yield* ModelError_.keyOf({
        provider,
        given: options.apiKey,
        variables: preset.keyVariables,
        optional: preset.keyless === true || (elsewhere !== undefined && preset.baseUrl !== undefined)
      })
      const isOpenAi = OpenAiPresets.isOpenAi(baseUrl)
      const connections = yield* Connections.make()
      const { default: OpenAIClient } = yield* Effect.promise(() => import("openai"))
      const client = new OpenAIClient({
        baseURL: baseUrl,
        apiKey: apiKey ?? "none",
        adminAPIKey: null,
        webhookSecret: null,
        ...(isOpenAi ? undefined : { organization: null, project: null }),
        maxRetries: 0,
        logLevel: "off",
        fetch: SdkPost.explained(connections.fetch),
        defaultHeaders: { ...(apiKey === undefined ? { Authorization: null } : undefined), ...options.headers }
      })
      const embed = asking({ client, isOpenAi, model, provider, url: `${baseUrl}/embeddings`, options })
      const service = yield* EmbeddingModel.make({
        embedMany: ({ inputs }) => inBatches(inputs, options.batch ?? 96, embed)
      })
      const named = options.dimensions === undefined ? "" : `@${options.dimensions}`
      return Context.make(EmbeddingModel.EmbeddingModel, service).pipe(
        Context.add(Name, `${provider}/${model}${named}`)
      )
    })
  )

type Embed = (inputs: ReadonlyArray<string>) => Effect.Effect<EmbeddingModel.ProviderResponse, AiError.AiError>

/**
 * Bytes of UTF-8 per request: fewer than Mistral's 16,384 tokens, the lowest limit of a known provider, as a token has at least
 * three bytes in nearly all texts.
 */
const batchBytes = 48_000

const batchesOf = (inputs: ReadonlyArray<string>, most: number): ReadonlyArray<ReadonlyArray<string>> => {
  const batches: Array<Array<string>> = []
  let left = 0
  for (const text of inputs) {
    const size = Buffer.byteLength(text)
    const last = batches.at(-1)
    if (last === undefined || last.length >= most || size > left) {
      batches.push([text])
      left = batchBytes - size
    } else {
      last.push(text)
      left -= size
    }
  }
  return batches
}

const inBatches = (inputs: ReadonlyArray<string>, most: number, embed: Embed): ReturnType<Embed> => {
  const batches = batchesOf(inputs, most)
  return Effect.map(Effect.forEach(batches, embed, { concurrency: 4 }), (answers) => ({
    results: answers.flatMap(({ results }) => results),
    usage: { inputTokens: answers.reduce((sum, { usage }) => sum + (usage.inputTokens ?? 0), 0) }
  }))
}

const asking = (of: {
  readonly client: OpenAI
  readonly isOpenAi: boolean
  readonly model: string
  readonly provider: string
  readonly url: string
  readonly options: Options
}): Embed => {
  const { client, isOpenAi, model, options, provider, url } = of
  const wait = Duration.fromInputUnsafe(options.timeout ?? "10 seconds")
  return (inputs) => {
    const source: AiErrors.Source = {
      module: `${provider}/${model}`,
      method: "embedMany",
      url,
      model,
      asked: { names: [model, provider], text: () => inputs.join("\n") }
    }
    const body: OpenAI.EmbeddingCreateParams = {
      model,
      // Providers refuse empty texts, which have no meaning anyway.
      input: inputs.map((text) => (text.trim() === "" ? "-" : text)),
      ...(options.dimensions === undefined ? undefined : { dimensions: options.dimensions }),
      // OpenAI's SDK requests base64 by default, which few other servers support.
      ...(isOpenAi ? undefined : { encoding_format: "float" as const })
    }
    return Effect.tryPromise({
      try: (signal) => client.embeddings.create(body, { signal }),
      catch: (cause) => AiErrors.make(source, AiErrors.fromRejection(source, cause))
    }).pipe(
      Effect.timeoutOrElse({
        duration: wait,
        orElse: () => Effect.fail(AiErrors.make(source, AiErrors.timedOut("the provider of embeddings")))
      }),
      Effect.flatMap((answer) => {
        const results = resultsOf(answer, inputs.length)
        return results === undefined
          ? Effect.fail(
              AiErrors.make(source, AiErrors.malformed("the provider answered without a vector for each text"))
            )
          : Effect.succeed({ results, usage: { inputTokens: answer.usage?.prompt_tokens } })
      }),
      Effect.tap(({ usage }) => Usage.tell({ provider, model }, { ...Usage.none, input: usage.inputTokens ?? 0 })),
      again(options.retries ?? 2)
    )
  }
}

/** The longest wait that a provider may ask for. Their limits are per minute. */
const longestWait = Duration.minutes(1)

/** Retries after transient errors, and not before the provider allows it. */
const again =
  (left: number, delay = Duration.millis(200)) =>
  <A>(request: Effect.Effect<A, AiError.AiError>): Effect.Effect<A, AiError.AiError> =>
    Effect.catch(request, (error) => {
      const wait = Duration.max(delay, AiErrors.retryAfter(error) ?? Duration.zero)
      if (left === 0 || !error.isRetryable || Duration.isGreaterThan(wait, longestWait)) return Effect.fail(error)
      return Effect.delay(again(left - 1, Duration.times(delay, 2))(request), wait)
    })

/** Returns the vectors in the order of the texts. Undefined if one is missing or invalid. */
const resultsOf = (
  answer: Partial<OpenAI.CreateEmbeddingResponse>,
  count: number
): Array<Array<number>> | undefined => {
  const found = Array.from({ length: count }, (): Array<number> | undefined => undefined)
  if (!Array.isArray(answer.data)) return undefined
  for (const [at, { embedding, index }] of answer.data.entries()) {
    if (Array.isArray(embedding) && embedding.length > 0 && embedding.every(Number.isFinite))
      found[index ?? at] = embedding
  }
  return found.length === count && found.every((vector) => vector !== undefined) ? found : undefined
}
