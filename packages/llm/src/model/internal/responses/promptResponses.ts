/**
 * Converts a prompt into the input of OpenAI's Responses API: a list with an item for each message, call, result and
 * thought.
 *
 * @since 0.1.0
 */
import * as Prompt from "effect/ai/Prompt"
import * as Predicate from "effect/Predicate"
import type OpenAI from "openai"
import * as PromptOpenAi from "../openAi/promptOpenAi.ts"
import * as SystemNote from "../rules/systemNote.ts"
import * as ToolNames from "../rules/toolNames.ts"

type Item = OpenAI.Responses.ResponseInputItem

/** The prompt fields of a request. */
export interface Input {
  /**
   * The system messages at the beginning. Those within the conversation keep their place, with the developer's role.
   */
  readonly instructions: string
  readonly input: Array<Item>
}

/** Converts a prompt. Thoughts go back only within their own turn. */
export const toInput = (prompt: Prompt.Prompt): Input => {
  const instructions: Array<string> = []
  const input: Array<Item> = []
  const current = prompt.content.findLastIndex(({ role }) => role === "user")
  for (const [at, message] of prompt.content.entries()) {
    if (message.role === "system" && input.length === 0) instructions.push(message.content)
    else input.push(...itemsOf(message, at > current))
  }
  if (input.length === 0) input.push({ role: "user", content: SystemNote.opening })
  return { instructions: instructions.filter((text) => text.trim() !== "").join("\n\n"), input }
}

const itemsOf = (message: Prompt.Message, goesOn: boolean): ReadonlyArray<Item> => {
  switch (message.role) {
    case "system":
      return message.content.trim() === "" ? [] : [{ role: "developer", content: message.content }]
    case "user":
      return userItems(message.content)
    case "assistant":
      return assistantItems(message.content, goesOn)
    case "tool":
      return message.content.flatMap((part): ReadonlyArray<Item> =>
        part.type === "tool-result"
          ? [{ type: "function_call_output", call_id: part.id, output: PromptOpenAi.resultText(part) }]
          : []
      )
  }
}

const userItems = (parts: ReadonlyArray<Prompt.UserMessagePart>): ReadonlyArray<Item> => {
  const content = parts.flatMap((part): ReadonlyArray<OpenAI.Responses.ResponseInputContent> => {
    if (part.type === "text") return part.text.trim() === "" ? [] : [{ type: "input_text", text: part.text }]
    if (!part.mediaType.startsWith("image/")) {
      return [{ type: "input_text", text: Prompt.toolModelOutputToText([part]) }]
    }
    const type = part.mediaType === "image/*" ? "image/jpeg" : part.mediaType
    return [{ type: "input_image", image_url: PromptOpenAi.fileUrl(part, type), detail: "auto" }]
  })
  if (content.length === 0) return []
  const [first] = content
  return [{ role: "user", content: content.length === 1 && first?.type === "input_text" ? first.text : content }]
}

const assistantItems = (parts: ReadonlyArray<Prompt.AssistantMessagePart>, goesOn: boolean): ReadonlyArray<Item> => {
  const hasCall = parts.some((part) => part.type === "tool-call" && !part.providerExecuted)
  return parts.flatMap((part): ReadonlyArray<Item> => {
    switch (part.type) {
      case "text":
        return part.text.trim() === "" ? [] : [{ role: "assistant", content: part.text }]
      case "reasoning":
        // The API requires a thought to be followed by what it led to.
        return goesOn && hasCall ? thought(part) : []
      case "tool-call":
        return part.providerExecuted
          ? []
          : [
              {
                type: "function_call",
                call_id: part.id,
                name: ToolNames.toWire(part.name),
                arguments: argumentsText(part.params)
              }
            ]
      default:
        return []
    }
  })
}

const argumentsText = (params: unknown): string => {
  try {
    return JSON.stringify(PromptOpenAi.callArguments(params)) ?? "{}"
  } catch {
    return "{}"
  }
}

const thought = (part: Prompt.ReasoningPart): ReadonlyArray<Item> => {
  const own = part.options["openai"]
  const { encryptedContent, itemId } = (Predicate.isObject(own) ? own : {}) as {
    readonly encryptedContent?: unknown
    readonly itemId?: unknown
  }
  return typeof encryptedContent === "string" && typeof itemId === "string"
    ? [{ type: "reasoning", id: itemId, summary: [], encrypted_content: encryptedContent }]
    : []
}
