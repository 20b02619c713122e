/**
 * OpenAI's models over its Responses API, in which its newer models can think and use tools in one request.
 *
 * Does not retry: that is the plan's job. The key and the address come from the options, or else from `OPENAI_API_KEY`
 * and `OPENAI_BASE_URL`. OpenAI is asked to store nothing.
 *
 * @since 0.1.0
 */
import type * as LanguageModel from "effect/ai/LanguageModel"
import type * as Model from "effect/ai/Model"
import * as OpenAiStructuredOutput from "effect/ai/OpenAiStructuredOutput"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as OpenAiPlace from "./internal/openAi/openAiPlace.ts"
import * as OpenAiPresets from "./internal/openAi/openAiPresets.ts"
import * as Connections from "./internal/provider/connections.ts"
import type * as ModelError from "./internal/provider/modelError.ts"
import * as ProviderModel from "./internal/provider/providerModel.ts"
import * as SdkPost from "./internal/provider/sdkPost.ts"
import * as ResponsesReply from "./internal/responses/responsesReply.ts"
import * as ResponsesRequest from "./internal/responses/responsesRequest.ts"
import * as SocketPool from "./internal/responses/socketPool.ts"
import * as ModelRules from "./internal/rules/modelRules.ts"
import * as ToolNames from "./internal/rules/toolNames.ts"

/** Which model, and where. */
export interface Options extends ProviderModel.Options {
  /** OpenAI by default; `Models.presets` has others that offer the same API, such as Azure. */
  readonly preset?: OpenAiPresets.Preset | undefined
  /**
   * `websocket` keeps one connection for each conversation, and sends only what is new in it; whatever goes wrong with that, the
   * request goes over HTTP. `http` by default.
   */
  readonly transport?: "http" | "websocket" | undefined
}

/** Layer of a model over the Responses API. */
export const layer = (
  options: Options
): Layer.Layer<LanguageModel.LanguageModel | Model.ProviderName | Model.ModelName, ModelError.ModelError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const { name } = options.preset ?? OpenAiPresets.standard
      const { apiKey, baseUrl } = yield* OpenAiPlace.of(options.preset ?? OpenAiPresets.standard, options)
      const connections = yield* Connections.make()
      const { default: OpenAI } = yield* Effect.promise(() => import("openai"))
      const client = new OpenAI({
        baseURL: baseUrl,
        apiKey: apiKey ?? "none",
        adminAPIKey: null,
        webhookSecret: null,
        ...(OpenAiPresets.isOpenAi(baseUrl) ? undefined : { organization: null, project: null }),
        maxRetries: 0,
        logLevel: "off",
        fetch: connections.fetch,
        defaultHeaders: { ...(apiKey === undefined ? { Authorization: null } : undefined), ...options.headers }
      })
      const overHttp: SocketPool.Pool = {
        http: SdkPost.make({ client, connections, path: "/responses", failing: OpenAI.APIError.generate }),
        greet: (signal) => client.get("/", { signal }).asResponse()
      }
      const accepted = ModelRules.acceptanceOf({ provider: name, model: options.model, api: "responses", tools: false })
      const { greet, http } =
        options.transport === "websocket" && accepted.websocket
          ? yield* SocketPool.make({
              ...overHttp,
              url: `${baseUrl.replace(/^http/, "ws")}/responses`,
              headers: {
                ...(apiKey === undefined ? undefined : { Authorization: `Bearer ${apiKey}` }),
                ...options.headers
              }
            })
          : overHttp
      return yield* ProviderModel.make({
        name,
        model: options.model,
        url: `${baseUrl}/responses`,
        settings: options.settings,
        request: (settings, request) => ResponsesRequest.make(options.model, settings, request),
        send: http,
        greet,
        holdsTo: () => true,
        reply: ({ tools }) => ResponsesReply.make({ toolName: ToolNames.fromWire(tools) }),
        codecTransformer: OpenAiStructuredOutput.toCodecOpenAI
      })
    })
  )
