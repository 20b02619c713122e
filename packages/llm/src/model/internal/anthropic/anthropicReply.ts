/**
 * Reads the streamed reply of Anthropic's messages.
 *
 * Nothing is emitted before there is content, so that a reply that fails before can be asked for elsewhere.
 *
 * @since 0.1.0
 */
import type Anthropic from "@anthropic-ai/sdk"
import type * as AiError from "effect/ai/AiError"
import type * as Response from "effect/ai/Response"
import type * as Schema from "effect/Schema"
import * as AiErrors from "../provider/aiErrors.ts"
import * as OpenAiReply from "../openAi/openAiReply.ts"
import type { Part, Reply } from "../provider/replyStream.ts"
import type { ServerEvent } from "../provider/sse.ts"
import * as ToolCalls from "../provider/toolCalls.ts"

type Event =
  | Anthropic.RawMessageStreamEvent
  | { readonly type: "ping" }
  | { readonly type: "error"; readonly error: unknown }

/** A content block that has begun and not ended. */
interface Block {
  readonly id: string
  readonly content: Anthropic.RawContentBlockStartEvent["content_block"]
  text: string
  signature: string
  announced: boolean
}

/** Reads one reply. Searches that the provider makes are told only if `searchTool` names the tool they are known by. */
export const make = (options: { readonly searchTool: string | undefined }): Reply =>
  new AnthropicReply(options.searchTool)

class AnthropicReply implements Reply {
  readonly #searchTool: string | undefined
  readonly #blocks = new Map<number, Block>()
  readonly #sources = new Set<string>()
  #begun = false
  #isDone = false
  #calls = false
  #stopReason: string | undefined
  #message: { readonly id?: string; readonly model?: string } = {}
  #usage: Partial<Anthropic.MessageDeltaUsage> = {}

  constructor(searchTool: string | undefined) {
    this.#searchTool = searchTool
  }

  take({ data }: ServerEvent, out: Array<Part>): AiError.AiErrorReason | undefined {
    const event = OpenAiReply.parse(data)
    if (event === undefined) return AiErrors.malformed("an event is not JSON")
    try {
      return this.#takeEvent(event as Event, out)
    } catch {
      return AiErrors.malformed("an event has another shape than documented")
    }
  }

  done(): boolean {
    return this.#isDone
  }

