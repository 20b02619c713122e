/** Reads JSON from a platform. Errors name the wrong field and never quote its content. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** A message that cannot be read. Names the wrong field and never quotes its content. */
export class WireError extends Schema.TaggedError<WireError>()("WireError", { message: Schema.String }) {}

/** States which field does not fit a schema, on one line. */
export const toWireError = (error: { readonly message: string }) =>
  new WireError({ message: error.message.replace(/\s+/g, (space) => (space.includes("\n") ? " " : space)) })

/** Parses JSON. The engine's own error message is dropped, because it quotes the text. */
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
