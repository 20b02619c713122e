/**
 * Converts a prompt into the messages of chat completions.
 *
 * @since 0.1.0
 */
import * as Prompt from "effect/ai/Prompt"
import * as Predicate from "effect/Predicate"
import type OpenAI from "openai"
import * as BadArguments from "../../../internal/badArguments.ts"
import * as ToolText from "../provider/toolText.ts"
import * as SystemNote from "../rules/systemNote.ts"
import * as ToolNames from "../rules/toolNames.ts"
import * as MessageOrder from "./messageOrder.ts"
import type { PromptRules } from "./openAiPresets.ts"

/** A message in chat completions. */
export type Message = OpenAI.ChatCompletionMessageParam

/**
 * Converts a prompt. Anything that chat completions do not support is left out; a file that cannot be sent is replaced
 * by its name.
 *
 * `provider` is the recipient: metadata of other providers is not sent to it.
 */
export const toMessages = (prompt: Prompt.Prompt, provider: string, rules: PromptRules = noRules): Array<Message> => {
  const messages: Array<Message> = []
  for (const message of prompt.content) messages.push(...convertedOnce(message, provider, rules))
  return MessageOrder.arrange(messages, rules)
}

const noRules: PromptRules = {}

/** The messages that a message was converted into for the last provider it was sent to. */
interface Converted {
  readonly provider: string
  readonly rules: PromptRules
  readonly messages: ReadonlyArray<Message>
}

const converted = new WeakMap<Prompt.Message, Converted>()

/** A message that stays from turn to turn is converted once. */
const convertedOnce = (message: Prompt.Message, provider: string, rules: PromptRules): ReadonlyArray<Message> => {
  const known = converted.get(message)
  if (known !== undefined && known.provider === provider && known.rules === rules) return known.messages
  const messages = convert(message, provider, rules)
  converted.set(message, { provider, rules, messages })
  return messages
}

const convert = (message: Prompt.Message, provider: string, rules: PromptRules): ReadonlyArray<Message> => {
  switch (message.role) {
    case "system":
      return [{ role: "system", content: message.content }]
    case "user": {
      const content = userContent(message.content, rules)
      return content.length === 0 ? [] : [{ role: "user", content }]
    }
    case "assistant": {
      const assistant = assistantMessage(message, provider, rules)
      return assistant === undefined ? [] : [assistant]
    }
    case "tool":
      return message.content.flatMap((part): ReadonlyArray<Message> =>
        part.type === "tool-result"
          ? [{ role: "tool", tool_call_id: toolCallId(part.id, rules), content: resultOf(part, rules) }]
          : []
      )
  }
}

const resultOf = (part: Prompt.ToolResultPart, rules: PromptRules): string =>
  resultText(part) || (rules.contentAlways === true ? nothing : "")

/** What stands for a result without text. */
const nothing = "(nothing)"

/** The text of a tool result for a model. */
export const resultText = ToolText.ofResult

/** The arguments of a call as an object. Arguments that were not JSON are shown to the model as it wrote them. */
export const callArguments = (params: unknown): unknown => {
  const raw = BadArguments.rawOf(params)
  return raw === undefined ? (params ?? {}) : { invalid_json: raw }
}

const userContent = (
  parts: ReadonlyArray<Prompt.UserMessagePart>,
  rules: PromptRules
): string | Array<OpenAI.ChatCompletionContentPart> => {
  const read = (text: string) => (rules.systemFirst === true ? SystemNote.unmarked(text) : text)
  const texts = parts.filter((part) => part.type === "text")
  if (texts.length === parts.length) return texts.map((part) => read(part.text)).join("\n")
  return parts.map((part) => (part.type === "text" ? { type: "text", text: read(part.text) } : filePart(part)))
}