  end(out: Array<Part>): boolean {
    if (this.#stopReason === undefined) return false
    this.#finish(out)
    return true
  }

  #begin(out: Array<Part>): void {
    if (this.#begun) return
    this.#begun = true
    out.push({ type: "response-metadata", id: this.#message.id, modelId: this.#message.model })
  }

  #write(block: Block, type: "text" | "reasoning", delta: string, out: Array<Part>): void {
    if (delta === "") return
    this.#begin(out)
    if (!block.announced) {
      block.announced = true
      out.push({ type: `${type}-start`, id: block.id })
    }
    out.push({ type: `${type}-delta`, id: block.id, delta })
  }

  #start(index: number, content: Block["content"], out: Array<Part>): void {
    const block: Block = { id: `block-${index}`, content, text: "", signature: "", announced: false }
    this.#blocks.set(index, block)
    if (content.type === "text") this.#write(block, "text", content.text, out)
    else if (content.type === "thinking") {
      block.signature = content.signature ?? ""
      this.#write(block, "reasoning", content.thinking ?? "", out)
    } else if (content.type === "tool_use") {
      this.#begin(out)
      out.push({ type: "tool-params-start", id: content.id, name: content.name })
    } else if (content.type === "web_search_tool_result" && this.#searchTool !== undefined) {
      this.#begin(out)
      out.push({
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

  #grow(block: Block, delta: Anthropic.RawContentBlockDelta, out: Array<Part>): void {
    switch (delta.type) {
      case "text_delta":
        this.#write(block, "text", delta.text, out)
        return
      case "thinking_delta":
        this.#write(block, "reasoning", delta.thinking, out)
        return
      case "signature_delta":
        block.signature += delta.signature
        return
      case "input_json_delta":
        block.text += delta.partial_json
        if (block.content.type === "tool_use" && delta.partial_json !== "") {
          out.push({ type: "tool-params-delta", id: block.content.id, delta: delta.partial_json })
        }
        return
      case "citations_delta":
        this.#cite(delta.citation, out)
    }
  }

  #cite(citation: Anthropic.TextCitation, out: Array<Part>): void {
    if (
      citation.type !== "web_search_result_location" ||
      this.#sources.has(citation.url) ||
      !URL.canParse(citation.url)
    )
      return
    this.#sources.add(citation.url)
    this.#begin(out)
    const id = `source-${this.#sources.size}`
    out.push({ type: "source", sourceType: "url", id, url: citation.url, title: citation.title ?? citation.url })
  }

  #stop(block: Block, out: Array<Part>): void {
    const { content } = block
    switch (content.type) {
      case "text":
        if (block.announced) out.push({ type: "text-end", id: block.id })
        return
      case "thinking":
        if (!block.announced && block.signature === "") return
        this.#begin(out)
        if (!block.announced) out.push({ type: "reasoning-start", id: block.id })
        out.push({ type: "reasoning-end", id: block.id, metadata: own({ signature: block.signature }) })
        return
      case "redacted_thinking":
        this.#begin(out)
        out.push({ type: "reasoning-start", id: block.id })
        out.push({ type: "reasoning-end", id: block.id, metadata: own({ redactedData: content.data }) })
        return
      case "tool_use": {
        this.#calls = true
        const params = block.text === "" ? (content.input ?? {}) : ToolCalls.parseArguments(block.text)
        out.push({ type: "tool-params-end", id: content.id })
        out.push({ type: "tool-call", id: content.id, name: content.name, params })
        return
      }
      case "server_tool_use": {
        if (content.name !== "web_search" || this.#searchTool === undefined) return
        const params = block.text === "" ? (content.input ?? {}) : ToolCalls.parseArguments(block.text)
        this.#begin(out)
        out.push({
          type: "tool-call",
          id: content.id,
          name: this.#searchTool,
          params,
          providerExecuted: true,
          metadata: own({})
        })
      }
    }
  }

  #finish(out: Array<Part>): void {
    this.#isDone = true
    this.#begin(out)
    for (const block of this.#blocks.values()) this.#stop(block, out)
    this.#blocks.clear()
    out.push({ type: "finish", reason: reasonOf(this.#stopReason, this.#calls), usage: usageOf(this.#usage) })
  }

  #takeEvent(event: Event, out: Array<Part>): AiError.AiErrorReason | undefined {
    switch (event.type) {
      case "message_start":
        this.#message = event.message
        this.#usage = { ...event.message.usage }
        return undefined
      case "content_block_start":
        this.#start(event.index, event.content_block, out)
        return undefined
      case "content_block_delta": {
        const block = this.#blocks.get(event.index)
        if (block === undefined) return AiErrors.malformed("a delta of a block that has not begun")
        this.#grow(block, event.delta, out)
        return undefined
      }
      case "content_block_stop": {
        const block = this.#blocks.get(event.index)
        this.#blocks.delete(event.index)
        if (block !== undefined) this.#stop(block, out)
        return undefined
      }
      case "message_delta":
        this.#stopReason = event.delta.stop_reason ?? this.#stopReason
        for (const [field, value] of Object.entries(event.usage ?? {})) {
          if (value !== null) this.#usage = { ...this.#usage, [field]: value }
        }
        return this.#stopReason === "refusal" && !this.#begun ? AiErrors.withheld() : undefined
      case "message_stop":
        this.#finish(out)
        return undefined
      case "error":
        return AiErrors.fromEvent(event)
      default:
        return undefined
    }
  }
}

const own = (fields: { readonly [field: string]: Schema.Json }): Response.ProviderMetadata => ({ anthropic: fields })

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

const usageOf = (usage: Partial<Anthropic.MessageDeltaUsage>): Response.FinishPartEncoded["usage"] => {
  const uncached = OpenAiReply.count(usage.input_tokens)
  const cacheRead = OpenAiReply.count(usage.cache_read_input_tokens)
  const cacheWrite = OpenAiReply.count(usage.cache_creation_input_tokens)
  const output = OpenAiReply.count(usage.output_tokens)
  const reasoning = OpenAiReply.count(usage.output_tokens_details?.thinking_tokens)
  return {
    inputTokens: {
      total: uncached === undefined ? undefined : uncached + (cacheRead ?? 0) + (cacheWrite ?? 0),
      uncached,
      cacheRead,
      cacheWrite
    },
    outputTokens: {
      total: output,
      text: output === undefined ? undefined : Math.max(0, output - (reasoning ?? 0)),
      reasoning
    }
  }
}
