/**
 * Reads the streamed reply of Anthropic's Messages API.
 *
 * Thoughts and calls are marked with their reply and their place in it, because they must go back in their original
 * order, in one message.
 *
 * @since 0.1.0
 */
import type Anthropic from "@anthropic-ai/sdk"
import type * as Response from "effect/ai/Response"
import type * as Schema from "effect/Schema"
import * as BadArguments from "../../../internal/badArguments.ts"
import * as AiErrors from "../provider/aiErrors.ts"
import * as CallAssembly from "../provider/callAssembly.ts"
import * as ErrorNames from "../provider/errorNames.ts"
import { PartWriter } from "../provider/partWriter.ts"
import * as ReplyStream from "../provider/replyStream.ts"
import type { Part, Reply } from "../provider/replyStream.ts"
import type { ServerEvent } from "../provider/sse.ts"
import * as WireJson from "../provider/wireJson.ts"
import * as AnthropicUsage from "./anthropicUsage.ts"

type Event =
  | Anthropic.RawMessageStreamEvent
  | { readonly type: "ping" }
  | { readonly type: "error"; readonly error: unknown }

/** A content block that has started but not ended. */
interface Block {
  readonly index: number
  readonly content: Anthropic.RawContentBlockStartEvent["content_block"]
  text: string
  signature: string
}

/** How a reply is read. */
export interface Options {
  /** Name of the provider's own search tool. */
  readonly searchTool: string | undefined
  /** Maps the name of a tool on the wire to its own. */
  readonly toolName?: ((name: string) => string) | undefined
}

/** Reads one reply. Native searches are reported only if `searchTool` names their tool. */
export const make = (options: Options): Reply => new AnthropicReply(options)

class AnthropicReply implements Reply {
  readonly #searchTool: string | undefined
  readonly #blocks = new Map<number, Block>()
  readonly #writer: PartWriter
  /** The thinking block that is being closed. */
  #thought: Response.ProviderMetadata | undefined
  /** A call with unreadable arguments. Only the end of the reply shows whether it was cut off. */
  #doubtful: Block | undefined
  #isDone = false
  #calls = false
  #stopReason: string | undefined
  #message: { readonly id?: string; readonly model?: string } = {}
  #usage: Partial<Anthropic.MessageDeltaUsage> | undefined

  constructor({ searchTool, toolName }: Options) {
    this.#searchTool = searchTool
    this.#writer = new PartWriter({ toolName, reasoningMetadata: () => this.#thought ?? own({}) })
  }

