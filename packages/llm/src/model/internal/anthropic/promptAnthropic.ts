/**
 * Converts a prompt into Anthropic's system prompt and messages.
 *
 * It ensures that the first message is the user's, that roles alternate, that all results of tools come first in the
 * message after their calls, that no text is blank, and that the last message does not end in white space.
 *
 * @since 0.1.0
 */
import type Anthropic from "@anthropic-ai/sdk"
import * as Prompt from "effect/ai/Prompt"
import * as Predicate from "effect/Predicate"
import * as PromptOpenAi from "../openAi/promptOpenAi.ts"
import * as SystemNote from "../rules/systemNote.ts"
import * as ToolNames from "../rules/toolNames.ts"
import * as ReplyOrder from "./replyOrder.ts"

/** The prompt fields of a request. */
export interface Messages {
  readonly system: Array<Anthropic.TextBlockParam>
  readonly messages: Array<Anthropic.MessageParam>
}

/**
 * Converts a prompt. The system prompt is marked for caching, because it and the tools are the same in every turn.
 *
 * System messages within the conversation keep their place, as marked text in the user's turn.
 */
export const toMessages = (prompt: Prompt.Prompt): Messages => {
  const system: Array<Anthropic.TextBlockParam> = []
  const turns: Array<ReplyOrder.Turn> = []
  for (const message of ReplyOrder.restore(prompt.content)) {
    switch (message.role) {
      case "system":
        if (isBlank(message.content)) break
        if (turns.length === 0) system.push({ type: "text", text: message.content })
        else turnOf(turns, "user").push({ type: "text", text: SystemNote.marked(message.content) })
        break
      case "user":
        for (const part of message.content) {
          if (part.type === "file") turnOf(turns, "user").push(fileBlock(part))
          else if (!isBlank(part.text))
            turnOf(turns, "user").push({ type: "text", text: SystemNote.unmarked(part.text) })
        }
        break
      case "assistant":
        for (const part of message.content) {
          const block = assistantBlock(part)
          if (block !== undefined) turnOf(turns, "assistant").push(block)
        }
        break
      case "tool": {
        const results = message.content.filter((part) => part.type === "tool-result").map(resultBlock)
        if (results.length > 0) {
          const turn = turnOf(turns, "user")
          const texts = turn.findIndex((block) => block.type !== "tool_result")
          turn.splice(texts < 0 ? turn.length : texts, 0, ...results)
        }
      }
    }
  }
  const opening: ReplyOrder.Turn = { role: "user", content: [{ type: "text", text: SystemNote.opening }] }
  if (turns[0]?.role !== "user") turns.unshift(opening)
  ReplyOrder.forget(turns)
  const last = turns.at(-1)
  if (last?.role === "assistant") trimEnd(last)
  const marked = system.at(-1)
  if (marked !== undefined) marked.cache_control = { type: "ephemeral" }
  return { system, messages: turns }
}

const turnOf = (turns: Array<ReplyOrder.Turn>, role: ReplyOrder.Turn["role"]): Array<Anthropic.ContentBlockParam> => {
  const last = turns.at(-1)
  if (last?.role === role) return last.content
  const turn: ReplyOrder.Turn = { role, content: [] }
  turns.push(turn)
  return turn.content
}

const trimEnd = (turn: ReplyOrder.Turn): void => {
  const last = turn.content.at(-1)
  if (last?.type === "text") turn.content[turn.content.length - 1] = { ...last, text: last.text.trimEnd() }
}

const isBlank = (text: string): boolean => text.trim() === ""

const assistantBlock = (part: Prompt.AssistantMessagePart): Anthropic.ContentBlockParam | undefined => {
  switch (part.type) {
    case "text":
      return isBlank(part.text) ? undefined : { type: "text", text: part.text }
    case "reasoning":
      return thinkingBlock(part)
    case "tool-call":
      if (!part.providerExecuted) {
        const input = PromptOpenAi.callArguments(part.params)
        return {
          type: "tool_use",
          id: idOf(part.id),
          name: ToolNames.toWire(part.name),
          input: Predicate.isObject(input) ? input : { input }
        }
      }
      return own(part.options) === undefined
        ? undefined
        : { type: "server_tool_use", id: part.id, name: "web_search", input: part.params }
    case "tool-result":
      return own(part.options) === undefined
        ? undefined
        : {
            type: "web_search_tool_result",
            tool_use_id: part.id,
            content: part.result as Anthropic.WebSearchToolResultBlockParamContent
          }
    default:
      return undefined
  }
}

// Only Anthropic's own signed thoughts can go back: it rejects others.
const thinkingBlock = (part: Prompt.ReasoningPart): Anthropic.ContentBlockParam | undefined => {
  const kept = own(part.options)
  if (typeof kept?.["redactedData"] === "string") return { type: "redacted_thinking", data: kept["redactedData"] }
  const signature = kept?.["signature"]
  return typeof signature === "string" && signature !== ""
    ? { type: "thinking", thinking: part.text, signature }
    : undefined
}

const own = (options: Prompt.ProviderOptions): { readonly [key: string]: unknown } | undefined => {
  const kept = options["anthropic"]
  return Predicate.isObject(kept) ? (kept as { readonly [key: string]: unknown }) : undefined
}

const resultBlock = (part: Prompt.ToolResultPart): Anthropic.ToolResultBlockParam => ({
  type: "tool_result",
  tool_use_id: idOf(part.id),
  content: part.modelOutput === undefined ? PromptOpenAi.resultText(part) : part.modelOutput.map(outputBlock),
  ...(part.isFailure ? { is_error: true } : undefined)
})

const outputBlock = (part: Prompt.ToolModelOutputPart): Anthropic.TextBlockParam | Anthropic.ImageBlockParam => {
  if (part.type === "text") return { type: "text", text: part.text }
  return imageBlock(part) ?? { type: "text", text: Prompt.toolModelOutputToText([part]) }
}

const fileBlock = (part: Prompt.FilePart): Anthropic.ContentBlockParam => {
  if (part.mediaType === "application/pdf") {
    return {
      type: "document",
      source:
        part.data instanceof URL
          ? { type: "url", url: part.data.href }
          : { type: "base64", media_type: "application/pdf", data: PromptOpenAi.fileBase64(part.data) }
    }
  }
  return outputBlock(part) as Anthropic.ContentBlockParam
}

const imageTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"] as const

const imageBlock = (part: Prompt.FilePart): Anthropic.ImageBlockParam | undefined => {
  const media_type = imageTypes.find((type) => type === (part.mediaType === "image/*" ? "image/jpeg" : part.mediaType))
  if (media_type === undefined) return undefined
  const source =
    part.data instanceof URL
      ? { type: "url" as const, url: part.data.href }
      : { type: "base64" as const, media_type, data: PromptOpenAi.fileBase64(part.data) }
  return { type: "image", source }
}

// Ids from other providers may contain characters that Anthropic rejects.
const idOf = (id: string): string => id.replace(/[^a-zA-Z0-9_-]/g, "_") || "_"
