/** Reads a text as JSON of a shape. What is wrong with it is told without quoting it. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** Makes a reader: the value, or why the text has none. */
export const reader = <S extends Schema.ConstraintDecoder<unknown>>(
  schema: S
): ((text: string) => Result.Result<S["Type"], string>) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (text) => {
    const parsed = Result.try({
      try: (): unknown => JSON.parse(text),
      catch: () => "a message that is no JSON"
    })
    return Result.flatMap(parsed, (value) => Result.mapError(decode(value), () => "a message that cannot be read"))
  }
}

/** A count, which carriers write as a number or as text. */
export const Count = Schema.Union([Schema.Finite, Schema.String])

/** The number of a count, or undefined if it is none. */
export const countOf = (count: number | string | undefined): number | undefined => {
  const number = count === undefined || count === "" ? Number.NaN : Number(count)
  return Number.isSafeInteger(number) ? number : undefined
}

/** Bytes in base64. Characters that are none of base64 are left out. */
export const bytesOf = (base64: string): Uint8Array => Buffer.from(base64, "base64")

export const base64Of = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")
