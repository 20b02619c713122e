/**
 * Reads the streamed reply of chat completions.
 *
 * Nothing is emitted before there is content, so that a reply that fails before can be asked for elsewhere.
 *
 * @since 0.1.0
 */
import type * as AiError from "effect/ai/AiError"
import type * as Response from "effect/ai/Response"
import type * as Schema from "effect/Schema"
import * as AiErrors from "../provider/aiErrors.ts"
import type { Part, Reply } from "../provider/replyStream.ts"
import type { ServerEvent } from "../provider/sse.ts"
import * as ToolCalls from "../provider/toolCalls.ts"

/** What of a chunk is read. All of it may be missing: servers differ. */
interface Chunk {
  readonly id?: string | null
  readonly model?: string | null
  readonly created?: number | null
  readonly error?: unknown
  readonly usage?: Usage | null
  readonly x_groq?: { readonly usage?: Usage | null } | null
  readonly choices?: ReadonlyArray<Choice> | null
}

interface Choice {
  readonly delta?: Delta | null
  readonly finish_reason?: string | null
}

interface Delta {
  readonly content?: string | ReadonlyArray<ContentPart> | null
  readonly refusal?: string | null
  readonly reasoning_content?: string | null
  readonly reasoning?: string | null
  readonly reasoning_details?: ReadonlyArray<ReasoningDetail> | null
  readonly tool_calls?: ReadonlyArray<ToolCallDelta> | null
  readonly annotations?: ReadonlyArray<Annotation> | null
}

interface ContentPart {
  readonly type: string
  readonly text?: string
  readonly thinking?: ReadonlyArray<ContentPart>
}

interface ReasoningDetail {
  readonly [field: string]: Schema.Json
}

interface ToolCallDelta {
  readonly index?: number | null
  readonly id?: string | null
  readonly function?: { readonly name?: string | null; readonly arguments?: unknown } | null
  readonly extra_content?: Schema.Json
}

interface Annotation {
  readonly type?: string
  readonly url_citation?: { readonly url?: string; readonly title?: string }
}

interface Usage {
  readonly prompt_tokens?: number
  readonly completion_tokens?: number
  readonly prompt_cache_hit_tokens?: number
  readonly prompt_tokens_details?: { readonly cached_tokens?: number; readonly cache_write_tokens?: number } | null
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number } | null
}

/** Reads one reply of `provider`. */
export const make = (options: { readonly provider: string; readonly generateId: () => string }): Reply =>
  new OpenAiReply(options.provider, ToolCalls.make(options.generateId))

class OpenAiReply implements Reply {
  readonly #provider: string
  readonly #calls: ToolCalls.ToolCalls
  readonly #announced = new Set<string>()
  readonly #sources = new Set<string>()
  readonly #details: Array<ReasoningDetail> = []
  #begun = false
  #isDone = false
  #blocks = 0
  #open: { readonly type: "text" | "reasoning"; readonly id: string } | undefined
  #finishReason: string | undefined
  #usage: Usage | undefined

  constructor(provider: string, calls: ToolCalls.ToolCalls) {
    this.#provider = provider
    this.#calls = calls
  }

  take({ data }: ServerEvent, out: Array<Part>): AiError.AiErrorReason | undefined {
    if (data === "[DONE]") {
      this.#finish(out)
      return undefined
    }
    const chunk = parse(data)
    if (chunk === undefined) return AiErrors.malformed("an event is not JSON")
    try {
      return this.#takeChunk(chunk, out)
    } catch {
      return AiErrors.malformed("an event has another shape than documented")
    }
  }

  done(): boolean {
    return this.#isDone
  }

