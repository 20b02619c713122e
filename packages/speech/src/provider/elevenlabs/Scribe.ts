/**
 * ElevenLabs Scribe: realtime transcription, over `/v1/speech-to-text/realtime`.
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
import * as ElevenLabs from "./internal/elevenLabs.ts"

/** The model, and how it listens. */
export interface Options extends Credentials.Options {
  /** Defaults to `scribe_v2_realtime`. */
  readonly model?: string | undefined
  readonly language?: string | undefined
  /** What makes words final: Scribe's own voice detector (`vad`, the default), or only `flush` (`manual`). */
  readonly commit?: "vad" | "manual" | undefined
  /** Silence after which `vad` commits, in seconds. ElevenLabs' default is 1.5. */
  readonly silenceSeconds?: number | undefined
  /** Whether final words have times, which delays them a little. Defaults to false. */
  readonly wordTimes?: boolean | undefined
}

/** Layer of the recogniser. Fails if the key is missing. */
export const layer = (options: Options = {}): Layer.Layer<Service.SpeechToText, SpeechError.SpeechError> =>
  Layer.effect(
    Service.SpeechToText,
    Effect.map(ElevenLabs.access(options), ({ address, headers }) => {
      const { commit = "vad", model = "scribe_v2_realtime", wordTimes = false } = options
      return SocketRecogniser.make(
        {
          provider: ElevenLabs.provider,
          model,
          capabilities: { turns: false, partials: true, wordTimes },
          headers,
          url: (wire, { keyterms, language = options.language }) =>
            withQuery(`${address}/v1/speech-to-text/realtime`, {
              model_id: model,
              audio_format: wire.encoding === "mulaw" ? "ulaw_8000" : `pcm_${wire.sampleRateHz}`,
              commit_strategy: commit,
              vad_silence_threshold_secs: options.silenceSeconds,
              include_timestamps: wordTimes,
              // Scribe accepts only the language code, without a region.
              language_code: language?.split("-")[0],
              keyterms
            }),
          wireFormat: (format) =>
            format.encoding === "pcm_s16le" || AudioFormat.equals(format, AudioFormat.mulaw8000)
              ? format
              : AudioFormat.make("pcm_s16le", format.sampleRateHz),
          saysReady: true,
          chunkMs: 60,
          listen: (at, wire) => listen(at, wire.sampleRateHz, commit, wordTimes)
        },
        options
      )
    })
  )

const Text = Schema.Struct({
  message_type: Schema.Literals(["partial_transcript", "committed_transcript"]),
  text: Schema.String
})
const Timed = Schema.Struct({
  message_type: Schema.tag("committed_transcript_with_timestamps"),
  text: Schema.String,
  words: Schema.optional(
    Schema.NullOr(
      Schema.Array(
        Schema.Struct({
          text: Schema.optional(Schema.String),
          start: Schema.optional(Schema.Finite),
          end: Schema.optional(Schema.Finite),
          type: Schema.optional(Schema.String)
        })
      )
    )
  )
})
const Started = Schema.Struct({ message_type: Schema.tag("session_started") })

const reasons = {
  auth_error: { _tag: "Unauthorized" },
  quota_exceeded: { _tag: "QuotaExceeded" },
  rate_limited: { _tag: "RateLimited" },
  unaccepted_terms: { _tag: "Rejected" },
  input_error: { _tag: "Rejected" },
  invalid_request: { _tag: "Rejected" },
  chunk_size_exceeded: { _tag: "Rejected" },
  queue_overflow: { _tag: "Unavailable" },
  resource_exhausted: { _tag: "Unavailable" },
  session_time_limit_exceeded: { _tag: "Unavailable" },
  insufficient_audio_activity: { _tag: "Unavailable" },
  transcriber_error: { _tag: "Unavailable" },
  error: { _tag: "Unavailable" }
} as const
const failures = Object.keys(reasons) as ReadonlyArray<keyof typeof reasons>
const Failed = Schema.Struct({
  message_type: Schema.Literals([...failures, "commit_throttled"]),
  error: Schema.optional(Schema.String)
})

const read = WireMessage.reader(Schema.Union([Text, Timed, Started, Failed]), "message_type", [
  ...Text.fields.message_type.literals,
  "committed_transcript_with_timestamps",
  "session_started",
  ...Failed.fields.message_type.literals
])

const listen = (
  at: Parameters<SocketRecogniser.Dialect["listen"]>[0],
  sampleRateHz: number,
  commit: "vad" | "manual",
  wordTimes: boolean
): SocketRecogniser.Listener => {
  let partial = ""
  const chunk = (bytes: Uint8Array, isCommit: boolean) =>
    JSON.stringify({
      message_type: "input_audio_chunk",
      audio_base_64: Base64.encode(bytes),
      commit: isCommit,
      sample_rate: sampleRateHz
    })
  const question = (): SocketRecogniser.Question => ({
    messages: [chunk(new Uint8Array(), true)],
    // With `vad` there may be nothing left to commit.
    isAnswered: commit === "manual"
  })
  const committed = (words: Service.Words): SocketRecogniser.Told => {
    const before = partial
    partial = ""
    const events: ReadonlyArray<Service.Event> =
      words.text !== "" ? [{ _tag: "Final", ...words }] : before === "" ? [] : [{ _tag: "Partial", text: "" }]
    return { events, isAnswer: true, isOver: true }
  }
  return {
    audio: (bytes) => chunk(bytes, false),
    flush: question,
    end: () => ({ ...question(), isAnswered: true }),
    receive: (data) => {
      if (typeof data !== "string") return {}
      const message = read(data)
      if (Result.isFailure(message)) return { failure: message.failure }
      if (message.success === undefined) return {}
      switch (message.success.message_type) {
        case "session_started":
          return { isReady: true }
        case "partial_transcript": {
          const text = message.success.text.trim()
          if (text === partial) return {}
          partial = text
          return { events: [{ _tag: "Partial", text }] }
        }
        case "committed_transcript":
          // The same words follow with their times.
          return wordTimes ? {} : committed({ text: message.success.text.trim() })
        case "committed_transcript_with_timestamps": {
          if (!wordTimes) return {}
          const words = (message.success.words ?? []).flatMap(({ end, start, text, type }) =>
            type === "spacing" || text === undefined || start === undefined || end === undefined
              ? []
              : [{ text, start: at(start * 1000), end: at(end * 1000) }]
          )
          return committed({
            text: message.success.text.trim(),
            ...(words.length === 0 ? {} : { words, from: words[0]!.start, to: words.at(-1)!.end })
          })
        }
        case "commit_throttled":
          // Too little was said since the last commit, so there is no answer.
          return { isAnswer: true, isOver: true }
        default: {
          const { error, message_type } = message.success
          return { failure: { reason: { ...reasons[message_type], code: message_type }, detail: error } }
        }
      }
    }
  }
}
