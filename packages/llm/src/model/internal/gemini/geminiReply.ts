/**
 * Reads the streamed reply of Gemini's own API.
 *
 * @since 0.1.0
 */
import type * as Response from "effect/ai/Response"
import { inputTokens } from "../provider/inputTokens.ts"
import * as AiErrors from "../provider/aiErrors.ts"
import * as ErrorNames from "../provider/errorNames.ts"
import { PartWriter } from "../provider/partWriter.ts"
import * as ReplyStream from "../provider/replyStream.ts"
import type { Part, Reply } from "../provider/replyStream.ts"
import type { ServerEvent } from "../provider/sse.ts"
import * as WireJson from "../provider/wireJson.ts"

/** The fields read from an event. Any of them may be missing. */
interface Chunk {
  readonly responseId?: string
  readonly modelVersion?: string
  readonly error?: unknown
  readonly promptFeedback?: { readonly blockReason?: string } | null
  readonly usageMetadata?: Usage | null
  readonly candidates?: ReadonlyArray<Candidate> | null
}

interface Candidate {
  readonly content?: { readonly parts?: ReadonlyArray<ContentPart> | null } | null
  readonly finishReason?: string | null
  readonly groundingMetadata?: {
    readonly groundingChunks?: ReadonlyArray<{ readonly web?: { readonly uri?: string; readonly title?: string } }>
  } | null
}

interface ContentPart {
  readonly text?: string
  readonly thought?: boolean
  readonly thoughtSignature?: string
  readonly functionCall?: { readonly id?: string; readonly name?: string; readonly args?: unknown }
}

interface Usage {
  readonly promptTokenCount?: number
  /** What the results of the provider's own tools have added to the prompt. */
  readonly toolUsePromptTokenCount?: number
  readonly cachedContentTokenCount?: number
  readonly candidatesTokenCount?: number
  readonly thoughtsTokenCount?: number
}

/** How a reply is read. */
export interface Options {
  readonly generateId: () => string
  readonly toolName?: ((name: string) => string) | undefined
}

/** Reads one reply. */
export const make = (options: Options): Reply => new GeminiReply(options)

class GeminiReply implements Reply {
  readonly #generateId: () => string
  readonly #writer: PartWriter
  readonly #ids = new Set<string>()
  #usage: Usage | undefined
  #finishReason: string | undefined
  #isDone = false

  constructor({ generateId, toolName }: Options) {
    this.#generateId = generateId
    this.#writer = new PartWriter({ toolName })
  }

  take({ data }: ServerEvent, out: Array<Part>): AiErrors.Failure | undefined {
    this.#writer.into(out)
    return ReplyStream.takeJson<Chunk>(data, (chunk) => this.#takeChunk(chunk))
  }

  done(): boolean {
    return this.#isDone
  }

  // Gateways and older models give a reason in every chunk, or before the first word.
  ending(): boolean {
    return this.#finishReason !== undefined && this.#writer.begun
  }

  end(out: Array<Part>): boolean {
    if (this.#finishReason === undefined) return false
    this.#writer.into(out)
    this.#finish()
    return true
  }

  #takeChunk(chunk: Chunk): AiErrors.Failure | undefined {
    if (ErrorNames.isError(chunk)) return AiErrors.fromEvent(chunk)
    if (chunk.promptFeedback?.blockReason) return AiErrors.withheld()
    this.#writer.describe({ id: chunk.responseId, model: chunk.modelVersion })
    this.#usage = WireJson.usage(this.#usage, chunk.usageMetadata)
    const candidate = chunk.candidates?.[0]
    if (candidate === undefined) return undefined
    for (const part of candidate.content?.parts ?? []) this.#takePart(part)
    for (const { web } of candidate.groundingMetadata?.groundingChunks ?? []) this.#writer.source(web?.uri, web?.title)
    return candidate.finishReason ? this.#stop(candidate.finishReason) : undefined
  }

  #takePart({ functionCall, text, thought, thoughtSignature }: ContentPart): void {
    if (text) {
      if (thought === true) this.#writer.reasoning(text)
      else this.#writer.text(text)
    }
    if (functionCall?.name === undefined) return
    const { args, id: given, name } = functionCall
    const id = given !== undefined && given !== "" && !this.#ids.has(given) ? given : this.#generateId()
    this.#ids.add(id)
    const metadata = thoughtSignature === undefined ? undefined : { gemini: { signature: thoughtSignature } }
    this.#writer.call(id, name, args ?? {}, metadata)
  }

  #stop(reason: string): AiErrors.Failure | undefined {
    this.#finishReason = reason
    if (badCalls.has(reason)) return AiErrors.unreadableCall(reason)
    if (filtered.has(reason) && !this.#writer.begun) return AiErrors.withheld()
    this.#writer.close()
    return this.#writer.leaked && this.#ids.size === 0 ? AiErrors.unreadableCall("as text") : undefined
  }

  #finish(): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#writer.finish(reasonOf(this.#finishReason, this.#ids.size > 0), usageOf(this.#usage))
  }
}

const filtered: ReadonlySet<string> = new Set([
  "SAFETY",
  "RECITATION",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
  "MODEL_ARMOR",
  "IMAGE_SAFETY"
])

const badCalls: ReadonlySet<string> = new Set([
  "MALFORMED_FUNCTION_CALL",
  "MALFORMED_RESPONSE",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS",
  "MISSING_THOUGHT_SIGNATURE"
])

const reasonOf = (reason: string | undefined, calls: boolean): Response.FinishReason => {
  if (reason === "MAX_TOKENS") return "length"
  if (reason !== undefined && filtered.has(reason)) return "content-filter"
  if (calls) return "tool-calls"
  return reason === "STOP" ? "stop" : reason === undefined ? "unknown" : "other"
}

const usageOf = (usage: Usage | undefined): Response.FinishPartEncoded["usage"] => {
  const prompt = WireJson.count(usage?.promptTokenCount)
  const input = prompt === undefined ? undefined : prompt + (WireJson.count(usage?.toolUsePromptTokenCount) ?? 0)
  const cacheRead = WireJson.count(usage?.cachedContentTokenCount)
  const text = WireJson.count(usage?.candidatesTokenCount)
  const reasoning = WireJson.count(usage?.thoughtsTokenCount)
  return {
    inputTokens: inputTokens(input, cacheRead),
    // Thoughts are counted beside the answer, and billed like it.
    outputTokens: {
      total: text === undefined && reasoning === undefined ? undefined : (text ?? 0) + (reasoning ?? 0),
      text,
      reasoning
    }
  }
}
