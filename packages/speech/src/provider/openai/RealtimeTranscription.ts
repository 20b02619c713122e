/**
 * OpenAI's realtime transcription: a realtime session that only listens.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"

import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AudioFormat from "../../AudioFormat.ts"
import * as Base64 from "../../internal/base64.ts"
import * as WireMessage from "../../internal/wireMessage.ts"
import type * as SpeechError from "../../SpeechError.ts"
import * as Service from "../../stt/internal/service.ts"
import * as SocketRecogniser from "../../stt/internal/socketRecogniser.ts"
import type * as Credentials from "../internal/credentials.ts"
import { withQuery } from "../internal/query.ts"
import * as OpenAi from "./internal/openAi.ts"
import * as Items from "./internal/transcribedItems.ts"

/** The model, and how it listens. */
export interface Options extends Credentials.Options {
  /** Defaults to `gpt-4o-mini-transcribe`. */
  readonly model?: string | undefined
  readonly language?: string | undefined
  /** What makes words final: OpenAI's own voice detector (`vad`, the default), or only `flush` (`manual`). */
  readonly commit?: "vad" | "manual" | undefined
  /** Silence after which `vad` commits, in milliseconds. OpenAI's default is 500. */
  readonly silenceMs?: number | undefined
}

/** Layer of the recogniser. Fails if the key is missing. */
export const layer = (options: Options = {}): Layer.Layer<Service.SpeechToText, SpeechError.SpeechError> =>
  Layer.effect(
    Service.SpeechToText,
    Effect.map(OpenAi.access(options, "ws"), ({ address, headers }) => {
      const model = options.model ?? "gpt-4o-mini-transcribe"
      return SocketRecogniser.make(
        {
          provider: OpenAi.provider,
          model,
          capabilities: { turns: false, partials: true, wordTimes: false },
          headers,
          url: () => withQuery(`${address}/realtime`, { intent: "transcription" }),
          // Apart from G.711, OpenAI only accepts 24000 Hz.
          wireFormat: (format) =>
            format.encoding !== "pcm_s16le" && format.sampleRateHz === 8000 ? format : AudioFormat.pcm24000,
          saysReady: true,
          chunkMs: 40,
          listen: (at, wire, { keyterms, language = options.language }) =>
            listen(at, {
              type: "session.update",
              session: {
                type: "transcription",
                audio: {
                  input: {
                    format: formatOf(wire),
                    transcription: {
                      model,
                      language: language?.split("-")[0],
                      prompt: keyterms === undefined ? undefined : `Expect: ${keyterms.join(", ")}.`
                    },
                    turn_detection:
                      options.commit === "manual"
                        ? null
                        : { type: "server_vad", silence_duration_ms: options.silenceMs }
                  }
                }
              }
            })
        },
        options
      )
    })
  )

const formatOf = (wire: AudioFormat.AudioFormat) =>
  wire.encoding === "pcm_s16le"
    ? { type: "audio/pcm", rate: wire.sampleRateHz }
    : { type: wire.encoding === "mulaw" ? "audio/pcmu" : "audio/pcma" }

const Updated = Schema.Struct({ type: Schema.Literals(["session.updated", "transcription_session.updated"]) })
const Started = Schema.Struct({
  type: Schema.tag("input_audio_buffer.speech_started"),
  audio_start_ms: Schema.optional(Schema.Finite)
})
const Committed = Schema.Struct({ type: Schema.tag("input_audio_buffer.committed"), item_id: Schema.String })
const Delta = Schema.Struct({
  type: Schema.tag("conversation.item.input_audio_transcription.delta"),
  item_id: Schema.String,
  delta: Schema.optional(Schema.String)
})
const Completed = Schema.Struct({
  type: Schema.tag("conversation.item.input_audio_transcription.completed"),
  item_id: Schema.String,
  transcript: Schema.String
})
const Fault = Schema.Struct({
  type: Schema.optional(Schema.NullOr(Schema.String)),
  code: Schema.optional(Schema.NullOr(Schema.String)),
  message: Schema.optional(Schema.String)
})
const Failed = Schema.Struct({
  type: Schema.Literals(["error", "conversation.item.input_audio_transcription.failed"]),
  error: Fault
})
const read = WireMessage.reader(Schema.Union([Updated, Started, Committed, Delta, Completed, Failed]), "type", [
  ...Updated.fields.type.literals,
  "input_audio_buffer.speech_started",
  "input_audio_buffer.committed",
  "conversation.item.input_audio_transcription.delta",
  "conversation.item.input_audio_transcription.completed",
  ...Failed.fields.type.literals
])

const listen = (at: Parameters<SocketRecogniser.Dialect["listen"]>[0], session: unknown): SocketRecogniser.Listener => {
  let items = Items.empty
  const take = (told: readonly [Items.Items, ReadonlyArray<Service.Event>]): SocketRecogniser.Told => {
    items = told[0]
    return { events: told[1] }
  }
  const commit = (): SocketRecogniser.Question => ({
    messages: [`{"type":"input_audio_buffer.commit"}`],
    isAnswered: true
  })
  return {
    opening: [JSON.stringify(session)],
    audio: (bytes) => JSON.stringify({ type: "input_audio_buffer.append", audio: Base64.encode(bytes) }),
    flush: commit,
    end: commit,
    receive: (data) => {
      if (typeof data !== "string") return {}
      const message = read(data)
      if (Result.isFailure(message)) return { failure: message.failure }
      switch (message.success?.type) {
        case "session.updated":
        case "transcription_session.updated":
          return { isReady: true }
        case "input_audio_buffer.speech_started": {
          const start = message.success.audio_start_ms
          return { events: [{ _tag: "SpeechStarted", at: start === undefined ? undefined : at(start) }] }
        }
        case "input_audio_buffer.committed":
          return take(Items.committed(items, message.success.item_id))
        case "conversation.item.input_audio_transcription.delta":
          return take(Items.delta(items, message.success.item_id, message.success.delta ?? ""))
        case "conversation.item.input_audio_transcription.completed": {
          const told = take(Items.completed(items, message.success.item_id, message.success.transcript))
          return { ...told, isAnswer: true, isOver: Items.isEmpty(items) }
        }
        case "error":
        case "conversation.item.input_audio_transcription.failed": {
          const { code, message: detail, type } = message.success.error
          // There was too little audio to commit, so there is no answer.
          if (code === "input_audio_buffer_commit_empty") return { isAnswer: true, isOver: Items.isEmpty(items) }
          return { failure: { reason: OpenAi.reasonOf(type ?? undefined, code ?? undefined), detail } }
        }
        case undefined:
          return {}
      }
    }
  }
}
