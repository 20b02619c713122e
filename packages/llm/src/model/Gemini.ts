/**
 * Gemini over Google's own API: thinking levels, signed calls, safety settings, and parallel calls in their original
 * form.
 *
 * Does not retry: that is the plan's job. The key and the address come from the options, or else from `GEMINI_API_KEY`
 * or `GOOGLE_API_KEY`, and `GEMINI_NATIVE_BASE_URL`.
 *
 * @since 0.1.0
 */
import type * as LanguageModel from "effect/ai/LanguageModel"
import type * as Model from "effect/ai/Model"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as GeminiModel from "./internal/gemini/geminiModel.ts"
import type * as GeminiRequest from "./internal/gemini/geminiRequest.ts"
import * as Connections from "./internal/provider/connections.ts"
import * as ModelError from "./internal/provider/modelError.ts"
import type * as ProviderModel from "./internal/provider/providerModel.ts"

/** The threshold for one category of harm, in Google's terms. */
export type SafetySetting = GeminiRequest.SafetySetting

/** Which model, and where. */
export interface Options extends ProviderModel.Options {
  /**
   * Safety settings, such as `{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_ONLY_HIGH" }`. Google's by
   * default.
   */
  readonly safety?: ReadonlyArray<SafetySetting> | undefined
}

/** Layer of a model over Gemini's own API. */
export const layer = (
  options: Options
): Layer.Layer<LanguageModel.LanguageModel | Model.ProviderName | Model.ModelName, ModelError.ModelError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const name = "gemini"
      const address =
        options.baseUrl ??
        (yield* ModelError.firstSet(["GEMINI_NATIVE_BASE_URL"])) ??
        "https://generativelanguage.googleapis.com/v1beta"
      const baseUrl = yield* ModelError.checkAddress(name, address)
      const apiKey = yield* ModelError.keyOf({
        provider: name,
        given: options.apiKey,
        variables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
        optional: false
      })
      const connections = yield* Connections.make()
      const bare = options.model.replace(/^models\//, "")
      return yield* GeminiModel.make({
        name,
        model: options.model,
        url: `${baseUrl}/models/${encodeURIComponent(bare)}:streamGenerateContent`,
        home: baseUrl,
        settings: options.settings,
        safety: options.safety,
        headers: options.headers,
        authorize: () => Promise.resolve({ "x-goog-api-key": apiKey ?? "" }),
        connections
      })
    })
  )
