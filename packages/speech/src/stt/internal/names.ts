/** Recognisers by name. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ink from "../../provider/cartesia/Ink.ts"
import * as Flux from "../../provider/deepgram/Flux.ts"
import * as Nova from "../../provider/deepgram/Nova.ts"
import * as Scribe from "../../provider/elevenlabs/Scribe.ts"
import * as FileTranscription from "../../provider/openai/FileTranscription.ts"
import * as RealtimeTranscription from "../../provider/openai/RealtimeTranscription.ts"
import * as Credentials from "../../provider/internal/credentials.ts"
import * as SpeechError from "../../SpeechError.ts"
import * as Vad from "../../Vad.ts"
import { SpeechToText } from "./service.ts"

/** Options besides the name. */
export interface Options extends Credentials.Options {
  readonly language?: string | undefined
}

type Found = Layer.Layer<SpeechToText, SpeechError.SpeechError>

const engine = (cause: unknown) => SpeechError.make("vad", { _tag: "Engine", cause })
const silero = Vad.silero.pipe(Layer.catch((cause) => Layer.effect(Vad.Vad, Effect.fail(engine(cause)))))
const file = (model: string, options: Options): Found =>
  Layer.provide(FileTranscription.layer({ ...options, model }), silero)

const providers: Readonly<Record<string, (model: string, options: Options) => Found>> = {
  cartesia: (model, options) => Ink.layer({ ...options, model }),
  deepgram: (model, options) =>
    model.startsWith("flux") ? Flux.layer({ ...options, model }) : Nova.layer({ ...options, model }),
  elevenlabs: (model, options) => Scribe.layer({ ...options, model }),
  openai: (model, options) =>
    model.startsWith("whisper") ? file(model, options) : RealtimeTranscription.layer({ ...options, model }),
  local: (model, options) =>
    Layer.unwrap(
      Effect.map(Credentials.firstSet(Credentials.ownServerVariables), (address): Found =>
        options.baseUrl === undefined && address === undefined
          ? Layer.effect(
              SpeechToText,
              SpeechError.make("local", { _tag: "InvalidAddress", variables: [...Credentials.ownServerVariables] })
            )
          : file(model, options)
      )
    )
}

/** Returns the recogniser with this name. */
export const find = (name: string, options: Options): Found => {
  const slash = name.indexOf("/")
  const provider = (slash < 0 ? name : name.slice(0, slash)).trim().toLowerCase()
  const model = slash < 0 ? "" : name.slice(slash + 1).trim()
  const known = Object.keys(providers)
  const make = Object.hasOwn(providers, provider) ? providers[provider] : undefined
  if (make === undefined) {
    return Layer.effect(SpeechToText, SpeechError.make(provider, { _tag: "UnknownProvider", name: provider, known }))
  }
  return model === ""
    ? Layer.effect(
        SpeechToText,
        SpeechError.make(provider, { _tag: "MissingName", what: "model", example: examples[provider]! })
      )
    : make(model, options)
}

const examples: Readonly<Record<string, string>> = {
  cartesia: "cartesia/ink-2",
  deepgram: "deepgram/nova-3",
  elevenlabs: "elevenlabs/scribe_v2_realtime",
  openai: "openai/gpt-4o-mini-transcribe",
  local: "local/whisper-1"
}
