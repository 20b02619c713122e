/**
 * JSON messages of a provider, read with a schema.
 *
 * A message of an unknown type is ignored, because providers add types; a message of a known type that does not match
 * its schema is an error.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SpeechError from "../SpeechError.ts"

/** An error as the provider reports it. `detail` is the provider's own text. */
export interface Failure {
  readonly reason: SpeechError.Reason
  readonly detail?: string | undefined
}

/**
 * Makes a reader of messages. `tag` names the field with the type, and `known` the types that the schema describes.
 * Returns undefined for a message of another type.
 */
export const reader = <A>(
  schema: Schema.Codec<A, unknown>,
  tag: string,
  known: ReadonlyArray<string>
): ((text: string) => Result.Result<A | undefined, Failure>) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (text) => {
    const parsed = parse(text)
    if (Result.isFailure(parsed)) return Result.fail(parsed.failure)
    const json = parsed.success
    if (typeof json !== "object" || json === null) return bad("not an object")
    const type = (json as Readonly<Record<string, unknown>>)[tag]
    if (typeof type !== "string" || !known.includes(type)) return Result.succeed(undefined)
    return Result.mapError(decode(json), () => badAnswer(`a message "${type}" of another shape`))
  }
}

const badAnswer = (what: string): Failure => ({ reason: { _tag: "BadAnswer", what } })

const bad = (what: string) => Result.fail(badAnswer(what))

const parse = (text: string): Result.Result<unknown, Failure> =>
  Result.try({ try: (): unknown => JSON.parse(text), catch: () => badAnswer("not JSON") })

/** Makes a reader of messages that have no type. */
export const untaggedReader = <A>(schema: Schema.Codec<A, unknown>): ((text: string) => Result.Result<A, Failure>) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (text) =>
    Result.flatMap(parse(text), (json) => Result.mapError(decode(json), () => badAnswer("a message of another shape")))
}
