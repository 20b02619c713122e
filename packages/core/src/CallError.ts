/**
 * The error of a call.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as ErrorText from "./ErrorText.ts"

/**
 * The agent of a call failed, and its policy is to close. Ends the call, but never another one.
 *
 * `Turn`: its stream failed or died. `Filter`: one of its filters threw.
 */
export class CallError extends Schema.TaggedError<CallError>()("CallError", {
  reason: Schema.Literals(["Turn", "Filter"]),
  cause: Schema.Defect()
}) {
  override get message() {
    return ErrorText.of(this.cause)
  }
}
