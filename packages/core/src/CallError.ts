/**
 * What a call can fail with.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as ErrorText from "./ErrorText.ts"

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
    return ErrorText.of(this.cause)
  }
}
