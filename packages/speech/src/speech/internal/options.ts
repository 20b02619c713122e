/** The options of a voice call. */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type * as Clauses from "../../Clauses.ts"
import type * as FloorPolicy from "../../FloorPolicy.ts"
import type * as Mixer from "../../Mixer.ts"
import type * as SpeechError from "../../SpeechError.ts"
import type * as SpeechText from "../../SpeechText.ts"
import type * as SpeechToText from "../../SpeechToText.ts"
import type * as TextToSpeech from "../../TextToSpeech.ts"
import type * as VadEdges from "../../VadEdges.ts"
import type { TurnTiming } from "./timing.ts"

/** Texts that the pipeline says by itself. Nothing is said for an empty list or an empty text. */
export interface Texts {
  /** Questions for a silent caller, one after another, unless the agent answers `UserSilent` itself. */
  readonly reprompts?: ReadonlyArray<string> | undefined
  /** Goodbye to a caller who stays silent, before the call ends. */
  readonly goodbye?: string | undefined
  /** Said while an answer takes long. None by default, because what fits depends on the agent. */
  readonly fillers?: ReadonlyArray<string> | undefined
  /** Said before the call ends because the recogniser has failed for good. */
  readonly deaf?: string | undefined
}

/** Options of a voice call. */
export interface Options {
  /**
   * The policy for taking turns. `telephone` by default, or `browser` on a line with echo, adjusted to the recogniser
   * and the detector.
   */
  readonly policy?: FloorPolicy.FloorPolicy | undefined
  readonly vad?: VadEdges.Policy | undefined
  readonly voice?: TextToSpeech.Voice | undefined
  readonly recogniser?: SpeechToText.Options | undefined
  readonly texts?: Texts | undefined
  /** Makes the text of an utterance speakable in a language. `SpeechText.filter` by default. */
  readonly filter?: ((language: string | undefined) => SpeechText.Filter) | undefined
  readonly clauses?: Clauses.Options | undefined
  /** How much audio may be on its way to the caller. 100 milliseconds, or two of the messages that the line prefers. */
  readonly lead?: Duration.Input | undefined
  /** How far ahead of playback audio is synthesised. 3 seconds. */
  readonly ahead?: Duration.Input | undefined
  /**
   * Budget from the end of the caller's speech to the first audio of the answer. If it is exceeded, an incomplete first
   * clause is spoken as it is, or a filler if there are no words yet. 1.5 seconds.
   */
  readonly budget?: Duration.Input | undefined
  /** How long a hang-up, a transfer or a key press waits for the words before it. 60 seconds. */
  readonly exitLimit?: Duration.Input | undefined
  /** How long a voice may produce no audio before it counts as failed. 8 seconds. */
  readonly voiceTimeout?: Duration.Input | undefined
  /** How often to start an utterance if voices fail. 3. */
  readonly voiceAttempts?: number | undefined
  /**
   * When to reopen recognisers and voices. By default 5 times, first after 100 ms and then after twice as long each
   * time.
   */
  readonly retry?: Schedule.Schedule<unknown, SpeechError.SpeechError> | undefined
  /** How much past audio a reopened recogniser gets. 5 seconds. */
  readonly resend?: Duration.Input | undefined
  /** A sound under the voice, such as an office, at the sample rate of the line. It continues while nobody speaks. */
  readonly background?: Mixer.Options | undefined
  /** A sound under the voice while a tool is running, such as typing. */
  readonly working?: Mixer.Options | undefined
  /** Called with the timing of each answer. */
  readonly measured?: ((timing: TurnTiming) => Effect.Effect<void>) | undefined
}
