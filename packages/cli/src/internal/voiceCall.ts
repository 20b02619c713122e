/** The recogniser and voice of voice calls, and the handling of one call. */
import type * as Agent from "@antiphon/core/Agent"
import * as Speech from "@antiphon/speech/Speech"
import type * as SpeechError from "@antiphon/speech/SpeechError"
import * as SpeechToText from "@antiphon/speech/SpeechToText"
import * as TextToSpeech from "@antiphon/speech/TextToSpeech"
import type { Transport } from "@antiphon/speech/Transport"
import * as TurnDetector from "@antiphon/speech/TurnDetector"
import * as Vad from "@antiphon/speech/Vad"
import * as Layer from "effect/Layer"
import * as FaultyVoice from "./faultyVoice.ts"

/** A recogniser that recognises nothing: the page does it if its browser can, or the caller types. */
const nobody = SpeechToText.scripted([], { capabilities: { turns: false, partials: false, wordTimes: false } })

/**
 * Layer of the recogniser and the voice, for all calls of a server. Fails if a provider is unknown or its key is
 * missing, with a message that names the variable.
 */
export const services = ({
  recogniser,
  voice
}: {
  readonly recogniser: string | null
  readonly voice: string
}): Layer.Layer<Speech.Services, Vad.VadError | SpeechError.SpeechError> =>
  Layer.mergeAll(
    Vad.silero,
    recogniser === null ? nobody : SpeechToText.fromString(recogniser),
    TextToSpeech.fromString(voice),
    TurnDetector.TurnDetector.adaptive()
  )

/** The services of a call while the console has some of them fail. */
export const faulty = FaultyVoice.apply

/** Runs a call. */
export const run = <R>(agent: Agent.Factory<unknown, never, R>, line: Transport) => Speech.run(agent, line)
