/**
 * Speech recognition: audio in, words out, whoever recognises.
 *
 * Recognisers are of two kinds. One with turns decides when the user has finished, and reports `Partial`, `EagerEnd`,
 * `Resumed` and `TurnEnded`. Any other reports `Partial` and `Final`, and leaves turns to a voice detector and
 * `TurnDetector`.
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
 * Layer of a recogniser for tests: it reports what is written, once the audio has come so far, and ignores how it sounds.
 *
 * `at` is the end of the audio that must have been sent, in milliseconds of the call. Every session begins at the start of the
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

/** What is known beside the name of a recogniser: its key, its address, the language. */
export interface FromStringOptions extends Names.Options {
  /** Names of others to go on with if this one fails. Their keys come from the environment. */
  readonly fallbacks?: ReadonlyArray<string> | undefined
  /** How failures are treated. By default everything that may pass is tried again. */
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
 * One that cannot be opened, or breaks in a call, is tried again and then replaced by the next, which is given the last
 * seconds of audio again: from behind the last final words, so that none is lost and none comes twice. Build it once for a
 * process: what is known of providers that fail is kept in it.
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
