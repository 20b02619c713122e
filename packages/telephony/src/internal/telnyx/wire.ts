/**
 * The protocol of Telnyx media streams (`stream_bidirectional_mode: rtp`): JSON frames with an `event`, and audio in base64. Messages
 * can arrive out of order.
 */
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as Schema from "effect/Schema"
import * as Events from "../events.ts"
import * as Json from "../json.ts"
import type { Codec } from "../line.ts"
import * as Message from "../message.ts"

const optional = Schema.optional
const Id = Schema.String.check(Schema.isMinLength(1))

/** Schema for messages from Telnyx. Fields that we do not need are left out. */
const FromTelnyx = Schema.Union([
  Schema.Struct({ event: Schema.Literal("connected") }),
  Schema.Struct({
    event: Schema.Literal("start"),
    stream_id: optional(Schema.String),
    start: Schema.Struct({
      call_control_id: Id,
      media_format: optional(
        Schema.Struct({ encoding: Schema.String, sample_rate: Json.Count, channels: optional(Json.Count) })
      )
    })
  }),
  Schema.Struct({
    event: Schema.Literal("media"),
    media: Schema.Struct({
      payload: Schema.String,
      track: optional(Schema.String),
      chunk: optional(Json.Count)
    })
  }),
  Schema.Struct({ event: Schema.Literal("dtmf"), dtmf: Schema.Struct({ digit: Schema.String }) }),
  Schema.Struct({ event: Schema.Literal("mark"), mark: Schema.Struct({ name: Schema.String }) }),
  Schema.Struct({ event: Schema.Literal("error") }),
  Schema.Struct({ event: Schema.Literal("stop") })
])
type FromTelnyx = typeof FromTelnyx.Type

const meaning = (message: FromTelnyx): Message.Message => {
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
    case "error":
      return Message.wrong("Telnyx reported an error in one of our messages")
    case "stop":
      return { _tag: "Stopped" }
  }
}

const encodings: Readonly<Record<string, AudioFormat.AudioFormat>> = {
  PCMU: AudioFormat.mulaw8000,
  PCMA: AudioFormat.alaw8000
}

const started = ({ start, stream_id }: Extract<FromTelnyx, { readonly event: "start" }>): Message.Message => {
  const { call_control_id, media_format } = start
  const formatName = media_format?.encoding ?? "PCMU"
  const rate = Json.countOf(media_format?.sample_rate) ?? 8000
  const channels = Json.countOf(media_format?.channels) ?? 1
  return {
    _tag: "Started",
    started: {
      callId: call_control_id,
      streamId: stream_id ?? call_control_id,
      format: rate === 8000 && channels === 1 ? encodings[formatName] : undefined,
      formatName: `${formatName} at ${rate} Hz`,
      metadata: {}
    }
  }
}

/** Decodes a frame. Unknown events are ignored. */
export const decode = Events.decoder({
  schema: FromTelnyx,
  known: ["connected", "start", "media", "dtmf", "mark", "error", "stop"],
  meaning,
  audio: { event: "media", meaning: Events.inbound }
})

/** Encodes messages of a line to Telnyx. */
export const codec: Codec = {
  media: (_, bytes) => JSON.stringify({ event: "media", media: { payload: Json.base64Of(bytes) } }),
  mark: (_, name) => JSON.stringify({ event: "mark", mark: { name } }),
  clear: () => JSON.stringify({ event: "clear" })
}
