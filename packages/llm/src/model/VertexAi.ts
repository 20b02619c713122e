/**
 * Gemini and Claude on Google's Vertex AI, each in its own words, with Google's credentials.
 *
 * It needs `google-auth-library`, and for Claude `@anthropic-ai/vertex-sdk`; an application installs them itself. The project comes
 * from the options, else from `VERTEXAI_PROJECT`, `GOOGLE_CLOUD_PROJECT`, `GCLOUD_PROJECT` or `ANTHROPIC_VERTEX_PROJECT_ID`; the
 * location from `VERTEXAI_LOCATION`, `GOOGLE_CLOUD_LOCATION` or `CLOUD_ML_REGION`, else it is `global`. Credentials are Google's
 * application default: `GOOGLE_APPLICATION_CREDENTIALS`, `gcloud`, or the machine's own.
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
import * as GeminiModel from "./internal/gemini/geminiModel.ts"
import type * as GeminiRequest from "./internal/gemini/geminiRequest.ts"
import * as Connections from "./internal/provider/connections.ts"
import * as ModelError from "./internal/provider/modelError.ts"
import * as OptionalPackage from "./internal/provider/optionalPackage.ts"
import type * as ProviderModel from "./internal/provider/providerModel.ts"
import * as ClaudeModels from "./internal/rules/claudeModels.ts"

/** What is wanted of a client of `google-auth-library`, which an application need not have installed. */
export interface Auth {
  /** The headers that admit a request to an address. */
  readonly getRequestHeaders: (url?: string | URL) => Promise<Headers>
}

/** Which model, and where. `apiKey` is an access token that does not change, for tests and short-lived processes. */
export interface Options extends ProviderModel.Options {
  readonly project?: string | undefined
  /** `global`, `eu`, `us` or a region such as `europe-west1`. */
  readonly location?: string | undefined
  /** A client of `google-auth-library` in place of the application default: of a service account, or on somebody's behalf. */
  readonly auth?: Auth | undefined
  /** What Gemini lets through; see `Gemini.Options`. */
  readonly safety?: ReadonlyArray<GeminiRequest.SafetySetting> | undefined
}

const projects = ["VERTEXAI_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "ANTHROPIC_VERTEX_PROJECT_ID"]
const locations = ["VERTEXAI_LOCATION", "VERTEX_LOCATION", "GOOGLE_CLOUD_LOCATION", "CLOUD_ML_REGION"]

/** Layer of a model on Vertex AI: `gemini-2.5-flash`, or `claude-haiku-4-5@20251001`. */
export const layer = (
  options: Options
): Layer.Layer<LanguageModel.LanguageModel | Model.ProviderName | Model.ModelName, ModelError.ModelError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const provider = "vertex_ai"
      const { model } = options
      const fail = (reason: ModelError.ModelError["reason"], description: string) =>
        Effect.fail(new ModelError.ModelError({ reason, provider, description }))
      const isClaude = ClaudeModels.isClaude(model)
      if (!isClaude && !/^gemini-/.test(model)) {
        return yield* fail(
          "UnknownModel",
          `"${model}" is neither Gemini nor Claude, and no other model of Vertex AI is known here: reach it through openrouter/… or litellm_proxy/…`
        )
      }
      const project = options.project ?? (yield* ModelError.firstSet(projects))
      if (project === undefined) {
        return yield* fail(
          "MissingAddress",
          `vertex_ai needs a project: set ${projects.join(" or ")}, or give the layer one`
        )
      }
      const location = options.location ?? (yield* ModelError.firstSet(locations)) ?? "global"
      const address = options.baseUrl ?? (yield* ModelError.firstSet(["VERTEXAI_BASE_URL"])) ?? addressOf(location)
      const baseUrl = yield* ModelError.checkAddress(provider, address)
      const auth = options.auth ?? (yield* authOf(provider, options))
      const connections = yield* Connections.make()
      const publisher = isClaude ? "anthropic" : "google"
      const place = `${baseUrl}/projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(location)}`
      const url = `${place}/publishers/${publisher}/models/${encodeURIComponent(model)}`
      if (!isClaude) {
        return yield* GeminiModel.make({
          name: provider,
          model,
          url: `${url}:streamGenerateContent`,
          home: baseUrl,
          settings: options.settings,
          safety: options.safety,
          headers: options.headers,
          authorize: (target) => granted(auth, target).then((headers) => Object.fromEntries(headers)),
          connections
        })
      }
      const { default: AnthropicVertex } = yield* OptionalPackage.load(
        provider,
        "@anthropic-ai/vertex-sdk",
        () => import("@anthropic-ai/vertex-sdk")
      )
      const client = new AnthropicVertex({
        projectId: project,
        region: location,
        baseURL: baseUrl,
        authClient: {
          getRequestHeaders: (target?: string | URL) => granted(auth, target ?? url)
        } as import("google-auth-library").AuthClient,
        maxRetries: 0,
        logLevel: "off",
        openTelemetry: false,
        fetch: connections.fetch,
        defaultHeaders: { ...options.headers }
      })
      return yield* ClaudeModel.make({
        name: provider,
        model,
        url: `${url}:streamRawPredict`,
        settings: options.settings,
        client,
        fields: { anthropic_version: ClaudeVersions.vertex },
        rejected: (cause) => refusalIn(cause) ?? cause
      })
    })
  )

const addressOf = (location: string): string => {
  switch (location) {
    case "global":
      return "https://aiplatform.googleapis.com/v1"
    case "us":
    case "eu":
      return `https://aiplatform.${location}.rep.googleapis.com/v1`
    default:
      return `https://${location}-aiplatform.googleapis.com/v1`
  }
}

/** Who signs: an access token that was given, or Google's application default, which refreshes its own. */
const authOf = (provider: string, { apiKey }: Options): Effect.Effect<Auth, ModelError.ModelError> => {
  if (apiKey !== undefined) {
    const headers = () => Promise.resolve(new Headers({ authorization: `Bearer ${Redacted.value(apiKey)}` }))
    return Effect.succeed({ getRequestHeaders: headers })
  }
  return Effect.map(
    OptionalPackage.load(provider, "google-auth-library", () => import("google-auth-library")),
    ({ GoogleAuth }) => {
      const auth = new GoogleAuth({ scopes: "https://www.googleapis.com/auth/cloud-platform" })
      return { getRequestHeaders: (target) => auth.getRequestHeaders(target) }
    }
  )
}

/** The headers of a request. Rejects with a reason that says what to do. */
const granted = (auth: Auth, target: string | URL): Promise<Headers> =>
  auth.getRequestHeaders(target).catch(() => Promise.reject(new Refused()))

/** Google's library gave no token. What it says may quote a key. */
class Refused extends Error {
  readonly reason = new AiError.AuthenticationError({
    kind: "InvalidKey",
    description:
      "Google credentials were not found, or were rejected: set GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login"
  })
}

const refusalIn = (cause: unknown): AiError.AiErrorReason | undefined => {
  for (let error = cause, depth = 0; error instanceof Error && depth < 4; depth++) {
    if (error instanceof Refused) return error.reason
    error = error.cause
  }
  return undefined
}
