/**
 * Reads the streamed reply of chat completions.
 *
 * @since 0.1.0
 */
import type * as Response from "effect/ai/Response"
import * as BadArguments from "../../../internal/badArguments.ts"
import * as AiErrors from "../provider/aiErrors.ts"
import * as CallAssembly from "../provider/callAssembly.ts"
import * as ErrorNames from "../provider/errorNames.ts"
import { PartWriter } from "../provider/partWriter.ts"
import * as ReplyStream from "../provider/replyStream.ts"
import type { Part, Reply } from "../provider/replyStream.ts"
import type { ServerEvent } from "../provider/sse.ts"
import * as WireJson from "../provider/wireJson.ts"
import type { Chunk, Delta, ReasoningDetail, ToolCallDelta, Usage } from "./chunk.ts"
import * as OpenAiUsage from "./openAiUsage.ts"
import * as ReasoningDetails from "./reasoningDetails.ts"

/** Options for reading a reply. */
export interface Options {
  readonly provider: string
  readonly generateId: () => string
  /** Maps the name of a tool on the wire to its own. */
  readonly toolName?: ((name: string) => string) | undefined
  /** Whether the model's template may have opened a thought before the reply. */
  readonly mayBeginInThought?: boolean | undefined
}

/** Reads one reply. */
export const make = (options: Options): Reply => new OpenAiReply(options)

class OpenAiReply implements Reply {
  readonly #provider: string
  readonly #calls: CallAssembly.Calls
  readonly #writer: PartWriter
  readonly #details: Array<ReasoningDetail> = []
  #isDone = false
  #finishReason: string | undefined
  #usage: Usage | undefined
  readonly #takes = (chunk: Chunk) => this.#takeChunk(chunk)

