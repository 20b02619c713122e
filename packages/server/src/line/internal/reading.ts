/** Reads JSON from a platform. Errors name the wrong field and never quote its content. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** A message that cannot be read. Names the wrong field and never quotes its content. */
export class WireError extends Schema.TaggedError<WireError>()("WireError", { message: Schema.String }) {}

/** Names the field that does not match a schema, on one line. */
export const toWireError = (error: { readonly message: string }) =>
  new WireError({ message: error.message.replace(/\s+/g, (space) => (space.includes("\n") ? " " : space)) })

/** Maximum nesting depth: about what Python, and with it Line, can read. */
export const maxDepth = 1000

/** Whether brackets are nested more deeply than a limit. Encoding such a value again would overflow the stack. */
export const isDeeper = (text: string, limit: number): boolean => {
  if (text.length <= limit) return false
  let depth = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (quoted) {
      if (unit === backslash) i++
      else if (unit === quote) quoted = false
    } else if (unit === quote) quoted = true
    else if (unit === openBracket || unit === openBrace) {
      if (++depth > limit) return true
    } else if (unit === closeBracket || unit === closeBrace) depth--
  }
  return false
}
const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [...'"\\[]{}'].map((c) => c.charCodeAt(0))

/** Parses JSON. The engine's own error message is dropped, because it quotes the text. */
export const parse = (text: string): Result.Result<unknown, WireError> => {
  if (isDeeper(text, maxDepth)) return Result.fail(new WireError({ message: "nested too deeply" }))
  try {
    return Result.succeed(JSON.parse(text))
  } catch (error) {
    const position = /at position (\d+)/.exec(String(error))?.[1]
    return Result.fail(
      new WireError({ message: `not JSON${position === undefined ? "" : ` at position ${position}`}` })
    )
  }
}
