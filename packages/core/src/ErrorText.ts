/**
 * The message of anything that was thrown or failed with, as text.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"

/** The message of a failure or of its cause, without a stack. An error without a message gives its name. */
export const of = (error: unknown): string => {
  if (Cause.isCause(error)) return of(Cause.squash(error))
  if (error instanceof Error) return error.message || error.name
  return typeof error === "object" && error !== null && !("toString" in error) ? "unknown error" : String(error)
}
