/**
 * Reads and writes the messages of a call on Line's wire, byte for byte like Line's SDK 0.2.17: a message from the
 * platform becomes a report, and an output of the agent becomes text. `docs/wire.md` documents the fields, their order
 * and their nulls.
 *
 * @since 0.1.0
 */
import type * as Event from "@antiphon/core/Event"
import * as JsonText from "@antiphon/core/JsonText"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { isDeeper, maxDepth, parse, toWireError, WireError } from "./internal/reading.ts"

const Metadata = Schema.Record(Schema.String, Schema.Unknown)
const eventId = Schema.optionalKey(Schema.NullOr(Schema.String))

const state = Schema.Literals(["speaking", "idle"])

const isText = (value: unknown): boolean => typeof value === "string"
const isId = (value: unknown): boolean => value === undefined || value === null || isText(value)
/** Checks by hand what a schema of the messages says of a field. */
const byHand = new Map<unknown, (value: unknown) => boolean>([
  [Schema.String, isText],
  [state, (value) => value === "speaking" || value === "idle"]
])

/** A JSON object. */
interface Json {
  readonly [key: string]: unknown
}
type Frame<Fields extends Schema.Struct.Fields> = Schema.Struct<Fields>["Type"] & {
  readonly event_id?: string | null
}

/**
 * Reads one kind of message. Texts and states are checked by hand, because a platform reports each word that it has said: the
 * schema only states what is wrong with a message that does not fit.
 */
const frame = <const Type extends string, Fields extends Schema.Struct.Fields>(
  type: Type,
  fields: Fields,
  toReport: (frame: Schema.Struct<Fields>["Type"], eventId: string | undefined) => Event.Report | undefined
) => {
  const decode = Schema.decodeUnknownResult(
    Schema.Struct({
      type: Schema.optionalKey(Schema.Literal(type)),
      event_id: eventId,
      ...fields
    }) as unknown as Schema.Codec<Frame<Fields>>
  )
  const keys = Object.keys(fields)
  const checks = keys.map((key) => [key, byHand.get(fields[key])] as const)
  const fits = (json: Json): json is Frame<Fields> & Json =>
    isId(json["event_id"]) && checks.every(([key, check]) => check?.(json[key]) === true)
  return [
    type,
    (json: Json): Result.Result<Event.Report | undefined, WireError> =>
      fits(json)
        ? Result.succeed(toReport(json, json.event_id ?? undefined))
        : Result.mapBoth(decode(json), {
            onFailure: toWireError,
            onSuccess: (frame) => toReport(frame, frame.event_id ?? undefined)
          }),
    keys
  ] as const
}

// A message without a type is recognised by its fields, in this order.
const frames = [
  frame("message", { content: Schema.String }, ({ content }, eventId) => ({ _tag: "UserTextSent", eventId, content })),
  frame("dtmf", { button: Schema.String }, ({ button }, eventId) => ({ _tag: "UserDtmfSent", eventId, button })),
  frame("user_state", { value: state }, ({ value }, eventId) => ({
    _tag: value === "speaking" ? "UserTurnStarted" : "UserTurnEnded",
    eventId
  })),
  frame("agent_state", { value: state }, ({ value }, eventId) => ({
    _tag: value === "speaking" ? "AgentTurnStarted" : "AgentTurnEnded",
    eventId
  })),
  frame("validation_error", { error_message: Schema.String, error_type: Schema.String }, () => undefined),
  frame("agent_speech", { content: Schema.String }, ({ content }, eventId) => ({
    _tag: "AgentTextSent",
    eventId,
    content
  })),
  frame("custom", { metadata: Metadata }, ({ metadata }, eventId) => ({ _tag: "UserCustomSent", eventId, metadata }))
]
const byType = new Map<unknown, (typeof frames)[number][1]>(frames.map(([type, decode]) => [type, decode]))

/** The result of reading a message during a call. */
export type Received =
  | { readonly _tag: "Report"; readonly report: Event.Report }
  /**
   * Nothing for the call: an unknown type or state, a missing or mistyped field, or an error message of the platform.
   */
  | { readonly _tag: "Dropped"; readonly reason: string }
  /** Not JSON. Ends the call. */
  | { readonly _tag: "Malformed"; readonly reason: string }

