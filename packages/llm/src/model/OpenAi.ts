/**
 * Models with chat completions: OpenAI's own, and those of compatible providers.
 *
 * Does not retry: that is the plan's job. The address and the key come from the options, or else from the environment
 * variables of the preset.
 *
 * @since 0.1.0
 */
import type * as LanguageModel from "effect/ai/LanguageModel"
import type * as Model from "effect/ai/Model"
import * as OpenAiStructuredOutput from "effect/ai/OpenAiStructuredOutput"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Connections from "./internal/provider/connections.ts"
import type * as ModelError from "./internal/provider/modelError.ts"
import * as OpenAiPlace from "./internal/openAi/openAiPlace.ts"
import * as OpenAiPresets from "./internal/openAi/openAiPresets.ts"
import * as OpenAiReply from "./internal/openAi/openAiReply.ts"
import * as OpenAiRequest from "./internal/openAi/openAiRequest.ts"
import * as ProviderModel from "./internal/provider/providerModel.ts"
import * as SdkPost from "./internal/provider/sdkPost.ts"
import * as ToolNames from "./internal/rules/toolNames.ts"

/** A provider of chat completions, and how it differs from OpenAI. */
export type Preset = OpenAiPresets.Preset

/** Which model, and where. */
export interface Options extends ProviderModel.Options {
  /** OpenAI by default; `Models.presets` has the others. */
  readonly preset?: Preset | undefined
}

/**
 * Layer of a model with chat completions.
 *
 * A key is required only at the provider's own address: your own server may need none. Rules for a model apply wherever
 * it is served; rules for OpenAI's server do not apply at other addresses.
 */
export const layer = (
  options: Options
): Layer.Layer<LanguageModel.LanguageModel | Model.ProviderName | Model.ModelName, ModelError.ModelError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const chosen = options.preset ?? OpenAiPresets.standard
      const { apiKey, baseUrl } = yield* OpenAiPlace.of(chosen, options)
      const preset = OpenAiPresets.at(chosen, baseUrl)
      const accepted = OpenAiRequest.acceptanceOf(preset, options.model, false)
      const connections = yield* Connections.make()
      const { default: OpenAI } = yield* Effect.promise(() => import("openai"))
      const client = new OpenAI({
        baseURL: baseUrl,
        apiKey: apiKey ?? "none",
        adminAPIKey: null,
        webhookSecret: null,
        // These are OpenAI's, and must not be sent to another provider.
        ...(preset === OpenAiPresets.standard ? undefined : { organization: null, project: null }),
        maxRetries: 0,
        logLevel: "off",
        fetch: connections.fetch,
        defaultHeaders: { ...(apiKey === undefined ? { Authorization: null } : undefined), ...options.headers }
      })
      const failing = OpenAI.APIError.generate
      const postTo = (base: string) => SdkPost.make({ client, connections, path: `${base}/chat/completions`, failing })
      const post = postTo("")
      const begin = preset.prefixUrl && postTo(preset.prefixUrl(baseUrl))
      return yield* ProviderModel.make({
        name: chosen.name,
        model: options.model,
        url: `${baseUrl}/chat/completions`,
        settings: options.settings,
        request: (settings, request) => OpenAiRequest.make(preset, options.model, settings, request),
        send: (body, signal) => (begin !== undefined && OpenAiRequest.isBegun(body) ? begin : post)(body, signal),
        greet: (signal) => client.get("/", { signal }).asResponse(),
        reply: ({ tools }, generateId) =>
          OpenAiReply.make({
            provider: preset.name,
            generateId,
            toolName: ToolNames.fromWire(tools),
            mayBeginInThought: accepted.mayBeginInThought
          }),
        holdsTo: (_, tools) => OpenAiRequest.acceptanceOf(preset, options.model, tools).objects,
        // A model that thinks first does not accept the beginning of its reply.
        prefills: ({ reasoningEffort }) => accepted.prefill !== "none" && (reasoningEffort ?? "none") === "none",
        codecTransformer: OpenAiStructuredOutput.toCodecOpenAI
      })
    })
  )
