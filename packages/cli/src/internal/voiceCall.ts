/** Runs one call by voice, with its recogniser, its voice and its turn taking. */
import type * as Agent from "@antiphon/core/Agent"
import * as Speech from "@antiphon/speech/Speech"
import * as SpeechToText from "@antiphon/speech/SpeechToText"
import * as TextToSpeech from "@antiphon/speech/TextToSpeech"
import type { Transport } from "@antiphon/speech/Transport"
import * as TurnDetector from "@antiphon/speech/TurnDetector"
import * as Vad from "@antiphon/speech/Vad"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** A recogniser that recognises nothing: the page does it if its browser can, or the caller types. */
const nobody = SpeechToText.scripted([], { capabilities: { turns: false, partials: false, wordTimes: false } })

/** Runs a call. */
export const run = <R>(
  agent: Agent.Factory<unknown, never, R>,
  line: Transport,
  options: { readonly recogniser: string | null; readonly voice: string }
) => {
  const { recogniser, voice } = options
  const services = Layer.mergeAll(
    Vad.silero,
    recogniser === null ? nobody : SpeechToText.fromString(recogniser),
    TextToSpeech.fromString(voice),
    TurnDetector.TurnDetector.adaptive()
  )
  return Effect.provide(Speech.run(agent, line), services)
}
