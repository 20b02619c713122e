/**
 * Checks the form of a server's messages, apart from their content: all fields in their documented order, no white space
 * between them, and non-ASCII characters unescaped.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"

type Fields = ReadonlyArray<string>

const messages: { readonly [type: string]: Fields } = {
  error: ["content"],
  dtmf: ["button", "responding_to"],
  message: ["content", "interruptible", "responding_to"],
  tool_call: ["name", "arguments", "result", "id", "responding_to"],
  transfer: ["target_phone_number", "responding_to", "interruptible"],
  end_call: ["reason", "responding_to", "interruptible"],
  log_event: ["event", "metadata", "responding_to"],
  log_metric: ["name", "value", "responding_to"],
  config: ["tts", "stt", "language", "responding_to"],
  custom: ["metadata", "responding_to"]
}

const inner: { readonly [place: string]: Fields } = {
  "log_event.metadata": ["level", "message", "metadata"],
  "config.tts": ["voice_id", "pronunciation_dict_id", "language"],
  "config.stt": ["language"]
}

type Json = { readonly [key: string]: unknown }
const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)
const list = (fields: Fields) => fields.join(", ")

const wrongFields = (place: string, value: Json, fields: Fields): string | undefined =>
  list(Object.keys(value)) === list(fields)
    ? undefined
    : `${place} has the fields ${list(Object.keys(value))}; documented are ${list(fields)}`

/** Reads a message. Fails with a description of what is wrong with its form. */
export const read = (text: string): Result.Result<Json, string> => {
  const message = parse(text)
  if (!isRecord(message))
    return Result.fail(message === undefined ? "the message is not JSON" : "the message is no object")
  const type = String(message.type)
  const fields = messages[type]
  if (fields === undefined) return Result.fail(`no message has the type ${JSON.stringify(message.type)}`)
  const parts = [
    wrongFields(type, message, ["type", ...fields]),
    ...Object.entries(inner).map(([place, fields]) => {
      const [of, key = ""] = place.split(".")
      const value = message[key]
      return of === type && isRecord(value) ? wrongFields(place, value, fields) : undefined
    })
  ]
  const wrong = parts.find((part) => part !== undefined)
  if (wrong !== undefined) return Result.fail(wrong)
  // Text that JSON.parse reads and JSON.stringify writes back as it was has no spaces and no needless escapes.
  return JSON.stringify(message) === text
    ? Result.succeed(message)
    : Result.fail("the message is not compact JSON with its characters as they are")
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
