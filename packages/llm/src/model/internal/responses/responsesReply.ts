/**
 * Reads the streamed reply of OpenAI's Responses API.
 *
 * @since 0.1.0
 */
import type * as Response from "effect/ai/Response"
import * as BadArguments from "../../../internal/badArguments.ts"
import { inputTokens } from "../provider/inputTokens.ts"
import * as AiErrors from "../provider/aiErrors.ts"
import * as CallAssembly from "../provider/callAssembly.ts"
import * as ErrorNames from "../provider/errorNames.ts"
import { PartWriter } from "../provider/partWriter.ts"
import * as ReplyStream from "../provider/replyStream.ts"
import type { Part, Reply } from "../provider/replyStream.ts"
import type { ServerEvent } from "../provider/sse.ts"
import * as WireJson from "../provider/wireJson.ts"

/** The fields read from an event. Any of them may be missing. */
interface Event {
  readonly type?: string
  readonly delta?: string
  readonly arguments?: string
  readonly item_id?: string
  readonly output_index?: number
  readonly item?: Item
  readonly response?: Whole
  readonly annotation?: { readonly type?: string; readonly url?: string; readonly title?: string }
  readonly code?: string | null
  readonly message?: string
  readonly error?: unknown
}

interface Item {
  readonly id?: string
  readonly type?: string
  readonly status?: string
  readonly call_id?: string
  readonly name?: string
  readonly arguments?: string
  readonly encrypted_content?: string | null
  readonly content?: ReadonlyArray<{ readonly text?: string; readonly refusal?: string } | null> | null
}

interface Whole {
  readonly id?: string
  readonly model?: string
  readonly created_at?: number
  readonly error?: unknown
  readonly incomplete_details?: { readonly reason?: string } | null
  readonly usage?: Usage | null
}

interface Usage {
  readonly input_tokens?: number
  readonly output_tokens?: number
  readonly input_tokens_details?: { readonly cached_tokens?: number; readonly cache_write_tokens?: number } | null
  readonly output_tokens_details?: { readonly reasoning_tokens?: number } | null
}

/** Reads one reply. */
export const make = (options: { readonly toolName?: ((name: string) => string) | undefined }): Reply =>
  new ResponsesReply(options.toolName)

/** A call that has started and is not complete. */
interface OpenCall {
  readonly id: string
  readonly name: string
  readonly item: string | undefined
  readonly index: number | undefined
  text: string
  /** Whether the text is known to be complete. */
  whole: boolean
}

class ResponsesReply implements Reply {
  readonly #writer: PartWriter
  readonly #open = new Set<OpenCall>()
  /** Whether the message being written has had any text. */
  #wrote = false
  #thought: Response.ProviderMetadata | undefined
  #calls = false
  #isDone = false

  constructor(toolName: ((name: string) => string) | undefined) {
    this.#writer = new PartWriter({ toolName, reasoningMetadata: () => this.#thought ?? {} })
  }

  take({ data }: ServerEvent, out: Array<Part>): AiErrors.Failure | undefined {
    this.#writer.into(out)
    if (data === "[DONE]") return undefined
    return ReplyStream.takeJson<Event>(data, (event) => this.#takeEvent(event))
  }

  done(): boolean {
    return this.#isDone
  }

  /** Only the last event shows that a response is complete. */
  end(): boolean {
    return this.#isDone
  }

  #takeEvent(event: Event): AiErrors.Failure | undefined {
    switch (event.type) {
      case "response.created":
      case "response.in_progress":
        this.#describe(event.response)
        return undefined
      case "response.output_text.delta":
      case "response.refusal.delta":
        this.#wrote = true
        this.#writer.text(event.delta ?? "")
        return undefined
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        this.#writer.reasoning(event.delta ?? "")
        return undefined
      case "response.output_text.annotation.added":
        if (event.annotation?.type === "url_citation") this.#writer.source(event.annotation.url, event.annotation.title)
        return undefined
      case "response.output_item.added":
        if (event.item?.type === "function_call") this.#begin(event.item, event.output_index)
        return undefined
      case "response.function_call_arguments.delta":
      case "response.function_call_arguments.done":
        this.#grow(event)
        return undefined
      case "response.output_item.done":
        this.#complete(event.item ?? {}, event.output_index)
        return undefined
      case "response.completed":
        return this.#finish(event.response, undefined)
      case "response.incomplete":
        return this.#finish(event.response, event.response?.incomplete_details?.reason ?? "other")
      case "response.failed":
        return AiErrors.fromEvent({ error: event.response?.error ?? {} })
      case "error":
        return AiErrors.fromEvent(event.error === undefined ? { code: event.code, message: event.message } : event)
      default:
        // An error in another server's own format.
        return ErrorNames.isError(event) ? AiErrors.fromEvent(event) : undefined
    }
  }

