/**
 * Reads JSON that a platform sent. An error names the field that is wrong and never quotes what it held.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** A message that cannot be read. Says which field is wrong and never what it held. */
export class WireError extends Schema.TaggedError<WireError>()("WireError", { message: Schema.String }) {}

/** States which field does not fit a schema, on one line. */
export const toWireError = (error: { readonly message: string }) =>
  new WireError({ message: error.message.replace(/\s*\n\s*/g, " ") })

/** Reads JSON. The engine's own message is not passed on: it quotes what was sent. */
export const parse = (text: string): Result.Result<unknown, WireError> => {
  try {
    return Result.succeed(JSON.parse(text))
  } catch (error) {
    const position = /at position (\d+)/.exec(String(error))?.[1]
    return Result.fail(
      new WireError({ message: `not JSON${position === undefined ? "" : ` at position ${position}`}` })
    )
  }
}
