/**
 * Cartesia Sonic: a voice with word times, over `/tts/websocket`. One socket serves all replies of a call.
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
import * as SpeechError from "../../SpeechError.ts"
import * as Service from "../../tts/internal/service.ts"
import * as SocketVoice from "../../tts/internal/socketVoice.ts"
import type * as Credentials from "../internal/credentials.ts"
import { withQuery } from "../internal/query.ts"
import * as Cartesia from "./internal/cartesia.ts"

/** The model and the voice. */
export interface Options extends Credentials.Options {
  /** Defaults to `sonic-3`. */
  readonly model?: string | undefined
  /** The id of the voice. */
  readonly voice: string
  /** Defaults to `en`. */
  readonly language?: string | undefined
  /** The id of a pronunciation dictionary. */
  readonly pronunciationDictId?: string | undefined
  /** How long Sonic may hold text back for better prosody, in milliseconds. Cartesia's default is 3000. */
  readonly maxBufferDelayMs?: number | undefined
}

/** Layer of the voice. Fails if the key is missing. */
export const layer = (options: Options): Layer.Layer<Service.TextToSpeech, SpeechError.SpeechError> =>
  Layer.effect(
    Service.TextToSpeech,
    Effect.map(Cartesia.access(options), ({ address, headers }) => {
      const model = options.model ?? "sonic-3"
      return SocketVoice.make(
        {
          provider: Cartesia.provider,
          model,
          capabilities: { wordTimes: true },
          headers,
          url: () => withQuery(`${address}/tts/websocket`, { cartesia_version: Cartesia.version }),
          wireFormat: (format) => format,
          isExclusive: false,
          unit: "text",
          // A context expires one second after its last audio.
          endsInPause: true,
          speaker: (voice, wire) => speaker(model, options, voice, wire)
        },
        options
      )
    })
  )

const Chunk = Schema.Struct({ type: Schema.tag("chunk"), context_id: Schema.String, data: Schema.String })
const Timestamps = Schema.Struct({
  type: Schema.tag("timestamps"),
  context_id: Schema.String,
  word_timestamps: Schema.Struct({
    words: Schema.Array(Schema.String),
    start: Schema.Array(Schema.Finite),
    end: Schema.Array(Schema.Finite)
  })
})
const Done = Schema.Struct({ type: Schema.Literals(["flush_done", "done"]), context_id: Schema.String })
const read = WireMessage.reader(Schema.Union([Chunk, Timestamps, Done, Cartesia.Failed]), "type", [
  "chunk",
  "timestamps",
  "flush_done",
  "done",
  "error"
])

const speaker = (
  model: string,
  options: Options,
  voice: Service.Voice,
  wire: AudioFormat.AudioFormat
): SocketVoice.Speaker => {
  // Within a context only the text and `continue` may differ.
  const fixed = {
    model_id: model,
    voice: { mode: "id", id: voice.id ?? options.voice },
    output_format: {
      container: "raw",
      encoding: Cartesia.encodings[wire.encoding],
      sample_rate: wire.sampleRateHz
    },
    language: (voice.language ?? options.language ?? "en").split("-")[0],
    pronunciation_dict_id: voice.pronunciationDictId ?? options.pronunciationDictId,
    add_timestamps: true,
    max_buffer_delay_ms: options.maxBufferDelayMs,
    generation_config: voice.speed === undefined ? undefined : { speed: Math.min(1.5, Math.max(0.6, voice.speed)) }
  }
  const message = (id: string, transcript: string, more: object) =>
    JSON.stringify({ ...fixed, context_id: id, transcript, ...more })
  return {
    begin: () => [],
    say: (id, text) => [message(id, text, { continue: true })],
    flush: (id) => [message(id, "", { continue: true, flush: true })],
    end: (id) => [message(id, "", { continue: false })],
    cancel: (id) => [JSON.stringify({ context_id: id, cancel: true })],
    receive: (data) => {
      if (typeof data !== "string") return []
      const found = read(data)
      if (Result.isFailure(found)) return [{ _tag: "Failed", failure: found.failure }]
      const told = found.success
      if (told === undefined) return []
      switch (told.type) {
        case "chunk":
          return [{ _tag: "Audio", id: told.context_id, bytes: Base64.decode(told.data) }]
        case "timestamps": {
          const { end, start, words } = told.word_timestamps
          const timed = words.map((text, i) => {
            const startMs = (start[i] ?? 0) * 1000
            return { text, startMs, endMs: end[i] === undefined ? startMs : end[i] * 1000 }
          })
          return [{ _tag: "Words", id: told.context_id, words: timed }]
        }
        case "flush_done":
          return [{ _tag: "Flushed", id: told.context_id }]
        case "done":
          return [{ _tag: "Done", id: told.context_id }]
        case "error": {
          const id = told.context_id ?? undefined
          // A context without speakable text is rejected, and over.
          if (id !== undefined && told.status_code === 400 && /transcript/i.test(told.message ?? told.error ?? "")) {
            return [{ _tag: "Done", id }]
          }
          return [{ _tag: "Failed", id, failure: Cartesia.failureOf(told) }]
        }
      }
    }
  }
}
