/**
 * The fields read from chunks of chat completions. Any of them may be missing, because servers differ.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"

/** One event of a streamed reply. */
export interface Chunk {
  readonly id?: string | null
  readonly model?: string | null
  readonly created?: number | null
  readonly error?: unknown
  /** `error`, in error events of several servers. */
  readonly object?: string | null
  readonly usage?: Usage | null
  readonly x_groq?: { readonly usage?: Usage | null } | null
  readonly choices?: ReadonlyArray<Choice> | null
}

/** One answer. Servers that send a reply in one piece use `message` instead of `delta`. */
export interface Choice {
  readonly delta?: Delta | null
  readonly message?: Delta | null
  readonly finish_reason?: string | null
  /** Moonshot's place for it. */
  readonly usage?: Usage | null
}

/** What a chunk adds to an answer. */
export interface Delta {
  readonly content?: string | ReadonlyArray<ContentPart> | null
  readonly refusal?: string | null
  readonly reasoning_content?: string | null
  readonly reasoning?: string | null
  readonly reasoning_details?: ReadonlyArray<ReasoningDetail> | null
  readonly tool_calls?: ReadonlyArray<ToolCallDelta> | null
  /** A call in the legacy form before `tool_calls`. */
  readonly function_call?: ToolCallDelta["function"]
  readonly annotations?: ReadonlyArray<Annotation> | null
}

/** Content from servers that send it in parts. */
export interface ContentPart {
  readonly type: string
  readonly text?: string
  readonly thinking?: ReadonlyArray<ContentPart>
}

/** A piece of reasoning in OpenRouter's form, passed through unread. */
export interface ReasoningDetail {
  readonly [field: string]: Schema.Json
}

/** A fragment of a tool call. */
export interface ToolCallDelta {
  readonly index?: number | null
  readonly id?: string | null
  readonly function?: { readonly name?: string | null; readonly arguments?: unknown } | null
  readonly extra_content?: Schema.Json
}

/** Citations of a reply. */
export interface Annotation {
  readonly type?: string
  readonly url_citation?: { readonly url?: string; readonly title?: string }
}

/** Tokens used by a request. */
export interface Usage {
  readonly prompt_tokens?: number
  readonly completion_tokens?: number
  readonly total_tokens?: number
  readonly prompt_cache_hit_tokens?: number
  readonly cached_tokens?: number
  readonly cache_creation_input_tokens?: number
  readonly prompt_tokens_details?: { readonly cached_tokens?: number; readonly cache_write_tokens?: number } | null
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number } | null
  /** OpenRouter's charge, in US dollars. */
  readonly cost?: number
}
