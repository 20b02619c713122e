/**
 * Tool results and arguments as text for a model.
 *
 * @since 0.1.0
 */
import * as Prompt from "effect/ai/Prompt"

/** The text of a result. */
export const ofResult = (part: Prompt.ToolResultPart): string =>
  part.modelOutput === undefined ? json(part.result) : Prompt.toolModelOutputToText(part.modelOutput)

/** A value as JSON; a text as it is. */
export const json = (value: unknown): string => {
  if (typeof value === "string") return value
  try {
    return JSON.stringify(value) ?? "null"
  } catch {
    return String(value)
  }
}