  #describe(response: Whole | undefined): void {
    this.#writer.describe({
      id: response?.id,
      model: response?.model,
      timestamp: WireJson.timestamp(response?.created_at)
    })
  }

  #begin({ call_id: id, id: item, name }: Item, index: number | undefined): void {
    if (id === undefined || name === undefined) return
    this.#open.add({ id, name, item, index, text: "", whole: false })
    this.#writer.callStart(id, name)
  }

  #grow({ arguments: whole, delta = "", item_id: item, output_index: index }: Event): void {
    const call = this.#find(undefined, item, index)
    if (call === undefined) return
    call.whole = whole !== undefined
    call.text = whole ?? call.text + delta
    this.#writer.callDelta(call.id, delta)
  }

  /** Finds a call by its ids, or else by its place: some servers give an item another id in each event, or none. */
  #find(id: string | undefined, item: string | undefined, index: number | undefined): OpenCall | undefined {
    const open = [...this.#open]
    return (
      open.find((call) => call.id === id) ??
      open.find((call) => item !== undefined && call.item === item) ??
      open.find((call) => id === undefined && index !== undefined && call.index === index)
    )
  }

  #complete(item: Item, index: number | undefined): void {
    this.#writer.apart()
    switch (item.type) {
      case "message":
        // A server that streams no text has it here.
        if (!this.#wrote) for (const part of item.content ?? []) this.#writer.text(part?.text ?? part?.refusal ?? "")
        this.#wrote = false
        return this.#writer.close()
      case "reasoning": {
        const { encrypted_content: encryptedContent, id: itemId } = item
        if (itemId === undefined) return
        this.#thought = { openai: { itemId, ...(encryptedContent == null ? undefined : { encryptedContent }) } }
        if (encryptedContent != null) this.#writer.sealedReasoning()
        this.#writer.close()
        this.#thought = undefined
        return
      }
      case "function_call": {
        const call = this.#find(item.call_id, item.id, index)
        const id = item.call_id ?? call?.id
        const name = item.name ?? call?.name
        if (id === undefined || name === undefined || item.status === "incomplete") return
        if (call !== undefined) this.#open.delete(call)
        this.#called(id, name, CallAssembly.parseArguments(item.arguments ?? call?.text ?? ""))
      }
    }
  }

  #called(id: string, name: string, params: unknown): void {
    this.#calls = true
    this.#writer.call(id, name, params)
  }

  #finish(response: Whole | undefined, incomplete: string | undefined): AiErrors.Failure | undefined {
    this.#describe(response)
    this.#isDone = true
    if (incomplete === "content_filter" && !this.#writer.begun) return AiErrors.withheld()
    // A call that was cut off must not run with default arguments.
    for (const { id, name, text, whole } of this.#open) {
      this.#called(id, name, whole ? CallAssembly.parseArguments(text) : BadArguments.make(text))
    }
    this.#open.clear()
    this.#writer.finish(reasonOf(incomplete, this.#calls), usageOf(response?.usage ?? undefined))
    return undefined
  }
}

const reasonOf = (incomplete: string | undefined, calls: boolean): Response.FinishReason => {
  switch (incomplete) {
    case undefined:
      return calls ? "tool-calls" : "stop"
    case "max_output_tokens":
      return "length"
    case "content_filter":
      return "content-filter"
    default:
      return "other"
  }
}

const usageOf = (usage: Usage | undefined): Response.FinishPartEncoded["usage"] => {
  const input = WireJson.count(usage?.input_tokens)
  const output = WireJson.count(usage?.output_tokens)
  const cacheRead = WireJson.count(usage?.input_tokens_details?.cached_tokens)
  const cacheWrite = WireJson.count(usage?.input_tokens_details?.cache_write_tokens)
  const reasoning = WireJson.count(usage?.output_tokens_details?.reasoning_tokens)
  return {
    inputTokens: inputTokens(input, cacheRead, cacheWrite),
    outputTokens: {
      total: output,
      text: output === undefined ? undefined : Math.max(0, output - (reasoning ?? 0)),
      reasoning
    }
  }
}
