/**
 * The protocol of Twilio Media Streams (`<Connect><Stream>`): JSON frames with an `event`, and mu-law at 8000 Hz in base64.
 */
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Json from "../json.ts"
import type { Codec } from "../line.ts"
import * as Message from "../message.ts"

const optional = Schema.optional
const Sid = Schema.String.check(Schema.isMinLength(1))

/** Schema for messages from Twilio. Fields that we do not need are left out. */
export const FromTwilio = Schema.Union([
  Schema.Struct({ event: Schema.Literal("connected") }),
  Schema.Struct({
    event: Schema.Literal("start"),
    streamSid: optional(Sid),
    start: Schema.Struct({
      streamSid: optional(Sid),
      callSid: Sid,
      accountSid: optional(Schema.String),
      customParameters: optional(Schema.Record(Schema.String, Schema.Unknown)),
      mediaFormat: optional(
        Schema.Struct({ encoding: Schema.String, sampleRate: Json.Count, channels: optional(Json.Count) })
      )
    })
  }),
  Schema.Struct({
    event: Schema.Literal("media"),
    media: Schema.Struct({
      payload: Schema.String,
      track: optional(Schema.String),
      chunk: optional(Json.Count),
      timestamp: optional(Json.Count)
    })
  }),
  Schema.Struct({ event: Schema.Literal("dtmf"), dtmf: Schema.Struct({ digit: Schema.String }) }),
  Schema.Struct({ event: Schema.Literal("mark"), mark: Schema.Struct({ name: Schema.String }) }),
  Schema.Struct({ event: Schema.Literal("stop") })
])
export type FromTwilio = typeof FromTwilio.Type

/** Messages to Twilio. */
export type ToTwilio =
  | { readonly event: "media"; readonly streamSid: string; readonly media: { readonly payload: string } }
  | { readonly event: "mark"; readonly streamSid: string; readonly mark: { readonly name: string } }
  | { readonly event: "clear"; readonly streamSid: string }

/** Encodes a message as a frame. */
export const encode = (message: ToTwilio): string => JSON.stringify(message)

const read = Json.reader(FromTwilio)
const readEvent = Json.reader(Schema.Struct({ event: Schema.String }))
const known: ReadonlySet<string> = new Set(["connected", "start", "media", "dtmf", "mark", "stop"])

/** Decodes a frame. Unknown events are ignored. */
export const decode = (frame: string | Uint8Array): Message.Message => {
  if (typeof frame !== "string") return Message.wrong("a binary frame")
  const message = read(frame)
  if (Result.isSuccess(message)) return meaning(message.success)
  const other = readEvent(frame)
  return Result.isSuccess(other) && !known.has(other.success.event) ? Message.nothing : Message.wrong(message.failure)
}

const meaning = (message: FromTwilio): Message.Message => {
  switch (message.event) {
    case "connected":
      return Message.nothing
    case "start":
      return started(message)
    case "media": {
      const { chunk, payload, track } = message.media
      // Streams of both tracks also contain our own voice.
      if (track !== undefined && !track.startsWith("inbound")) return Message.nothing
      return { _tag: "Media", bytes: Json.bytesOf(payload), chunk: Json.countOf(chunk) }
    }
    case "dtmf":
      return { _tag: "Dtmf", digit: message.dtmf.digit }
    case "mark":
      return { _tag: "Mark", name: message.mark.name }
    case "stop":
      return { _tag: "Stopped" }
  }
}

const started = ({ start, streamSid }: Extract<FromTwilio, { readonly event: "start" }>): Message.Message => {
  const stream = streamSid ?? start.streamSid
  if (stream === undefined) return Message.wrong("a start without a stream")
  const { accountSid, callSid, customParameters = {}, mediaFormat } = start
  const formatName = mediaFormat === undefined ? "audio/x-mulaw" : mediaFormat.encoding
  const rate = Json.countOf(mediaFormat?.sampleRate) ?? 8000
  return {
    _tag: "Started",
    started: {
      callId: callSid,
      streamId: stream,
      format: formatName === "audio/x-mulaw" && rate === 8000 ? AudioFormat.mulaw8000 : undefined,
      formatName: `${formatName} at ${rate} Hz`,
      metadata: { ...customParameters, ...(accountSid === undefined ? {} : { account_sid: accountSid }) }
    }
  }
}

/** Encodes messages of a line to Twilio. */
export const codec: Codec = {
  media: (streamSid, bytes) => encode({ event: "media", streamSid, media: { payload: Json.base64Of(bytes) } }),
  mark: (streamSid, name) => encode({ event: "mark", streamSid, mark: { name } }),
  clear: (streamSid) => encode({ event: "clear", streamSid })
}
