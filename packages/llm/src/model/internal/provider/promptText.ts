/**
 * The text of a prompt, used to keep it out of error messages.
 *
 * @since 0.1.0
 */
import type * as Prompt from "effect/ai/Prompt"

/** Longest text to compare. Bounds the work. */
const longest = 200_000

/** The words of a prompt: messages, arguments and results, the latest first. */
export const of = (prompt: Prompt.Prompt): string => {
  let text = ""
  for (const { content } of prompt.content.toReversed()) {
    if (text.length > longest) break
    text += typeof content === "string" ? `${content}\n` : content.map(partText).join("")
  }
  return text
}

const partText = (part: Prompt.Part): string => {
  switch (part.type) {
    case "text":
    case "reasoning":
      return `${part.text}\n`
    case "tool-call":
      return `${json(part.params)}\n`
    case "tool-result":
      return `${json(part.result)}\n`
    default:
      return ""
  }
}

const json = (value: unknown): string => {
  try {
    return typeof value === "string" ? value : (JSON.stringify(value) ?? "")
  } catch {
    return ""
  }
}
