/**
 * Anthropic's models, over its Messages API.
 *
 * Does not retry: that is the plan's job. The key and the address come from the options, or else from
 * `ANTHROPIC_API_KEY` and `ANTHROPIC_BASE_URL`.
 *
 * @since 0.1.0
 */
import type * as LanguageModel from "effect/ai/LanguageModel"
import type * as Model from "effect/ai/Model"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ClaudeModel from "./internal/anthropic/claudeModel.ts"
import * as Connections from "./internal/provider/connections.ts"
import * as ModelError from "./internal/provider/modelError.ts"
import type * as ProviderModel from "./internal/provider/providerModel.ts"
import * as SdkPost from "./internal/provider/sdkPost.ts"

/** Which model, and where. */
export interface Options extends ProviderModel.Options {}

/** Layer of one of Anthropic's models. */
export const layer = (
  options: Options
): Layer.Layer<LanguageModel.LanguageModel | Model.ProviderName | Model.ModelName, ModelError.ModelError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const address =
        options.baseUrl ?? (yield* ModelError.firstSet(["ANTHROPIC_BASE_URL"])) ?? "https://api.anthropic.com"
      const baseUrl = yield* ModelError.checkAddress("anthropic", address)
      const apiKey = yield* ModelError.keyOf({
        provider: "anthropic",
        given: options.apiKey,
        variables: ["ANTHROPIC_API_KEY"],
        optional: false
      })
      const connections = yield* Connections.make()
      const { default: AnthropicClient } = yield* Effect.promise(() => import("@anthropic-ai/sdk"))
      const client = new AnthropicClient({
        baseURL: baseUrl,
        apiKey: apiKey ?? null,
        maxRetries: 0,
        logLevel: "off",
        fetch: connections.fetch,
        openTelemetry: false,
        defaultHeaders: { ...options.headers }
      })
      const posts = new Map<string | undefined, SdkPost.Post>()
      const postWith = (beta: string | undefined): SdkPost.Post => {
        const headers = beta === undefined ? undefined : { "anthropic-beta": beta }
        return SdkPost.make({
          client,
          connections,
          path: "/v1/messages",
          headers,
          failing: AnthropicClient.APIError.generate
        })
      }
      const post = (beta: string | undefined): SdkPost.Post => {
        const made = posts.get(beta) ?? postWith(beta)
        posts.set(beta, made)
        return made
      }
      return yield* ClaudeModel.make({
        name: "anthropic",
        model: options.model,
        url: `${baseUrl}/v1/messages`,
        settings: options.settings,
        client,
        post
      })
    })
  )
