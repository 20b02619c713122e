/**
 * ElevenLabs' voices, with character times, over `multi-stream-input`. One socket serves all replies of a call.
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
import * as AlignedWords from "./internal/alignedWords.ts"
import * as ElevenLabs from "./internal/elevenLabs.ts"
import * as VendorReason from "../../internal/vendorReason.ts"

/** The model and the voice. */
export interface Options extends Credentials.Options {
  /** Defaults to `eleven_flash_v2_5`. */
  readonly model?: string | undefined
  /** The id of the voice. */
  readonly voice: string
  readonly language?: string | undefined
  /** Settings such as `stability` and `similarity_boost`, with ElevenLabs' names. */
  readonly voiceSettings?: Readonly<Record<string, number | boolean>> | undefined
}

/** Layer of the voice. Fails if the key is missing. */
export const layer = (options: Options): Layer.Layer<Service.TextToSpeech, SpeechError.SpeechError> =>
  Layer.effect(
    Service.TextToSpeech,
    Effect.map(ElevenLabs.access(options), ({ address, headers }) => {
      const model = options.model ?? "eleven_flash_v2_5"
      return SocketVoice.make(
        {
          provider: ElevenLabs.provider,
          model,
          capabilities: { wordTimes: true },
          headers,
          url: (voice, wire) =>
            withQuery(
              `${address}/v1/text-to-speech/${encodeURIComponent(voice.id ?? options.voice)}/multi-stream-input`,
              {
                model_id: model,
                output_format: wire.encoding === "mulaw" ? "ulaw_8000" : `pcm_${wire.sampleRateHz}`,
                sync_alignment: true,
                inactivity_timeout: 180,
                language_code: (voice.language ?? options.language)?.split("-")[0]
              }
            ),
          wireFormat: (format) =>
            AudioFormat.equals(format, AudioFormat.mulaw8000)
              ? format
              : AudioFormat.make("pcm_s16le", format.sampleRateHz === 48000 ? 24000 : format.sampleRateHz),
          isExclusive: false,
          unit: "text",
          endsInPause: false,
          speaker: (voice, wire) => speaker(options, voice, wire)
        },
        options
      )
    })
  )

const Output = Schema.Struct({
  audio: Schema.optional(Schema.NullOr(Schema.String)),
  alignment: Schema.optional(Schema.NullOr(AlignedWords.Alignment)),
  isFinal: Schema.optional(Schema.NullOr(Schema.Boolean)),
  contextId: Schema.optional(Schema.String)
})
const Failed = Schema.Struct({
  error: Schema.String,
  code: Schema.optional(Schema.Union([Schema.String, Schema.Finite])),
  contextId: Schema.optional(Schema.String)
})
const read = WireMessage.untaggedReader(Schema.Union([Failed, Output]))

const speaker = (options: Options, voice: Service.Voice, wire: AudioFormat.AudioFormat): SocketVoice.Speaker => {
  const aligned = new Map<string, AlignedWords.State>()
  const of = (id: string) => aligned.get(id) ?? AlignedWords.initial
  const message = (id: string, rest: object) => JSON.stringify({ context_id: id, ...rest })
  const settings = {
    ...options.voiceSettings,
    ...(voice.speed === undefined ? {} : { speed: Math.min(1.2, Math.max(0.7, voice.speed)) })
  }
  return {
    // A context starts with a space and the settings of the voice.
    begin: (id) => [
      message(id, { text: " ", ...(Object.keys(settings).length === 0 ? {} : { voice_settings: settings }) })
    ],
    say: (id, text) => [message(id, { text })],
    flush: (id) => [message(id, { flush: true })],
    // Closing a flushed context lets it finish; otherwise closing drops the rest.
    end: (id) => [message(id, { flush: true }), message(id, { close_context: true })],
    cancel: (id) => {
      aligned.delete(id)
      return [message(id, { close_context: true })]
    },
    receive: (data) => {
      if (typeof data !== "string") return []
      const found = read(data)
      if (Result.isFailure(found)) return [{ _tag: "Failed", failure: found.failure }]
      const told = found.success
      const id = told.contextId
      if ("error" in told) {
        const code = told.code === undefined ? told.error : String(told.code)
        return [{ _tag: "Failed", id, failure: { reason: reasonOf(told.error, code), detail: told.error } }]
      }
      if (id === undefined) return []
      const out: Array<SocketVoice.Told> = []
      const bytes = Base64.decode(told.audio ?? "")
      if (bytes.length > 0 || told.alignment != null) {
        const [next, words] = AlignedWords.push(
          of(id),
          told.alignment ?? undefined,
          AudioFormat.durationMs(wire, bytes.length)
        )
        aligned.set(id, next)
        if (bytes.length > 0) out.push({ _tag: "Audio", id, bytes })
        if (words.length > 0) out.push({ _tag: "Words", id, words })
      }
      if (told.isFinal === true) {
        const words = AlignedWords.flush(of(id))
        aligned.delete(id)
        if (words.length > 0) out.push({ _tag: "Words", id, words })
        out.push({ _tag: "Done", id })
      }
      return out
    }
  }
}

const reasonOf = (error: string, code: string): SpeechError.Reason => {
  const known = VendorReason.readableCode(code)
  switch (error) {
    case "quota_exceeded":
      return { _tag: "QuotaExceeded", code: known }
    case "invalid_api_key":
    case "needs_authorization":
      return { _tag: "Unauthorized", code: known }
    case "too_many_concurrent_requests":
    case "rate_limited":
      return { _tag: "RateLimited", code: known }
    case "voice_id_does_not_exist":
    case "invalid_model":
    case "input_error":
      return { _tag: "Rejected", code: known }
    default:
      return { _tag: "Unavailable", code: known }
  }
}
