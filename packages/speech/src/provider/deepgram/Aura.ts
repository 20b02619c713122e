/**
 * Deepgram Aura: a voice without word times, over `/v1/speak`. Its audio has no ids, so each reply uses its own socket,
 * while another one waits for the next reply.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AudioFormat from "../../AudioFormat.ts"
import * as WireMessage from "../../internal/wireMessage.ts"
import * as SpeechError from "../../SpeechError.ts"
import * as Service from "../../tts/internal/service.ts"
import * as SocketVoice from "../../tts/internal/socketVoice.ts"
import type * as Credentials from "../internal/credentials.ts"
import { withQuery } from "../internal/query.ts"
import * as Deepgram from "./internal/deepgram.ts"
import * as VendorReason from "../../internal/vendorReason.ts"

/** The voice. */
export interface Options extends Credentials.Options {
  /** The model, which is the voice. Defaults to `aura-2-thalia-en`. */
  readonly model?: string | undefined
}

/** Layer of the voice. Fails if the key is missing. */
export const layer = (options: Options = {}): Layer.Layer<Service.TextToSpeech, SpeechError.SpeechError> =>
  Layer.effect(
    Service.TextToSpeech,
    Effect.map(Deepgram.access(options), ({ address, headers }) => {
      const model = options.model ?? "aura-2-thalia-en"
      return SocketVoice.make(
        {
          provider: Deepgram.provider,
          model,
          capabilities: { wordTimes: false },
          headers,
          url: (voice, wire) =>
            withQuery(`${address}/v1/speak`, {
              model: voice.id ?? model,
              encoding: Deepgram.encodings[wire.encoding],
              sample_rate: wire.sampleRateHz,
              container: wire.encoding === "pcm_s16le" ? undefined : "none"
            }),
          wireFormat: (format) =>
            format.encoding === "pcm_s16le"
              ? AudioFormat.make("pcm_s16le", format.sampleRateHz === 44100 ? 48000 : format.sampleRateHz)
              : AudioFormat.make(format.encoding, 8000),
          isExclusive: true,
          unit: "clause",
          endsInPause: false,
          speaker
        },
        options
      )
    })
  )

const Answer = Schema.Struct({ type: Schema.Literals(["Flushed", "Cleared"]) })
const Failed = Schema.Struct({
  type: Schema.tag("Error"),
  code: Schema.optional(Schema.String),
  description: Schema.optional(Schema.String)
})
const read = WireMessage.reader(Schema.Union([Answer, Failed]), "type", ["Flushed", "Cleared", "Error"])

const speaker = (): SocketVoice.Speaker => ({
  begin: () => [],
  say: (_, text) => [JSON.stringify({ type: "Speak", text })],
  flush: () => [`{"type":"Flush"}`],
  end: () => [],
  cancel: () => [`{"type":"Clear"}`],
  receive: (data) => {
    if (typeof data !== "string") return [{ _tag: "Audio", bytes: data }]
    const found = read(data)
    if (Result.isFailure(found)) return [{ _tag: "Failed", failure: found.failure }]
    switch (found.success?.type) {
      case "Flushed":
        return [{ _tag: "Flushed" }]
      case "Error": {
        const { code, description } = found.success
        const reason = { _tag: "Unavailable" as const, code: VendorReason.readableCode(code) }
        return [{ _tag: "Failed", failure: { reason, detail: description } }]
      }
      default:
        return []
    }
  }
})
