/**
 * Claude on any platform: the messages are the same, and only the client differs.
 *
 * @since 0.1.0
 */
import type { BaseAnthropic } from "@anthropic-ai/sdk/client"
import type Anthropic from "@anthropic-ai/sdk"
import * as AnthropicStructuredOutput from "effect/ai/AnthropicStructuredOutput"
import * as NativeWebSearch from "../../../internal/nativeWebSearch.ts"
import type { ModelSettings } from "../../ModelSettings.ts"
import * as ProviderModel from "../provider/providerModel.ts"
import type * as SdkPost from "../provider/sdkPost.ts"
import * as ToolNames from "../rules/toolNames.ts"
import * as AnthropicReply from "./anthropicReply.ts"
import * as AnthropicRequest from "./anthropicRequest.ts"

/** The platform that serves the model, and its client. */
export interface Options {
  readonly name: string
  readonly model: string
  readonly url: string
  readonly settings: ModelSettings | undefined
  readonly client: BaseAnthropic
  /** Additional fields this platform requires in a body. */
  readonly fields?: { readonly [field: string]: unknown } | undefined
  /** Posts bodies that need a beta, or none, if the headers of requests depend on nothing else. By default, the client does. */
  readonly post?: ((beta: string | undefined) => SdkPost.Post) | undefined
  /** Explains a rejection if the client failed before sending anything. */
  readonly rejected?: ((cause: unknown) => unknown) | undefined
}

/** Makes the model. */
export const make = ({ client, fields, model, name, post, rejected, settings, url }: Options) =>
  ProviderModel.make<Anthropic.MessageCreateParamsStreaming>({
    name,
    model,
    url,
    settings,
    request: (settings, request) => ({ ...AnthropicRequest.make(model, settings, request), ...fields }),
    // The clouds differ in their support for output schemas, but all of them support tools.
    holdsTo: (object) => name === "anthropic" && AnthropicRequest.holdsTo(model, object),
    // Not `messages.create`, which logs deprecation warnings to the console.
    send: (body, signal) => {
      const beta = AnthropicRequest.betaOf(body)
      if (post !== undefined) return post(beta)(body, signal)
      const headers = beta === undefined ? {} : { headers: { "anthropic-beta": beta } }
      const sent = client.post("/v1/messages", { body, signal, stream: true, ...headers }).asResponse()
      return rejected === undefined ? sent : sent.catch((cause: unknown) => Promise.reject(rejected(cause)))
    },
    greet: (signal) => client.get("/", { signal }).asResponse(),
    reply: ({ tools }) =>
      AnthropicReply.make({
        searchTool: tools.find((tool) => NativeWebSearch.optionsOf(tool) !== undefined)?.name,
        toolName: ToolNames.fromWire(tools)
      }),
    prefills: (settings) => AnthropicRequest.prefills(model, settings),
    codecTransformer: AnthropicStructuredOutput.toCodecAnthropic
  })
