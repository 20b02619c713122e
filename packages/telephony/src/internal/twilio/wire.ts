/**
 * The protocol of Twilio Media Streams (`<Connect><Stream>`): JSON frames with an `event`, and mu-law at 8000 Hz in base64.
 */
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as Schema from "effect/Schema"
import * as Events from "../events.ts"
import * as Json from "../json.ts"
import type { Codec } from "../line.ts"
import * as Message from "../message.ts"

const optional = Schema.optional
const Sid = Schema.String.check(Schema.isMinLength(1))

/** Schema for messages from Twilio. Fields that we do not need are left out. */
const FromTwilio = Schema.Union([
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
const encode = (message: ToTwilio): string => JSON.stringify(message)

const meaning = (message: FromTwilio): Message.Message => {
  switch (message.event) {
    case "connected":
      return Message.nothing
    case "start":
      return started(message)
    case "media":
      return Events.inbound(message.media)
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
  const channels = Json.countOf(mediaFormat?.channels) ?? 1
  return {
    _tag: "Started",
    started: {
      callId: callSid,
      streamId: stream,
      format: formatName === "audio/x-mulaw" && rate === 8000 && channels === 1 ? AudioFormat.mulaw8000 : undefined,
      formatName: `${formatName} at ${rate} Hz`,
      metadata: { ...customParameters, ...(accountSid === undefined ? {} : { account_sid: accountSid }) }
    }
  }
}

/** Decodes a frame. Unknown events are ignored. */
export const decode = Events.decoder({
  schema: FromTwilio,
  known: ["connected", "start", "media", "dtmf", "mark", "stop"],
  meaning,
  audio: { event: "media", meaning: Events.inbound }
})

/** Encodes messages of a line to Twilio. */
export const codec: Codec = {
  media: (streamSid, bytes) => encode({ event: "media", streamSid, media: { payload: Json.base64Of(bytes) } }),
  mark: (streamSid, name) => encode({ event: "mark", streamSid, mark: { name } }),
  clear: (streamSid) => encode({ event: "clear", streamSid })
}