  end(out: Array<Part>): boolean {
    if (this.#finishReason === undefined) return false
    this.#finish(out)
    return true
  }

  #begin(chunk: Chunk, out: Array<Part>): void {
    if (this.#begun) return
    this.#begun = true
    out.push({
      type: "response-metadata",
      id: chunk.id ?? undefined,
      modelId: chunk.model ?? undefined,
      timestamp: timestamp(chunk.created)
    })
  }

  #close(out: Array<Part>): void {
    if (this.#open === undefined) return
    if (this.#open.type === "text") out.push({ type: "text-end", id: this.#open.id })
    else out.push({ type: "reasoning-end", id: this.#open.id, metadata: this.#reasoningMetadata() })
    this.#open = undefined
  }

  #reasoningMetadata(): Response.ProviderMetadata {
    const reasoningDetails = this.#details.splice(0)
    return {
      openai: { provider: this.#provider, ...(reasoningDetails.length === 0 ? undefined : { reasoningDetails }) }
    }
  }

  #write(type: "text" | "reasoning", delta: string, chunk: Chunk, out: Array<Part>): void {
    this.#begin(chunk, out)
    if (this.#open?.type !== type) {
      this.#close(out)
      this.#open = { type, id: `${type}-${this.#blocks++}` }
      out.push({ type: `${type}-start`, id: this.#open.id })
    }
    out.push({ type: `${type}-delta`, id: this.#open.id, delta })
  }

  #takeContent(parts: NonNullable<Delta["content"]>, chunk: Chunk, out: Array<Part>): void {
    if (typeof parts === "string") {
      if (parts !== "") this.#write("text", parts, chunk, out)
      return
    }
    for (const part of parts) {
      if (part.type === "thinking") {
        for (const { text } of part.thinking ?? []) if (text) this.#write("reasoning", text, chunk, out)
      } else if (part.text) this.#write("text", part.text, chunk, out)
    }
  }

  #takeToolCall(delta: ToolCallDelta, chunk: Chunk, out: Array<Part>): void {
    const given = delta.function?.arguments
    const fragment = typeof given === "string" ? given : given == null ? undefined : JSON.stringify(given)
    const call = this.#calls.add({
      index: delta.index ?? undefined,
      id: delta.id ?? undefined,
      name: delta.function?.name ?? undefined,
      arguments: fragment,
      extra: delta.extra_content
    })
    if (call.id === undefined) return
    this.#begin(chunk, out)
    if (!this.#announced.has(call.id)) {
      this.#announced.add(call.id)
      this.#close(out)
      out.push({ type: "tool-params-start", id: call.id, name: call.name })
    }
    // Told as they come, as a sign of life; only the call itself has arguments to rely on.
    if (fragment) out.push({ type: "tool-params-delta", id: call.id, delta: fragment })
  }

  #takeAnnotation({ url_citation: cited }: Annotation, chunk: Chunk, out: Array<Part>): void {
    if (cited?.url === undefined || this.#sources.has(cited.url) || !URL.canParse(cited.url)) return
    this.#sources.add(cited.url)
    this.#begin(chunk, out)
    const id = `source-${this.#sources.size}`
    out.push({ type: "source", sourceType: "url", id, url: cited.url, title: cited.title ?? cited.url })
  }

  #finish(out: Array<Part>): void {
    this.#isDone = true
    if (this.#details.length > 0 && this.#open?.type !== "reasoning") {
      // Sealed reasoning: nothing to read, and still it has to go back.
      this.#close(out)
      this.#open = { type: "reasoning", id: `reasoning-${this.#blocks++}` }
      out.push({ type: "reasoning-start", id: this.#open.id })
    }
    this.#close(out)
    const made = this.#calls.finish()
    for (const call of made) {
      if (this.#announced.has(call.id)) out.push({ type: "tool-params-end", id: call.id })
      out.push({
        type: "tool-call",
        id: call.id,
        name: call.name,
        params: ToolCalls.parseArguments(call.arguments),
        ...(call.extra === undefined
          ? undefined
          : { metadata: { openai: { provider: this.#provider, extraContent: call.extra } } })
      })
    }
    out.push({ type: "finish", reason: reasonOf(this.#finishReason, made.length > 0), usage: usageOf(this.#usage) })
  }

  #takeChunk(chunk: Chunk, out: Array<Part>): AiError.AiErrorReason | undefined {
    if (chunk.error) return AiErrors.fromEvent(chunk)
    this.#usage = chunk.usage ?? chunk.x_groq?.usage ?? this.#usage
    const choice = chunk.choices?.[0]
    if (choice === undefined) return undefined
    const { delta } = choice
    if (delta != null) {
      const thought = delta.reasoning_content || delta.reasoning
      if (thought) this.#write("reasoning", thought, chunk, out)
      if (delta.reasoning_details != null) collectDetails(this.#details, delta.reasoning_details)
      if (delta.content != null) this.#takeContent(delta.content, chunk, out)
      if (delta.refusal) this.#write("text", delta.refusal, chunk, out)
      for (const call of delta.tool_calls ?? []) this.#takeToolCall(call, chunk, out)
      for (const annotation of delta.annotations ?? []) this.#takeAnnotation(annotation, chunk, out)
    }
    if (choice.finish_reason) {
      this.#finishReason = choice.finish_reason
      if (this.#finishReason === "content_filter" && !this.#begun) return AiErrors.withheld()
      if (failed.has(this.#finishReason)) return AiErrors.fromEvent({ code: 503 })
    }
    return undefined
  }
}

/** An event's data as an object, or undefined. */
export const parse = (data: string): object | undefined => {
  try {
    const value: unknown = JSON.parse(data)
    return typeof value === "object" && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

// What a provider says when it gave up on a reply.
const failed: ReadonlySet<string> = new Set(["error", "insufficient_system_resource", "abort"])

const reasons: { readonly [name: string]: Response.FinishReason | undefined } = {
  stop: "stop",
  eos: "stop",
  end_turn: "stop",
  length: "length",
  model_length: "length",
  max_tokens: "length",
  content_filter: "content-filter",
  tool_calls: "tool-calls",
  function_call: "tool-calls"
}

// Several servers say "stop", or nothing, after tool calls.
const reasonOf = (name: string | undefined, calls: boolean): Response.FinishReason => {
  const reason = name === undefined ? "unknown" : (reasons[name] ?? "other")
  return calls && (reason === "stop" || reason === "unknown") ? "tool-calls" : reason
}

const collectDetails = (details: Array<ReasoningDetail>, added: ReadonlyArray<ReasoningDetail>): void => {
  for (const detail of added) {
    const last = details.at(-1)
    // Pieces of one text are joined; whatever else there is stays as it came.
    if (
      last !== undefined &&
      last["type"] === "reasoning.text" &&
      detail["type"] === "reasoning.text" &&
      last["index"] === detail["index"]
    ) {
      const text = `${String(last["text"] ?? "")}${String(detail["text"] ?? "")}`
      details[details.length - 1] = { ...last, ...defined(detail), text }
    } else details.push(detail)
  }
}

const defined = (detail: ReasoningDetail): ReasoningDetail =>
  Object.fromEntries(Object.entries(detail).filter(([, value]) => value !== null))

const usageOf = (usage: Usage | undefined): Response.FinishPartEncoded["usage"] => {
  const input = count(usage?.prompt_tokens)
  const output = count(usage?.completion_tokens)
  const cacheRead = count(usage?.prompt_tokens_details?.cached_tokens) ?? count(usage?.prompt_cache_hit_tokens)
  const reasoning = count(usage?.completion_tokens_details?.reasoning_tokens)
  return {
    inputTokens: {
      total: input,
      uncached: input === undefined ? undefined : Math.max(0, input - (cacheRead ?? 0)),
      cacheRead,
      cacheWrite: count(usage?.prompt_tokens_details?.cache_write_tokens)
    },
    outputTokens: {
      total: output,
      text: output === undefined ? undefined : Math.max(0, output - (reasoning ?? 0)),
      reasoning
    }
  }
}

/** A number of tokens, if it is one. */
export const count = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) ? (value as number) : undefined

const timestamp = (seconds: number | null | undefined): string | undefined => {
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || Math.abs(seconds) > 8.64e12) return undefined
  return new Date(seconds * 1000).toISOString()
}
