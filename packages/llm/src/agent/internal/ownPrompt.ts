/**
 * Makes a prompt from our own messages. Decoding them with the schemas of `effect/ai`, as for foreign messages, costs
 * 20 times as much: 0.8 ms per turn after a hundred turns.
 */
import * as Prompt from "effect/ai/Prompt"

/** Makes the prompt that `Prompt.make` would decode from the same messages. */
export const make = (messages: ReadonlyArray<Prompt.MessageEncoded>): Prompt.Prompt =>
  Prompt.fromMessages(messages.map(madeOnce))

const made = new WeakMap<Prompt.MessageEncoded, Prompt.Message>()

/** A message that stays from turn to turn is made once. */
const madeOnce = (message: Prompt.MessageEncoded): Prompt.Message => {
  const before = made.get(message)
  if (before !== undefined) return before
  const prompt = toMessage(message)
  made.set(message, prompt)
  return prompt
}

const toMessage = (message: Prompt.MessageEncoded): Prompt.Message => {
  if (message.role === "system") return Prompt.makeMessage("system", message)
  const parts: ReadonlyArray<Prompt.PartEncoded> =
    typeof message.content === "string" ? [{ type: "text", text: message.content }] : message.content
  // The constructors are typed for one role and one type of part at a time.
  return Prompt.makeMessage(message.role, { ...message, content: parts.map(toPart) } as never)
}

const toPart = (part: Prompt.PartEncoded): Prompt.Part =>
  Prompt.makePart(part.type, (isOfTool(part) ? { providerExecuted: false, ...part } : part) as never)

const isOfTool = ({ type }: Prompt.PartEncoded): boolean => type === "tool-call" || type === "tool-result"