  constructor({ generateId, mayBeginInThought, provider, toolName }: Options) {
    this.#provider = provider
    this.#calls = CallAssembly.make(generateId)
    this.#writer = new PartWriter({
      mayBeginInThought,
      toolName,
      reasoningMetadata: () => this.#reasoningMetadata()
    })
  }

  take({ data }: ServerEvent, out: Array<Part>): AiErrors.Failure | undefined {
    this.#writer.into(out)
    if (data === "[DONE]") {
      const leak = this.#finishReason === undefined ? this.#leak() : undefined
      if (leak === undefined) this.#finish()
      return leak
    }
    return ReplyStream.takeJson(data, this.#takes)
  }

  done(): boolean {
    return this.#isDone
  }

  ending(): boolean {
    return this.#finishReason !== undefined
  }

  end(out: Array<Part>): boolean {
    if (this.#finishReason === undefined) return false
    this.#writer.into(out)
    this.#finish()
    return true
  }

  #takeChunk(chunk: Chunk): AiErrors.Failure | undefined {
    if (ErrorNames.isError(chunk)) return AiErrors.fromEvent(chunk)
    const choice = chunk.choices?.[0]
    this.#usage = WireJson.usage(this.#usage, chunk.usage ?? chunk.x_groq?.usage ?? choice?.usage)
    if (choice === undefined) return undefined
    if (!this.#writer.begun) this.#describe(chunk)
    const delta = choice.delta ?? choice.message
    if (delta != null) this.#takeDelta(delta)
    return choice.finish_reason ? this.#stop(choice.finish_reason) : undefined
  }

  #describe({ created, id, model }: Chunk): void {
    this.#writer.describe({
      id: id ?? undefined,
      model: model ?? undefined,
      timestamp: WireJson.timestamp(created)
    })
  }

  #takeDelta(delta: Delta): void {
    const thought = delta.reasoning_content || delta.reasoning
    if (thought) this.#writer.reasoning(thought)
    if (delta.reasoning_details != null) ReasoningDetails.collect(this.#details, delta.reasoning_details)
    if (delta.content != null) this.#takeContent(delta.content)
    if (delta.refusal) this.#writer.text(delta.refusal)
    if (delta.tool_calls != null) this.#takeToolCalls(delta.tool_calls)
    if (delta.function_call != null) this.#takeToolCall({ function: delta.function_call })
    if (delta.annotations == null) return
    for (const { url_citation: cited } of delta.annotations) this.#writer.source(cited?.url, cited?.title)
  }

  #takeContent(parts: NonNullable<Delta["content"]>): void {
    if (typeof parts === "string") {
      if (parts !== "") this.#writer.text(parts)
      return
    }
    for (const part of parts) {
      if (part.type === "thinking") {
        for (const { text } of part.thinking ?? []) if (text) this.#writer.reasoning(text)
      } else if (part.text) this.#writer.text(part.text)
    }
  }

  #takeToolCalls(calls: ReadonlyArray<ToolCallDelta>): void {
    // Where a server leaves the index out, the place among several is the index.
    const places = calls.length > 1 && calls.every(({ index }) => index == null)
    calls.forEach((call, place) => this.#takeToolCall(call, places ? place : undefined))
  }

  #takeToolCall(delta: ToolCallDelta, place?: number): void {
    const given = delta.function?.arguments
    const fragment = typeof given === "string" ? given : given == null ? undefined : JSON.stringify(given)
    const touched = this.#calls.add({
      index: delta.index ?? place,
      id: delta.id ?? undefined,
      name: delta.function?.name ?? undefined,
      arguments: fragment,
      extra: delta.extra_content
    })
    for (const { call, fragment } of touched) {
      if (call.id === undefined) continue
      this.#writer.callStart(call.id, call.name)
      this.#writer.callDelta(call.id, fragment)
    }
  }

  #stop(given: string): AiErrors.Failure | undefined {
    const reason = given.toLowerCase()
    this.#finishReason = reason
    if (reasons[reason] === "content-filter" && !this.#writer.begun) return AiErrors.withheld()
    // Gemini's, within a sentence of its own.
    if (/malformed_function_call|unexpected_tool_call/.test(reason)) return AiErrors.unreadableCall(given.slice(0, 64))
    return failed.has(reason) ? AiErrors.fromEvent({ code: 503 }) : this.#leak()
  }

  /** The model called a tool in text, and in no other way. */
  #leak(): AiErrors.Failure | undefined {
    this.#writer.settle()
    return this.#writer.leaked && !this.#calls.some() ? AiErrors.unreadableCall("as text") : undefined
  }

  #finish(): void {
    this.#isDone = true
    // Encrypted reasoning: it cannot be read, but must go back.
    if (this.#details.length > 0) {
      if (this.#writer.open !== "reasoning") this.#writer.close()
      this.#writer.sealedReasoning()
    }
    const reason = reasonOf(this.#finishReason, false)
    const calls = this.#calls.finish()
    for (const call of calls) {
      const cut = reason === "length" && !call.whole
      const params = cut ? BadArguments.make(call.arguments) : CallAssembly.parseArguments(call.arguments)
      this.#writer.call(call.id, call.name, params, this.#callMetadata(call))
    }
    const usage = OpenAiUsage.read(this.#usage, this.#provider)
    this.#writer.finish(reasonOf(this.#finishReason, calls.length > 0), usage, this.#usage?.cost)
  }

  #callMetadata({ extra }: CallAssembly.ToolCall): Response.ProviderMetadata | undefined {
    return extra === undefined ? undefined : { openai: { provider: this.#provider, extraContent: extra } }
  }

  #reasoningMetadata(): Response.ProviderMetadata {
    const reasoningDetails = this.#details.splice(0)
    return {
      openai: { provider: this.#provider, ...(reasoningDetails.length === 0 ? undefined : { reasoningDetails }) }
    }
  }
}

// Finish reasons for a reply that the provider gave up on.
const failed: ReadonlySet<string> = new Set([
  "error",
  "insufficient_system_resource",
  "abort",
  "network_error",
  "server_error",
  "timeout"
])

// In lower case. Servers that stand before other APIs pass their names on.
const reasons: { readonly [name: string]: Response.FinishReason | undefined } = {
  stop: "stop",
  eos: "stop",
  eos_token: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  complete: "stop",
  length: "length",
  model_length: "length",
  max_tokens: "length",
  max_output_tokens: "length",
  model_context_window_exceeded: "length",
  content_filter: "content-filter",
  refusal: "content-filter",
  // Gemini's, and Zhipu's.
  safety: "content-filter",
  recitation: "content-filter",
  prohibited_content: "content-filter",
  sensitive: "content-filter",
  pause_turn: "pause",
  tool_calls: "tool-calls",
  tool_call: "tool-calls",
  tool_use: "tool-calls",
  function_call: "tool-calls"
}

// Several servers send "stop", or nothing, after tool calls.
const reasonOf = (name: string | undefined, calls: boolean): Response.FinishReason => {
  const reason = name === undefined ? "unknown" : (reasons[name] ?? "other")
  return calls && (reason === "stop" || reason === "unknown") ? "tool-calls" : reason
}
