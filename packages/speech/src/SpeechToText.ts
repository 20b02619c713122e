/**
 * Speech recognition: audio in, words out, with any provider.
 *
 * There are two kinds of recogniser. One with turns decides when the user has finished, and reports `Partial`,
 * `EagerEnd`, `Resumed` and `TurnEnded`. The other reports `Partial` and `Final`, and leaves turns to a voice detector
 * and a `TurnDetector`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SpeechError } from "./SpeechError.ts"
import * as Names from "./stt/internal/names.ts"
import * as Plan from "./stt/internal/plan.ts"
import * as Scripted from "./stt/internal/scripted.ts"
import { SpeechToText } from "./stt/internal/service.ts"

export {
  type Capabilities,
  type EagerEnd,
  type Event,
  type Final,
  type Options,
  type Partial,
  type Resumed,
  type Session,
  type SpeechStarted,
  SpeechToText,
  type TurnEnded,
  type Words
} from "./stt/internal/service.ts"

/** Something a scripted recogniser does. */
export type ScriptedStep = Scripted.Step

/** How a scripted recogniser behaves. */
export type ScriptedOptions = Scripted.Options

/**
 * Layer of a recogniser for tests: it reports the scripted events once enough audio has come, and ignores its sound.
 *
 * `at` is how much audio must have been sent, in milliseconds of the call. Every session begins at the start of the
 * script. `flush` reports nothing early; `end` skips what lies beyond the audio.
 *
 * @example
 * ```ts
 * SpeechToText.scripted([
 *   { at: 600, event: { _tag: "Partial", text: "a table" } },
 *   { at: 900, event: { _tag: "Final", text: "A table for two." } }
 * ])
 * ```
 */
export const scripted = (
  steps: ReadonlyArray<ScriptedStep>,
  options: ScriptedOptions = {}
): Layer.Layer<SpeechToText> => Layer.succeed(SpeechToText, Scripted.make(steps, options))

/** Options beside the name of a recogniser: its key, its address, the language. */
export interface FromStringOptions extends Names.Options {
  /** Names of recognisers to continue with if this one fails. Their keys come from the environment. */
  readonly fallbacks?: ReadonlyArray<string> | undefined
  /** How to treat failures. By default all transient failures are retried. */
  readonly plan?: PlanOptions | undefined
}

/**
 * Layer of the recogniser of this name: `deepgram/nova-3`, `deepgram/flux-general-en`, `cartesia/ink-2`,
 * `elevenlabs/scribe_v2_realtime`, `openai/gpt-4o-mini-transcribe`, `openai/whisper-1`, or `local/MODEL` for a server of your
 * own at `STT_URL`.
 *
 * Fails before the first call if the provider is unknown, or its key missing: the message names the environment variable.
 */
export const fromString = (name: string, options: FromStringOptions = {}): Layer.Layer<SpeechToText, SpeechError> =>
  Names.find(name, options)

/** How a plan treats failures. */
export type PlanOptions = Plan.Options

/**
 * Layer of several recognisers in order of preference.
 *
 * One that cannot be opened, or breaks during a call, is retried and then replaced by the next, which gets the last
 * seconds of audio from the end of the last final words, so that no word is lost or doubled. Build it once per process:
 * it remembers which providers are failing.
 */
export const plan = <E, R>(
  steps: readonly [Layer.Layer<SpeechToText, E, R>, ...ReadonlyArray<Layer.Layer<SpeechToText, E, R>>],
  options: PlanOptions = {}
): Layer.Layer<SpeechToText, E, R> =>
  Layer.effect(
    SpeechToText,
    Effect.map(
      Effect.forEach(steps, (step) => Effect.map(Layer.build(step), (context) => Context.get(context, SpeechToText))),
      (services) => Plan.make(services, options)
    )
  )
