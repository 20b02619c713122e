/**
 * Repairs a prompt, which may come from anywhere: an application's own history, a stored conversation, another
 * framework.
 *
 * Every provider requires that each call has exactly one result directly after it, under an id of its own, and that no
 * message is blank. Many servers reject half a character. An agent's own prompts are sound, and are returned as they
 * are.
 *
 * @since 0.1.0
 */
import * as Prompt from "effect/ai/Prompt"
import * as ToolText from "../provider/toolText.ts"

type Message = Prompt.Message
type Messages = ReadonlyArray<Message>

/** OpenAI's limit for the id of a call. */
const longestId = 40

const isOwnCall = (part: Prompt.AssistantMessagePart): part is Prompt.ToolCallPart =>
  part.type === "tool-call" && !part.providerExecuted

const callsOf = (message: Message): ReadonlyArray<Prompt.ToolCallPart> =>
  message.role === "assistant" ? message.content.filter(isOwnCall) : []

const resultsOf = (message: Message): ReadonlyArray<Prompt.ToolResultPart> =>
  message.role === "tool" ? message.content.filter((part) => part.type === "tool-result") : []

/** The prompt with sound messages. */
export const prompt = (given: Prompt.Prompt): Prompt.Prompt => {
  const content = of(given.content)
  return content === given.content ? given : Prompt.fromMessages(content)
}

/** The messages, none of them blank or half a character short, with one result directly after each call. */
export const of = (given: Messages): Messages => {
  const said = given.every(isClean) ? given : given.flatMap(cleaned)
  return isSound(said) ? said : repaired(said)
}

const clean = new WeakSet<Message>()

/** Whether a message can be sent as it is. One that stays from turn to turn is examined once. */
const isClean = (message: Message): boolean => {
  if (clean.has(message)) return true
  if (!isWhole(message) || isBlank(message) || hasBlank(message)) return false
  clean.add(message)
  return true
}

const cleaned = (given: Message): Messages => {
  const message = isWhole(given) ? given : wholeOf(given)
  if (isBlank(message)) return []
  return [hasBlank(message) ? withoutBlank(message) : message]
}

/** Whether no text ends or begins in half a character (a lone surrogate), which servers reject. */
const isWhole = ({ content }: Message): boolean =>
  typeof content === "string" ? content.isWellFormed() : content.every((part) => textOf(part)?.isWellFormed() ?? true)

const textOf = (part: Prompt.Part): string | undefined => {
  if (part.type === "text" || part.type === "reasoning") return part.text
  return part.type === "tool-result" && typeof part.result === "string" ? part.result : undefined
}

const wholeOf = (message: Message): Message =>
  ({
    ...message,
    content:
      typeof message.content === "string"
        ? message.content.toWellFormed()
        : message.content.map((part) => wholePart(part))
  }) as Message

const wholePart = (part: Prompt.Part): Prompt.Part => {
  if (part.type === "text" || part.type === "reasoning") return { ...part, text: part.text.toWellFormed() }
  if (part.type !== "tool-result" || typeof part.result !== "string") return part
  return { ...part, result: part.result.toWellFormed() }
}

const isBlankText = (part: Prompt.Part): boolean => part.type === "text" && !/\S/.test(part.text)

/** Whether a message says nothing and does nothing. A thought that led to nothing is none of a model's words. */
const isBlank = (message: Message): boolean =>
  message.role === "system"
    ? !/\S/.test(message.content)
    : message.content.every((part) => part.type === "reasoning" || isBlankText(part))

/** Whether a text of the user is blank beside something that is not. Between two words of a model, it is a space. */
const hasBlank = (message: Message): boolean => message.role === "user" && message.content.some(isBlankText)

const withoutBlank = (message: Message): Message =>
  message.role === "user"
    ? Prompt.makeMessage("user", { ...message, content: message.content.filter((part) => !isBlankText(part)) })
    : message

const isSound = (messages: Messages): boolean => {
  const ids = new Set<string>()
  /** The calls that wait for their results, by id, with the names of their tools. */
  const pending = new Map<string, string>()
  for (const message of messages) {
    if (message.role === "tool") {
      for (const { id, name } of resultsOf(message)) if (pending.get(id) !== name || !pending.delete(id)) return false
      continue
    }
    if (pending.size > 0) return false
    for (const { id, name } of callsOf(message)) {
      if (id === "" || id.length > longestId || ids.has(id)) return false
      ids.add(id)
      pending.set(id, name)
    }
  }
  return pending.size === 0
}

const repaired = (given: Messages): Messages => {
  const messages = together(given)
  // Results by the id of their call, in order.
  const results = Map.groupBy(messages.flatMap(resultsOf), ({ id }) => id)
  const called = new Set(messages.flatMap(callsOf).map(({ id }) => id))
  const ids = new Set<string>()
  return messages.flatMap((message): Messages => {
    if (message.role === "tool") {
      // What answers a call goes with the call. What answers none is told.
      const others = resultsOf(message).filter(({ id }) => !called.has(id))
      return others.map((result) => Prompt.makeMessage("system", { content: told(result) }))
    }
    const calls = callsOf(message)
    if (message.role !== "assistant" || calls.length === 0) return [message]
    const renamed = new Map(calls.map((call) => [call, { ...call, id: unusedId(ids, call.id) }]))
    const answers = calls.map((call) => {
      const answer = results.get(call.id)?.shift() ?? missing(call)
      return { ...answer, id: renamed.get(call)!.id, name: call.name }
    })
    const content = message.content.map((part) => (isOwnCall(part) ? renamed.get(part)! : part))
    return [Prompt.makeMessage("assistant", { ...message, content }), Prompt.makeMessage("tool", { content: answers })]
  })
}

/** Calls in messages side by side were made at once: they are calls of one message. */
const together = (messages: Messages): Messages => {
  const joined: Array<Message> = []
  for (const message of messages) {
    const before = joined.at(-1)
    const areCalls = callsOf(message).length > 0 && before !== undefined && callsOf(before).length > 0
    if (areCalls && message.role === "assistant" && before.role === "assistant") {
      joined[joined.length - 1] = Prompt.makeMessage("assistant", {
        ...before,
        content: [...before.content, ...message.content]
      })
    } else joined.push(message)
  }
  return joined
}

/** The id, shortened, and with a number if another call has it already. */
const unusedId = (ids: Set<string>, id: string): string => {
  const short = id === "" ? "call" : id.slice(0, longestId)
  let free = short
  for (let n = 2; ids.has(free); n++) free = `${short.slice(0, longestId - 1 - String(n).length)}_${n}`
  ids.add(free)
  return free
}

const missing = ({ id, name }: Prompt.ToolCallPart): Prompt.ToolResultPart =>
  Prompt.makePart("tool-result", {
    id,
    name,
    isFailure: true,
    providerExecuted: false,
    result: "There is no result of this call."
  })

const told = (result: Prompt.ToolResultPart): string => `The tool ${result.name} gave: ${ToolText.ofResult(result)}`
