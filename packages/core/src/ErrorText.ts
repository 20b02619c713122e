/**
 * Turns anything that was thrown or failed with into a message.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"

/**
 * Returns the message of a failure or of its cause, without a stack, or the name of an error without a message. Never throws, even if
 * the error does when it is looked at.
 */
export const of = (error: unknown): string => {
  try {
    return textOf(error)
  } catch {
    return "an error that cannot be shown"
  }
}

const textOf = (error: unknown): string => {
  if (Cause.isCause(error)) return textOf(Cause.squash(error))
  if (error instanceof Error) return error.message || error.name
  return typeof error === "object" && error !== null && !("toString" in error) ? "unknown error" : String(error)
}