  take({ data }: ServerEvent, out: Array<Part>): AiErrors.Failure | undefined {
    this.#writer.into(out)
    return ReplyStream.takeJson<Event>(data, (event) => this.#takeEvent(event))
  }

  done(): boolean {
    return this.#isDone
  }

  ending(): boolean {
    return this.#stopReason !== undefined
  }

  end(out: Array<Part>): boolean {
    if (this.#stopReason === undefined) return false
    this.#writer.into(out)
    this.#finish()
    return true
  }

  #takeEvent(event: Event): AiErrors.Failure | undefined {
    switch (event.type) {
      case "message_start":
        this.#message = event.message
        this.#usage = WireJson.usage(this.#usage, event.message.usage)
        this.#writer.describe(this.#message)
        return undefined
      case "content_block_start":
        this.#start({ index: event.index, content: event.content_block, text: "", signature: "" })
        return undefined
      case "content_block_delta": {
        const block = this.#blocks.get(event.index)
        if (block === undefined) return AiErrors.malformed("a delta of a block that was not started")
        this.#grow(block, event.delta)
        return undefined
      }
      case "content_block_stop": {
        const block = this.#blocks.get(event.index)
        this.#blocks.delete(event.index)
        if (block !== undefined) this.#stop(block)
        return undefined
      }
      case "message_delta":
        return this.#close(event)
      case "message_stop":
        this.#finish()
        return undefined
      case "error":
        return AiErrors.fromEvent(event)
      default:
        return ErrorNames.isError(event) ? AiErrors.fromEvent(event) : undefined
    }
  }

  #start(block: Block): void {
    const { content, index } = block
    this.#settle(false)
    this.#blocks.set(index, block)
    // A sentence with citations is in several blocks of text.
    if (content.type !== "text") this.#writer.apart()
    switch (content.type) {
      case "text":
        return this.#writer.text(content.text)
      case "thinking":
        block.signature = content.signature ?? ""
        this.#thought = undefined
        return content.thinking ? this.#writer.reasoning(content.thinking) : undefined
      case "tool_use":
        return this.#writer.callStart(content.id, content.name)
      case "web_search_tool_result":
        if (this.#searchTool === undefined) return
        this.#writer.part({
          type: "tool-result",
          id: content.tool_use_id,
          name: this.#searchTool,
          result: content.content,
          isFailure: !Array.isArray(content.content),
          providerExecuted: true,
          metadata: own({})
        })
    }
  }

  #grow(block: Block, delta: Anthropic.RawContentBlockDelta): void {
    switch (delta.type) {
      case "text_delta":
        return this.#writer.text(delta.text)
      case "thinking_delta":
        return this.#writer.reasoning(delta.thinking)
      case "signature_delta":
        block.signature += delta.signature
        return
      case "input_json_delta":
        block.text += delta.partial_json
        if (block.content.type === "tool_use") this.#writer.callDelta(block.content.id, delta.partial_json)
        return
      case "citations_delta":
        if (delta.citation.type === "web_search_result_location") {
          this.#writer.source(delta.citation.url, delta.citation.title ?? undefined)
        }
    }
  }

  #stop(block: Block): void {
    const { content } = block
    switch (content.type) {
      case "text":
        return this.#writer.close()
      case "thinking":
        return block.signature !== "" || this.#writer.open === "reasoning"
          ? this.#closeThought(block, { signature: block.signature })
          : undefined
      case "redacted_thinking":
        return this.#closeThought(block, { redactedData: content.data })
      case "tool_use":
        this.#calls = true
        this.#doubtful = block
        if (isWhole(block)) this.#settle(false)
        return
      case "server_tool_use": {
        if (content.name !== "web_search" || this.#searchTool === undefined) return
        this.#writer.part({
          type: "tool-call",
          id: content.id,
          name: this.#searchTool,
          params: paramsOf(block),
          providerExecuted: true,
          metadata: own({})
        })
      }
    }
  }

  #closeThought(block: Block, sealed: { readonly [field: string]: Schema.Json }): void {
    this.#thought = own({ ...sealed, ...this.#place(block) })
    this.#writer.sealedReasoning()
    this.#writer.close()
    this.#thought = undefined
  }

  /** Writes the pending call, because more has arrived or the reply has ended. */
  #settle(cut: boolean): void {
    const block = this.#doubtful
    if (block?.content.type !== "tool_use") return
    this.#doubtful = undefined
    const { id, name } = block.content
    const params = cut ? BadArguments.make(block.text) : paramsOf(block)
    this.#writer.call(id, name, params, own(this.#place(block)))
  }

  #close({ delta, usage }: Anthropic.RawMessageDeltaEvent): AiErrors.Failure | undefined {
    this.#stopReason = delta.stop_reason ?? this.#stopReason
    this.#usage = WireJson.usage(this.#usage, usage)
    return this.#stopReason === "refusal" && !this.#writer.begun ? AiErrors.withheld() : undefined
  }

  #finish(): void {
    this.#isDone = true
    const reason = reasonOf(this.#stopReason, this.#calls)
    for (const block of this.#blocks.values()) {
      if (block.content.type === "tool_use") this.#doubtful ??= block
    }
    this.#blocks.clear()
    this.#settle(reason === "length")
    this.#writer.finish(reason, AnthropicUsage.read(this.#usage ?? {}))
  }

  #place({ index }: Block): { readonly [field: string]: Schema.Json } {
    return this.#message.id === undefined ? {} : { reply: this.#message.id, place: index }
  }
}

const own = (fields: { readonly [field: string]: Schema.Json }): Response.ProviderMetadata => ({ anthropic: fields })

const paramsOf = ({ content, text }: Block): unknown =>
  text === "" ? ("input" in content ? (content.input ?? {}) : {}) : CallAssembly.parseArguments(text)

const isWhole = ({ content, text }: Block): boolean =>
  text === "" ? "input" in content && Object.keys(content.input ?? {}).length > 0 : WireJson.parse(text) !== undefined

const reasons: { readonly [name: string]: Response.FinishReason | undefined } = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool-calls",
  pause_turn: "pause",
  refusal: "content-filter"
}

const reasonOf = (name: string | undefined, calls: boolean): Response.FinishReason =>
  name === undefined ? (calls ? "tool-calls" : "unknown") : (reasons[name] ?? "other")
