/**
 * Claude on Amazon Bedrock, by `InvokeModelWithResponseStream`: the messages of Anthropic in AWS's event stream, signed with
 * AWS's credentials or sent with a key of Bedrock.
 *
 * It needs `@anthropic-ai/bedrock-sdk`, which an application installs itself. The region comes from the options, else from
 * `AWS_REGION`, `AWS_DEFAULT_REGION` or `AWS_REGION_NAME`; a key from `AWS_BEARER_TOKEN_BEDROCK`; credentials from
 * `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, else from wherever AWS's tools find them.
 *
 * @since 0.1.0
 */
import * as AiError from "effect/ai/AiError"
import type * as LanguageModel from "effect/ai/LanguageModel"
import type * as Model from "effect/ai/Model"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as ClaudeModel from "./internal/anthropic/claudeModel.ts"
import * as ClaudeVersions from "./internal/anthropic/claudeVersions.ts"
import * as Connections from "./internal/provider/connections.ts"
import * as ModelError from "./internal/provider/modelError.ts"
import * as OptionalPackage from "./internal/provider/optionalPackage.ts"
import type * as ProviderModel from "./internal/provider/providerModel.ts"
import * as ClaudeModels from "./internal/rules/claudeModels.ts"

/** Which model, and where. `apiKey` is a key of Bedrock. */
export interface Options extends ProviderModel.Options {
  readonly region?: string | undefined
  /** Credentials of AWS, if they come neither from the environment nor from where AWS's tools look. */
  readonly credentials?: {
    readonly accessKeyId: string
    readonly secretAccessKey: Redacted.Redacted
    readonly sessionToken?: Redacted.Redacted | undefined
  }
}

/** Layer of a model of Claude on Bedrock: `anthropic.claude-haiku-4-5-20251001-v1:0`, or the id or ARN of an inference profile. */
export const layer = (
  options: Options
): Layer.Layer<LanguageModel.LanguageModel | Model.ProviderName | Model.ModelName, ModelError.ModelError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const provider = "bedrock"
      const fail = (reason: ModelError.ModelError["reason"], description: string) =>
        Effect.fail(new ModelError.ModelError({ reason, provider, description }))
      const { model, region: named } = nameOf(options.model)
      if (!ClaudeModels.isClaude(model)) {
        return yield* fail(
          "UnknownModel",
          `"${model}" is not a Claude model, and others on Bedrock are not supported: use openrouter/… or litellm_proxy/…`
        )
      }
      const region = options.region ?? named ?? (yield* ModelError.firstSet(regions))
      const address = options.baseUrl ?? (yield* ModelError.firstSet(["AWS_BEDROCK_RUNTIME_ENDPOINT"]))
      if (region === undefined) {
        return yield* fail(
          "MissingAddress",
          `bedrock needs a region: set ${regions.join(" or ")}, or give the layer one`
        )
      }
      const baseUrl = yield* ModelError.checkAddress(
        provider,
        address ?? `https://bedrock-runtime.${region}.amazonaws.com`
      )
      const key = yield* ModelError.keyOf({
        provider,
        given: options.apiKey,
        variables: options.credentials === undefined ? ["AWS_BEARER_TOKEN_BEDROCK"] : [],
        optional: true
      })
      const credentials = key === undefined ? yield* credentialsOf(options) : undefined
      const { default: AnthropicBedrock } = yield* OptionalPackage.load(
        provider,
        "@anthropic-ai/bedrock-sdk",
        () => import("@anthropic-ai/bedrock-sdk")
      )
      const connections = yield* Connections.make()
      const common = {
        awsRegion: region,
        baseURL: baseUrl,
        apiKey: key ?? null,
        maxRetries: 0,
        logLevel: "off" as const,
        openTelemetry: false as const,
        fetch: asItIs(connections.fetch),
        defaultHeaders: { ...options.headers }
      }
      const client =
        credentials === undefined ? new AnthropicBedrock(common) : new AnthropicBedrock({ ...common, ...credentials })
      return yield* ClaudeModel.make({
        name: provider,
        model,
        url: `${baseUrl}/model/${model}/invoke-with-response-stream`,
        settings: options.settings,
        client,
        fields: { anthropic_version: ClaudeVersions.bedrock },
        rejected: (cause) => (isUnsigned(cause) ? noCredentials() : cause)
      })
    })
  )

const regions = ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_REGION_NAME"]

/**
 * The parts of a name, as LiteLLM has them: a route (`invoke/`, `converse/`, which make no difference here) and a region may
 * stand before the model.
 */
const nameOf = (name: string): { readonly model: string; readonly region: string | undefined } => {
  const model = name.replace(/^(invoke|converse|converse_like)\//, "")
  const [, region, rest] = /^([a-z]{2}(?:-[a-z]+)+-\d+)\/(.+)$/.exec(model) ?? []
  return rest === undefined ? { model, region: undefined } : { model: rest, region }
}

const credentialsOf = ({ credentials }: Options) =>
  Effect.gen(function* () {
    if (credentials !== undefined) {
      const { accessKeyId, secretAccessKey, sessionToken } = credentials
      return {
        awsAccessKey: accessKeyId,
        awsSecretKey: Redacted.value(secretAccessKey),
        awsSessionToken: sessionToken === undefined ? null : Redacted.value(sessionToken)
      }
    }
    const awsAccessKey = yield* ModelError.firstSet(["AWS_ACCESS_KEY_ID"])
    const awsSecretKey = yield* ModelError.firstSet(["AWS_SECRET_ACCESS_KEY"])
    // One of the two is none: AWS's own chain says more about what is missing.
    if (awsAccessKey === undefined || awsSecretKey === undefined) return undefined
    const awsSessionToken = (yield* ModelError.firstSet(["AWS_SESSION_TOKEN"])) ?? null
    return { awsAccessKey, awsSecretKey, awsSessionToken }
  })

/** Keeps the SDK from rewriting a stream as text: its bytes are read here, all of a network chunk at once. */
const asItIs =
  (send: typeof fetch): typeof fetch =>
  (input, init) =>
    send(input, init).then((response) => {
      if (response.headers.get("content-type")?.includes("amazon.eventstream") !== true) return response
      const headers = new Headers(response.headers)
      headers.set("content-type", "application/eventstream")
      return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
    })

const isUnsigned = (cause: unknown): boolean =>
  cause instanceof Error && /AWS credentials|credential provider/.test(cause.message)

const noCredentials = () =>
  new AiError.AuthenticationError({
    kind: "InvalidKey",
    description:
      "no credentials of AWS were found: set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
  })
