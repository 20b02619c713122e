/**
 * OpenAI's voices, over `/v1/audio/speech`: one request per clause, made when its audio is pulled. The duration of a
 * clause is divided among its words by their length.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../AudioFormat.ts"
import * as AudioTime from "../../AudioTime.ts"
import type * as SpeechError from "../../SpeechError.ts"
import type { SpokenAudio } from "../../SpokenAudio.ts"
import * as Transcode from "../../Transcode.ts"
import * as PulledVoice from "../../tts/internal/pulledVoice.ts"
import * as Service from "../../tts/internal/service.ts"
import * as SharedTime from "../../tts/internal/sharedTime.ts"
import type * as Credentials from "../internal/credentials.ts"
import * as Request from "../internal/request.ts"
import * as OpenAi from "./internal/openAi.ts"

/** The model and the voice. */
export interface Options extends Credentials.Options {
  /** Defaults to `gpt-4o-mini-tts`. */
  readonly model?: string | undefined
  /** Defaults to `alloy`. */
  readonly voice?: string | undefined
  /** How to speak, for models that accept instructions. */
  readonly instructions?: string | undefined
}

/** Layer of the voice. Fails if the key is missing. */
export const layer = (options: Options = {}): Layer.Layer<Service.TextToSpeech, SpeechError.SpeechError> =>
  Layer.effect(
    Service.TextToSpeech,
    Effect.map(OpenAi.access(options, "http"), ({ address, headers }) => {
      const model = options.model ?? "gpt-4o-mini-tts"
      const bytes = (voice: Service.Voice, text: string) =>
        Request.stream({
          provider: OpenAi.provider,
          url: `${address}/audio/speech`,
          headers: { ...headers, "content-type": "application/json" },
          body: JSON.stringify({
            model,
            input: text,
            voice: voice.id ?? options.voice ?? "alloy",
            instructions: options.instructions,
            response_format: "pcm",
            speed: voice.speed === undefined ? undefined : Math.min(4, Math.max(0.25, voice.speed))
          }),
          ...options
        })
      return Service.TextToSpeech.of({
        name: `${OpenAi.provider}/${model}`,
        capabilities: { wordTimes: false },
        warmUp: Request.greet(OpenAi.provider, `${address}/models/${model}`, headers),
        open: (voice, format) =>
          Effect.succeed(PulledVoice.session(format, (text) => spoken(bytes(voice, text), text, format)))
      })
    })
  )

/** Audio in the requested format, followed by the words with their shares of the duration. */
const spoken = (
  bytes: Stream.Stream<Uint8Array, SpeechError.SpeechError>,
  text: string,
  format: AudioFormat.AudioFormat
): Stream.Stream<SpokenAudio, SpeechError.SpeechError> =>
  Stream.suspend(() => {
    const transcoder = Transcode.make(AudioFormat.pcm24000, format)
    let length = 0
    const part = (bytes: Uint8Array, isLast: boolean): SpokenAudio => {
      const time = AudioTime.make(AudioFormat.durationMs(format, length))
      length += bytes.length
      const end = AudioTime.make(AudioFormat.durationMs(format, length))
      return {
        audio: { format, bytes, time },
        words: isLast ? SharedTime.share(text, 0, AudioTime.zero, end) : []
      }
    }
    const rest = Stream.suspend(() => {
      const tail = transcoder.flush()
      return Stream.succeed(part(tail._tag === "Success" ? tail.success : new Uint8Array(), true))
    })
    return Stream.concat(
      Stream.map(bytes, (chunk) => part(transcoder.push(chunk), false)),
      rest
    )
  })