const filePart = (part: Prompt.FilePart): OpenAI.ChatCompletionContentPart => {
  if (part.mediaType.startsWith("image/")) {
    const type = part.mediaType === "image/*" ? "image/jpeg" : part.mediaType
    return { type: "image_url", image_url: { url: fileUrl(part, type) } }
  }
  return { type: "text", text: Prompt.toolModelOutputToText([part]) }
}

/** The address of a file, or a data URL of the file. */
export const fileUrl = (part: Prompt.FilePart, mediaType: string): string =>
  part.data instanceof URL ? part.data.href : `data:${mediaType};base64,${fileBase64(part.data)}`

/** The bytes of a file in base 64. */
export const fileBase64 = (data: string | Uint8Array): string =>
  typeof data === "string" ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64")

const assistantMessage = (
  message: Prompt.AssistantMessage,
  provider: string,
  rules: PromptRules
): Message | undefined => {
  let text = ""
  const calls: Array<OpenAI.ChatCompletionMessageToolCall> = []
  const reasoning: Array<Prompt.ReasoningPart> = []
  for (const part of message.content) {
    if (part.type === "text") text += part.text
    else if (part.type === "reasoning") reasoning.push(part)
    else if (part.type === "tool-call" && !part.providerExecuted) {
      calls.push(toolCall(part, provider, rules, calls.length === 0))
    }
  }
  if (text === "" && calls.length === 0) return undefined
  return {
    role: "assistant",
    content: text === "" && rules.contentAlways !== true ? null : text,
    ...(calls.length === 0 ? undefined : { tool_calls: calls }),
    ...thought(reasoning, provider, rules, calls.length > 0)
  }
}

const toolCall = (
  part: Prompt.ToolCallPart,
  provider: string,
  rules: PromptRules,
  first: boolean
): OpenAI.ChatCompletionMessageToolCall => {
  const call: OpenAI.ChatCompletionMessageToolCall = {
    id: toolCallId(part.id, rules),
    type: "function",
    function: { name: ToolNames.toWire(part.name), arguments: ToolText.json(callArguments(part.params)) }
  }
  if (!rules.signatures) return call
  const extra = own(part.options, provider)?.["extraContent"] ?? (first ? unsigned : undefined)
  return extra === undefined ? call : Object.assign(call, { extra_content: extra })
}

// Gemini's documented placeholder for the signature of a call that Gemini did not make.
const unsigned = { google: { thought_signature: "skip_thought_signature_validator" } }

const thought = (
  reasoning: ReadonlyArray<Prompt.ReasoningPart>,
  provider: string,
  rules: PromptRules,
  calls: boolean
): object | undefined => {
  if (rules.reasoning === "reasoning_details") {
    const details = reasoning.flatMap((part) => {
      const kept = own(part.options, provider)?.["reasoningDetails"]
      return Array.isArray(kept) ? kept : []
    })
    return details.length === 0 ? undefined : { reasoning_details: details }
  }
  if (rules.reasoning === "reasoning_content") {
    if (!calls) return rules.thoughtsAlways === true ? { reasoning_content: "" } : undefined
    const kept = reasoning.filter((part) => own(part.options, provider) !== undefined)
    // Every call needs the field, even one without thoughts or from another provider.
    return { reasoning_content: kept.map((part) => part.text).join("") || (rules.thoughtless ?? "") }
  }
  return undefined
}

const own = (options: Prompt.ProviderOptions, provider: string): { readonly [key: string]: unknown } | undefined => {
  const kept = options["openai"]
  return Predicate.isObject(kept) && (kept as { provider?: unknown }).provider === provider
    ? (kept as { readonly [key: string]: unknown })
    : undefined
}

const toolCallId = (id: string, rules: PromptRules): string =>
  !rules.shortToolCallIds || /^[a-zA-Z0-9]{9}$/.test(id)
    ? id
    : (hash(id, 0x811c9dc5) + hash(id, 0x1b873593)).slice(0, 9)

// FNV-1a, as letters and digits.
const hash = (text: string, seed: number): string => {
  let value = seed
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return (value >>> 0).toString(36).padStart(7, "0")
}
