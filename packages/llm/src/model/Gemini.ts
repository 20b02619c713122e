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
import * as OpenAiStructuredOutput from "effect/ai/OpenAiStructuredOutput"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as GeminiReply from "./internal/gemini/geminiReply.ts"
import * as GeminiRequest from "./internal/gemini/geminiRequest.ts"
import * as Connections from "./internal/provider/connections.ts"
import * as ModelError from "./internal/provider/modelError.ts"
import * as ProviderModel from "./internal/provider/providerModel.ts"
import * as ToolNames from "./internal/rules/toolNames.ts"

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
      const model = options.model.replace(/^models\//, "")
      const url = `${baseUrl}/models/${encodeURIComponent(model)}:streamGenerateContent`
      const headers = { "content-type": "application/json", "x-goog-api-key": apiKey ?? "", ...options.headers }
      return yield* ProviderModel.make({
        module: "Gemini",
        name,
        model: options.model,
        url,
        settings: options.settings,
        request: (settings, request) => GeminiRequest.make(model, settings, request, options.safety),
        send: (body, signal) =>
          fetch(`${url}?alt=sse`, { method: "POST", body: JSON.stringify(body), headers, signal, ...connections }).then(
            answered
          ),
        greet: (signal) => fetch(`${baseUrl}/`, { signal, ...connections }),
        reply: ({ tools }, generateId) => GeminiReply.make({ generateId, toolName: ToolNames.fromWire(tools) }),
        codecTransformer: OpenAiStructuredOutput.toCodecOpenAI
      })
    })
  )

/** Rejects with the body of an error response, as the SDKs of the other providers do. */
const answered = (response: Response): Promise<Response> =>
  response.ok
    ? Promise.resolve(response)
    : response.text().then((text) => {
        const refusal = { status: response.status, headers: response.headers, error: json(text) }
        return Promise.reject(Object.assign(new Error(`status ${response.status}`), refusal))
      })

const json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
