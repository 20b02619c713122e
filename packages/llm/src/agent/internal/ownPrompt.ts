/**
 * A prompt from messages that were made here. Reading them with the schemas of `effect/ai`, which is right for what others
 * have written, costs 20 times as much: 0.8 ms a turn when a hundred turns have gone before.
 */
import * as Prompt from "effect/ai/Prompt"

/** The prompt that `Prompt.make` reads from the same messages. */
export const make = (messages: ReadonlyArray<Prompt.MessageEncoded>): Prompt.Prompt =>
  Prompt.fromMessages(messages.map(toMessage))

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