/** Reads a message during a call. */
export const decode = (text: string): Received => {
  const json = parse(text)
  if (Result.isFailure(json)) return { _tag: "Malformed", reason: json.failure.message }
  const read = recognise(json.success)
  if (Result.isFailure(read)) return { _tag: "Dropped", reason: read.failure.message }
  return read.success === undefined
    ? { _tag: "Dropped", reason: "the platform reports a validation error" }
    : { _tag: "Report", report: read.success }
}

const isObject = (json: unknown): json is Json => typeof json === "object" && json !== null

const recognise = (json: unknown): Result.Result<Event.Report | undefined, WireError> => {
  if (!isObject(json)) return Result.fail(new WireError({ message: "Expected object" }))
  if ("type" in json) {
    return byType.get(json.type)?.(json) ?? Result.fail(new WireError({ message: "unknown type" }))
  }
  for (const [, decode, keys] of frames) {
    // A schema that fails costs a hundred times as much as one that matches.
    if (!keys.every((key) => key in json)) continue
    const read = decode(json)
    if (Result.isSuccess(read)) return read
  }
  return Result.fail(new WireError({ message: "no known message has these fields" }))
}

/** Maximum length of a tool result, tool arguments or log metadata, in code points. */
const observabilityLimit = 30_000

const isTooLong = (text: string): boolean =>
  text.length > observabilityLimit && (text.length > 2 * observabilityLimit || [...text].length > observabilityLimit)

const cut = (text: string, length: number): string =>
  Array.from(text.slice(0, 2 * length))
    .slice(0, length)
    .join("")

const toolResult = (value: unknown): string | null => {
  const text = JsonText.resultText(value)
  return text === null || !isTooLong(text) ? text : `${cut(text, observabilityLimit)}... [truncated]`
}

const preview = (value: { readonly [key: string]: unknown } | null): unknown => {
  if (value === null) return null
  const text = JsonText.stringify(value)
  // Values nested too deeply could not be encoded again.
  return isTooLong(text) || isDeeper(text, maxDepth) ? { _truncated: true, _preview: cut(text, 200) } : value
}

/** Makes the message of an output, with its fields in the order of the wire and missing ones as null. */
const toFrame = (output: Event.Output): { readonly type: string; readonly [key: string]: unknown } => {
  const responding_to = output.respondingTo ?? null
  switch (output._tag) {
    case "AgentSendText":
      return { type: "message", content: output.text, interruptible: output.interruptible ?? true, responding_to }
    case "AgentSendDtmf":
      return { type: "dtmf", button: output.button, responding_to }
    case "AgentToolCalled":
    case "AgentToolReturned":
      return {
        type: "tool_call",
        name: output.toolName,
        arguments: preview(output.toolArgs),
        result: output._tag === "AgentToolCalled" ? null : toolResult(output.result),
        id: null,
        responding_to
      }
    case "AgentTransferCall":
      return {
        type: "transfer",
        target_phone_number: output.targetPhoneNumber,
        responding_to,
        interruptible: output.interruptible ?? true
      }
    case "AgentEndCall":
      return {
        type: "end_call",
        reason: output.reason ?? "agent_ended",
        responding_to,
        interruptible: output.interruptible ?? true
      }
    case "LogMessage":
      return {
        type: "log_event",
        event: output.name,
        metadata: { level: output.level, message: output.message, metadata: preview(output.metadata ?? null) },
        responding_to
      }
    case "LogMetric":
      return { type: "log_metric", name: output.name, value: output.value ?? null, responding_to }
    case "AgentUpdateCall": {
      const language = output.language ?? null
      return {
        type: "config",
        tts: { voice_id: output.voiceId ?? null, pronunciation_dict_id: output.pronunciationDictId ?? null, language },
        stt: language === null ? null : { language },
        language,
        responding_to
      }
    }
    case "AgentSendCustom":
      return { type: "custom", metadata: output.metadata, responding_to }
  }
}

/** Writes an output as the text of its message. Values that are not JSON become strings. */
export const encode = (output: Event.Output): string => {
  const frame = toFrame(output)
  try {
    return JSON.stringify(frame)
  } catch {
    // `JsonText` can write cycles, big integers and members that throw, in Python's spelling.
    return JSON.stringify(JSON.parse(JsonText.stringify(frame, "null")))
  }
}
