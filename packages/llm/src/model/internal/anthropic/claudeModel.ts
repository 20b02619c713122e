/**
 * Claude, wherever it is served: the same messages, sent by another client.
 *
 * @since 0.1.0
 */
import type { BaseAnthropic } from "@anthropic-ai/sdk/client"
import type Anthropic from "@anthropic-ai/sdk"
import * as AnthropicStructuredOutput from "effect/ai/AnthropicStructuredOutput"
import * as NativeWebSearch from "../../../internal/nativeWebSearch.ts"
import type { ModelSettings } from "../../ModelSettings.ts"
import * as ProviderModel from "../provider/providerModel.ts"
import * as ToolNames from "../rules/toolNames.ts"
import * as AnthropicReply from "./anthropicReply.ts"
import * as AnthropicRequest from "./anthropicRequest.ts"

/** Who serves it, and how. */
export interface Options {
  readonly module: string
  readonly name: string
  readonly model: string
  readonly url: string
  readonly settings: ModelSettings | undefined
  readonly client: BaseAnthropic
  /** Fields that this server wants in a body beside the others. */
  readonly fields?: { readonly [field: string]: unknown } | undefined
  /** Says what a rejection means, if the client has failed before anything was sent. */
  readonly rejected?: ((cause: unknown) => unknown) | undefined
}

/** Makes the model. */
export const make = ({ client, fields, model, module, name, rejected, settings, url }: Options) =>
  ProviderModel.make<Anthropic.MessageCreateParamsStreaming>({
    module,
    name,
    model,
    url,
    settings,
    request: (settings, request) => ({ ...AnthropicRequest.make(model, settings, request), ...fields }),
    // What the clouds take of it differs, and a tool is taken everywhere.
    holdsTo: (object) => name === "anthropic" && AnthropicRequest.holdsTo(model, object),
    // Not `messages.create`, which writes to the console about models that will be retired.
    send: (body, signal) => {
      const beta = AnthropicRequest.betaOf(body)
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
