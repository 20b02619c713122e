/** Reads JSON of a given shape. Errors never quote the text. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** Parses a text. Fails with what is wrong with it. */
export const parse = (text: string): Result.Result<unknown, string> =>
  Result.try({
    try: (): unknown => JSON.parse(text),
    catch: () => "a message that is not JSON"
  })

/** Makes a reader, which returns the value or what is wrong with the text. */
export const reader = <S extends Schema.ConstraintDecoder<unknown>>(
  schema: S
): ((text: string) => Result.Result<S["Type"], string>) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (text) => Result.flatMap(parse(text), (value) => Result.mapError(decode(value), () => "an unreadable message"))
}

/** A count, which carriers write as a number or a string. */
export const Count = Schema.Union([Schema.Finite, Schema.String])

/** The value of a count, or undefined if it is not a whole number. */
export const countOf = (count: number | string | undefined): number | undefined => {
  const number = count === undefined || count === "" ? Number.NaN : Number(count)
  return Number.isSafeInteger(number) ? number : undefined
}

/** Decodes base64. Other characters are skipped. */
export const bytesOf = (base64: string): Uint8Array => Buffer.from(base64, "base64")

export const base64Of = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")
