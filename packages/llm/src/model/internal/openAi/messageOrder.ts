/**
 * Arranges messages in the order a provider requires: who begins, and who may follow whom.
 *
 * @since 0.1.0
 */
import type OpenAI from "openai"
import * as SystemNote from "../rules/systemNote.ts"
import type { PromptRules } from "./openAiPresets.ts"

type Message = OpenAI.ChatCompletionMessageParam
type Assistant = OpenAI.ChatCompletionAssistantMessageParam

/** Arranges messages according to the rules. Nothing is lost: neighbours of the same role are merged if necessary. */
export const arrange = (messages: ReadonlyArray<Message>, rules: PromptRules): Array<Message> => {
  const arranged: Array<Message> = []
  for (const message of messages) add(arranged, message, rules)
  if (rules.alternate === true) enclose(arranged)
  return arranged
}

const add = (arranged: Array<Message>, given: Message, rules: PromptRules): void => {
  const before = arranged.at(-1)
  const isNote =
    given.role === "system" && rules.systemFirst === true && before !== undefined && before.role !== "system"
  const message: Message = isNote ? { role: "user", content: SystemNote.marked(String(given.content)) } : given
  if (message.role === "user" && before?.role === "tool" && rules.assistantAfterTool === true) {
    arranged.push({ role: "assistant", content: SystemNote.understood })
  } else if (message.role === "user" && before?.role === "user" && rules.alternate === true) {
    arranged[arranged.length - 1] = { ...message, content: joined(before.content, message.content) }
    return
  } else if (message.role === "assistant" && before?.role === "assistant" && merges(rules)) {
    arranged[arranged.length - 1] = merged(before, message)
    return
  }
  arranged.push(message)
}

/**
 * Whether consecutive messages of the model are merged. Thoughts must be in the same message as the calls, so the words
 * before a call must be too.
 */
const merges = ({ alternate, reasoning }: PromptRules): boolean => alternate === true || reasoning !== undefined

type UserContent = OpenAI.ChatCompletionUserMessageParam["content"]

const joined = (first: UserContent, second: UserContent): UserContent => {
  if (typeof first === "string" && typeof second === "string") return `${first}\n${second}`
  const parts = (content: UserContent) =>
    typeof content === "string" ? [{ type: "text" as const, text: content }] : content
  return [...parts(first), ...parts(second)]
}

const merged = (first: Assistant, second: Assistant): Assistant => {
  const texts = [first.content, second.content].filter((text) => typeof text === "string" && text !== "")
  const calls = [...(first.tool_calls ?? []), ...(second.tool_calls ?? [])]
  return {
    ...first,
    ...second,
    content: texts.length === 0 ? null : texts.reduce((said, text) => spaced(String(said), String(text)))!,
    ...(calls.length === 0 ? undefined : { tool_calls: calls })
  }
}

const spaced = (first: string, second: string): string =>
  /\s$/.test(first) || /^\s/.test(second) ? first + second : `${first} ${second}`

/** Ensures that a conversation begins with the user, and that a prompt ends with the side to be answered. */
const enclose = (messages: Array<Message>): void => {
  const first = messages.findIndex(({ role }) => role !== "system")
  const opening: Message = { role: "user", content: SystemNote.opening }
  if (first < 0) messages.push(opening)
  else if (messages[first]!.role !== "user") messages.splice(first, 0, opening)
}
