/**
 * Restores the blocks of a reply to their order and to one message, and drops the thoughts of earlier turns.
 *
 * Anthropic ties a thought to everything before it ("thinking blocks must be passed back unmodified and in their
 * original order"), from Claude 5.5 on also to the messages of earlier turns. A history rewritten to what the caller
 * heard breaks that, so thoughts go back only within their own turn, and only if nothing before them has changed.
 *
 * @since 0.1.0
 */
import type Anthropic from "@anthropic-ai/sdk"
import * as Prompt from "effect/ai/Prompt"
import * as Predicate from "effect/Predicate"

/** A message under construction. */
export interface Turn {
  readonly role: "user" | "assistant"
  readonly content: Array<Anthropic.ContentBlockParam>
}

/** The reply a part came from, and its place in it. */
interface Place {
  readonly reply: string
  readonly place: number
}

/**
 * Joins messages that hold parts of one reply, and orders the parts as they came. A history may have one message per
 * call, each followed by its result; then all results follow the joined message.
 */
export const restore = (messages: ReadonlyArray<Prompt.Message>): ReadonlyArray<Prompt.Message> => {
  const restored: Array<Prompt.Message> = []
  for (let at = 0; at < messages.length; at++) {
    const message = messages[at]!
    const reply = replyOf(message)
    if (message.role !== "assistant" || reply === undefined) {
      restored.push(message)
      continue
    }
    const parts: Array<Prompt.AssistantMessagePart> = [...message.content]
    const results: Array<Prompt.Message> = []
    while (at + 1 < messages.length) {
      const next = messages[at + 1]!
      const isResult = next.role === "tool"
      if (!isResult && (next.role !== "assistant" || replyOf(next) !== reply)) break
      if (next.role === "tool") results.push(next)
      else if (next.role === "assistant") parts.push(...next.content)
      at++
    }
    // Text said before the first call is in a message of its own.
    const before = restored.at(-1)
    if (before?.role === "assistant" && before.content.every((part) => part.type === "text")) {
      restored.pop()
      parts.unshift(...before.content)
    }
    restored.push(Prompt.makeMessage("assistant", { ...message, content: inOrder(parts) }), ...results)
  }
  return restored
}

const replyOf = (message: Prompt.Message): string | undefined =>
  message.role === "assistant" ? message.content.map(placeOf).find((place) => place !== undefined)?.reply : undefined

const placeOf = (part: Prompt.AssistantMessagePart): Place | undefined => {
  const own = part.options["anthropic"]
  const { place, reply } = (Predicate.isObject(own) ? own : {}) as Partial<Place>
  return typeof reply === "string" && typeof place === "number" ? { reply, place } : undefined
}

/** Orders the parts whose place is known. Text, whose place is unknown, fills the places between. */
const inOrder = (parts: ReadonlyArray<Prompt.AssistantMessagePart>): Array<Prompt.AssistantMessagePart> => {
  const placed = parts
    .flatMap((part) => {
      const place = placeOf(part)?.place
      return place === undefined ? [] : [{ part, place }]
    })
    .sort((a, b) => a.place - b.place)
  const others = parts.filter((part) => placeOf(part) === undefined)
  const ordered: Array<Prompt.AssistantMessagePart> = []
  let next = 0
  for (const { part, place } of placed) {
    if (place > next) ordered.push(...others.splice(0, others.length > 1 ? place - next : 1))
    ordered.push(part)
    next = place + 1
  }
  // A call ends a reply, so any remaining text was said before the first call.
  const call = ordered.findIndex((part) => part.type === "tool-call")
  ordered.splice(call < 0 ? ordered.length : call, 0, ...others)
  return ordered
}

/** Removes the thoughts of all turns except the current one. */
export const forget = (turns: Array<Turn>): void => {
  let at = turns.length - 1
  // The current turn: replies and results, back to the user's words.
  while (at >= 0 && (turns[at]!.role === "assistant" || isOnlyResults(turns[at]!) || at === turns.length - 1)) {
    if (turns[at]!.role === "user" && !hasResults(turns[at]!)) break
    at--
  }
  for (let before = at; before >= 0; before--) {
    const turn = turns[before]!
    if (turn.role !== "assistant") continue
    const kept = turn.content.filter((block) => !isThought(block))
    turn.content.splice(0, turn.content.length, ...kept)
  }
}

const hasResults = ({ content }: Turn): boolean => content.some((block) => block.type === "tool_result")

const isOnlyResults = ({ content }: Turn): boolean => content.every((block) => block.type === "tool_result")

const isThought = (block: Anthropic.ContentBlockParam): boolean =>
  block.type === "thinking" || block.type === "redacted_thinking"
