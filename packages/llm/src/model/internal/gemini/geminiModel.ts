/**
 * Gemini on any platform: request and reply are the same, and only address and credentials differ.
 *
 * @since 0.1.0
 */
import * as OpenAiStructuredOutput from "effect/ai/OpenAiStructuredOutput"
import type { ModelSettings } from "../../ModelSettings.ts"
import type * as Connections from "../provider/connections.ts"
import * as ProviderModel from "../provider/providerModel.ts"
import * as ToolNames from "../rules/toolNames.ts"
import * as GeminiReply from "./geminiReply.ts"
import * as GeminiRequest from "./geminiRequest.ts"

/** The platform that serves the model, and how to reach it. */
export interface Options {
  readonly name: string
  readonly model: string
  readonly url: string
  /** Address requested to open a connection early. */
  readonly home: string
  readonly settings: ModelSettings | undefined
  readonly safety: ReadonlyArray<GeminiRequest.SafetySetting> | undefined
  readonly headers: { readonly [name: string]: string } | undefined
  /** The headers that authorize a request. */
  readonly authorize: (url: string) => Promise<{ readonly [name: string]: string }>
  readonly connections: Connections.Connections
}

/** Makes the model. */
export const make = ({ authorize, connections, headers, home, model, name, safety, settings, url }: Options) => {
  const bare = model.replace(/^models\//, "")
  return ProviderModel.make<GeminiRequest.Body>({
    name,
    model,
    url,
    settings,
    request: (settings, request) => GeminiRequest.make(bare, settings, request, safety),
    holdsTo: (_, tools) => GeminiRequest.holdsTo(bare, tools),
    send: (body, signal) =>
      authorize(url)
        .then((own) =>
          connections.fetch(`${url}?alt=sse`, {
            method: "POST",
            body: JSON.stringify(body),
            headers: { "content-type": "application/json", ...own, ...headers },
            signal
          })
        )
        .then(answered, (cause: unknown) => Promise.reject(reasonIn(cause) ?? cause)),
    greet: (signal) => connections.fetch(`${home}/`, { signal }),
    reply: ({ tools }, generateId) => GeminiReply.make({ generateId, toolName: ToolNames.fromWire(tools) }),
    codecTransformer: OpenAiStructuredOutput.toCodecOpenAI
  })
}

/** Rejects with the content of an error response, like the SDKs of the other providers. */
const answered = (response: Response): Promise<Response> =>
  response.ok
    ? Promise.resolve(response)
    : response.text().then((text) => {
        const refusal = { status: response.status, headers: response.headers, error: json(text) }
        return Promise.reject(Object.assign(new Error(`status ${response.status}`), refusal))
      })

/** The reason given by the function that authorizes requests, if it failed with one. */
const reasonIn = (cause: unknown): unknown => (cause instanceof Error && "reason" in cause ? cause.reason : undefined)

const json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
