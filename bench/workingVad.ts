/** A voice detector for benches: it does all of Silero's work, and answers from a script. */
import * as Vad from "@antiphon/speech/Vad"
import { Effect, Layer } from "effect"

/** Layer of the detector. `speech` lists the periods of speech, in milliseconds. */
export const workingVad = (speech: Parameters<typeof Vad.scripted>[0]) =>
  Layer.effect(
    Vad.Vad,
    Effect.gen(function* () {
      const silero = yield* Vad.Vad
      const scripted = yield* Effect.provide(Vad.Vad, Vad.scripted(speech))
      return Vad.Vad.of({
        name: "silero",
        make: Effect.gen(function* () {
          const works = yield* silero.make
          const answers = yield* scripted.make
          return {
            ...works,
            probability: (window) => {
              works.probability(window)
              return answers.probability(window)
            }
          }
        })
      })
    })
  ).pipe(Layer.provide(Vad.silero))
