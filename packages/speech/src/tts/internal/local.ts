/** The voices that need no provider. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Flite from "../../provider/flite/Flite.ts"
import * as Tones from "../../provider/tones/Tones.ts"
import * as SpeechError from "../../SpeechError.ts"
import * as PulledVoice from "./pulledVoice.ts"
import * as Service from "./service.ts"

const failed = (cause: unknown) => SpeechError.make("flite", { _tag: "Engine", cause })
const isVoice = (id: string | undefined): id is Flite.Voice => Flite.Voice.literals.some((voice) => voice === id)

/** Layer of flite. Calls share its thread. */
export const flite = (voice: Flite.Voice): Layer.Layer<Service.TextToSpeech, SpeechError.SpeechError> =>
  Layer.effect(
    Service.TextToSpeech,
    Effect.map(Effect.mapError(Flite.make, failed), ({ speak }) =>
      Service.TextToSpeech.of({
        name: `flite/${voice}`,
        capabilities: { wordTimes: true },
        warmUp: Effect.void,
        open: ({ id, speed }, format) =>
          Effect.succeed(
            PulledVoice.session(format, (text) =>
              Stream.mapError(speak(text, { voice: isVoice(id) ? id : voice, speed, format }), failed)
            )
          )
      })
    )
  )

/** Layer of tones. */
export const tones = (options: Omit<Tones.Options, "format">): Layer.Layer<Service.TextToSpeech> =>
  Layer.succeed(
    Service.TextToSpeech,
    Service.TextToSpeech.of({
      name: "tones",
      capabilities: { wordTimes: true },
      warmUp: Effect.void,
      open: (_, format) =>
        Effect.succeed(PulledVoice.session(format, (text) => Tones.speak(text, { ...options, format })))
    })
  )
