/**
 * What a call can fail with.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Schema from "effect/Schema"

/**
 * The agent of a call broke off and its policy is to close. Fatal for the call, never for another one.
 *
 * `Turn`: its stream failed or died. `Filter`: one of its filters threw.
 */
export class CallError extends Schema.TaggedError<CallError>()("CallError", {
  reason: Schema.Literals(["Turn", "Filter"]),
  cause: Schema.Defect()
}) {
  override get message() {
    return describe(this.cause)
  }
}

/** The message of a failure, without its stack. */
export const describe = (error: unknown): string => {
  if (Cause.isCause(error)) return describe(Cause.squash(error))
  if (error instanceof Error) return error.message || error.name
  return typeof error === "object" && error !== null && !("toString" in error) ? "unknown error" : String(error)
}
