/** Decodes a carrier's messages: JSON objects with an `event`. Errors never quote them. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Json from "./json.ts"
import * as Message from "./message.ts"

/** What is said about a message of audio. */
export interface Audio {
  readonly payload: string
  readonly track?: string | undefined
  readonly chunk?: number | string | undefined
}

/** What differs between carriers. */
export interface Options<S extends Schema.ConstraintDecoder<unknown>> {
  readonly schema: S
  /** The events that the schema knows. Others are ignored. */
  readonly known: ReadonlyArray<string>
  readonly meaning: (message: S["Type"]) => Message.Message
  /** The event that brings audio, and what its audio means. */
  readonly audio: { readonly event: string; readonly meaning: (audio: Audio) => Message.Message }
}

/** Makes a decoder. */
export const decoder = <S extends Schema.ConstraintDecoder<unknown>>({
  audio,
  known,
  meaning,
  schema
}: Options<S>): ((frame: string | Uint8Array) => Message.Message) => {
  const decode = Schema.decodeUnknownResult(schema)
  const isUnknown = (value: unknown) =>
    isObject(value) && typeof value.event === "string" && !known.includes(value.event)
  return (frame) => {
    if (typeof frame !== "string") return Message.wrong("a binary frame")
    const parsed = Json.parse(frame)
    if (Result.isFailure(parsed)) return Message.wrong(parsed.failure)
    const heard = audioOf(parsed.success, audio.event)
    if (heard !== undefined) return audio.meaning(heard)
    const message = decode(parsed.success)
    if (Result.isSuccess(message)) return meaning(message.success)
    return isUnknown(parsed.success) ? Message.nothing : Message.wrong("an unreadable message")
  }
}

/** Audio of the caller. Streams of both tracks also contain our own voice. */
export const inbound = ({ chunk, payload, track }: Audio): Message.Message =>
  track === undefined || track.startsWith("inbound")
    ? { _tag: "Media", bytes: Json.bytesOf(payload), chunk: Json.countOf(chunk) }
    : Message.nothing

/**
 * The audio of a message, checked by hand, because fifty such messages come in each second of a call and a schema takes several times
 * as long. Undefined for any other message, and for one that is unusual: the schema decides about it.
 */
const audioOf = (value: unknown, event: string): Audio | undefined => {
  if (!isObject(value) || value.event !== event) return undefined
  const { media } = value
  if (!isObject(media)) return undefined
  const { chunk, payload, timestamp, track } = media
  if (typeof payload !== "string" || !isCount(chunk) || !isCount(timestamp)) return undefined
  return track === undefined || typeof track === "string" ? { payload, track, chunk } : undefined
}

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null

const isCount = (value: unknown): value is number | string | undefined =>
  value === undefined || typeof value === "string" || (typeof value === "number" && Number.isFinite(value))
