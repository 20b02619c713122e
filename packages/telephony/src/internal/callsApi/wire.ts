/**
 * The protocol of Cartesia's Calls API (`/agents/stream/{agent_id}`): JSON frames with an `event`, and audio in base64.
 */
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Events from "../events.ts"
import * as Json from "../json.ts"
import type { Codec } from "../line.ts"
import type * as Message from "../message.ts"

const optional = Schema.optional
const Metadata = Schema.Record(Schema.String, Schema.Unknown)
const Text = Schema.NullishOr(Schema.String)

/** Schema for messages from clients. */
const FromClient = Schema.Union([
  Schema.Struct({
    event: Schema.Literal("start"),
    stream_id: optional(Text),
    config: optional(Schema.NullishOr(Schema.Struct({ input_format: optional(Text), voice_id: optional(Text) }))),
    agent: optional(Schema.NullishOr(Schema.Struct({ system_prompt: optional(Text), introduction: optional(Text) }))),
    metadata: optional(Schema.NullishOr(Metadata))
  }),
  Schema.Struct({ event: Schema.Literal("media_input"), media: Schema.Struct({ payload: Schema.String }) }),
  // Some clients write `button`.
  Schema.Struct({ event: Schema.Literal("dtmf"), dtmf: optional(Schema.String), button: optional(Schema.String) }),
  Schema.Struct({ event: Schema.Literal("custom"), metadata: Metadata })
])
type FromClient = typeof FromClient.Type

/** Formats that a client can request. */
const formats = ["mulaw_8000", "pcm_16000", "pcm_24000", "pcm_44100"]

const meaning = (message: FromClient, newId: () => string): Message.Message => {
  switch (message.event) {
    case "start":
      return started(message, newId)
    case "media_input":
      return audio(message.media)
    case "dtmf":
      return { _tag: "Dtmf", digit: message.dtmf ?? message.button ?? "" }
    case "custom":
      return { _tag: "Custom", metadata: message.metadata }
  }
}

const audio = ({ payload }: Events.Audio): Message.Message => ({ _tag: "Media", bytes: Json.bytesOf(payload) })

const started = (
  { agent, config, metadata, stream_id }: Extract<FromClient, { readonly event: "start" }>,
  newId: () => string
): Message.Message => {
  const streamId = stream_id == null || stream_id.trim() === "" ? newId() : stream_id
  const formatName = config?.input_format ?? "pcm_16000"
  const format = formats.includes(formatName) ? AudioFormat.fromName(formatName) : undefined
  const text = (value: unknown) => (typeof value === "string" ? value : undefined)
  return {
    _tag: "Started",
    started: {
      callId: streamId,
      streamId,
      format: format !== undefined && Result.isSuccess(format) ? format.success : undefined,
      formatName,
      from: text(metadata?.["from"]),
      to: text(metadata?.["to"]),
      metadata: { ...(config?.voice_id == null ? {} : { voice_id: config.voice_id }), ...metadata },
      agent: { systemPrompt: agent?.system_prompt, introduction: agent?.introduction }
    }
  }
}

/** The response to a start message. */
export const ack = ({ agent, formatName, metadata, streamId }: Message.Started): string =>
  JSON.stringify({
    event: "ack",
    stream_id: streamId,
    config: { input_format: formatName, ...("voice_id" in metadata ? { voice_id: metadata["voice_id"] } : {}) },
    agent: {
      ...(agent?.systemPrompt == null ? {} : { system_prompt: agent.systemPrompt }),
      ...(agent?.introduction == null ? {} : { introduction: agent.introduction })
    }
  })

/**
 * Assumed time between sending audio and hearing it, because clients do not report it. Too long is better than too short: a word that
 * is wrongly counted as heard is worse than one that is not counted. Milliseconds.
 */
const latencyMs = 150

/** Decodes a frame. `newId` makes an id for streams without one. */
export const decode = (newId: () => string): ((frame: string | Uint8Array) => Message.Message) =>
  Events.decoder({
    schema: FromClient,
    known: ["start", "media_input", "dtmf", "custom"],
    meaning: (message) => meaning(message, newId),
    audio: { event: "media_input", meaning: audio }
  })

/** Encodes messages of a line to a client. */
export const codec: Codec = {
  media: (stream_id, bytes) =>
    JSON.stringify({ event: "media_output", stream_id, media: { payload: Json.base64Of(bytes) } }),
  clear: (stream_id) => JSON.stringify({ event: "clear", stream_id }),
  custom: (stream_id, metadata) => JSON.stringify({ event: "custom", stream_id, metadata }),
  dtmf: (stream_id, dtmf) => JSON.stringify({ event: "dtmf", stream_id, dtmf }),
  transfer: (stream_id, target_phone_number) =>
    JSON.stringify({ event: "transfer_call", stream_id, transfer: { target_phone_number } }),
  latencyMs
}
