/**
 * Speech synthesis: text in, audio with its words out, with any provider.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Flite from "./provider/flite/Flite.ts"
import type * as Tones from "./provider/tones/Tones.ts"
import type { SpeechError } from "./SpeechError.ts"
import * as Local from "./tts/internal/local.ts"
import * as Names from "./tts/internal/names.ts"
import * as Plan from "./tts/internal/plan.ts"
import { TextToSpeech } from "./tts/internal/service.ts"

export {
  type Capabilities,
  type Session,
  type SpeechContext,
  TextToSpeech,
  type Voice
} from "./tts/internal/service.ts"

/** Layer of a voice that needs no key: flite, in a thread that all calls share. Fails if it cannot be loaded. */
export const flite = (voice: Flite.Voice = "slt"): Layer.Layer<TextToSpeech, SpeechError> => Local.flite(voice)

/** Layer of a voice for tests: a tone for each word, with times exact to the sample. */
export const tones = (options: Omit<Tones.Options, "format"> = {}): Layer.Layer<TextToSpeech> => Local.tones(options)

/** Options beside the name of a voice: its key, its address, the language. */
export interface FromStringOptions extends Names.Options {
  /** Names of voices to continue with if this one fails. Their keys come from the environment. */
  readonly fallbacks?: ReadonlyArray<string> | undefined
  /** How to treat failures. By default all transient failures are retried. */
  readonly plan?: PlanOptions | undefined
}

/**
 * Layer of the voice of this name, `provider/model:voice`: `cartesia/sonic-3:VOICE`, `elevenlabs/eleven_flash_v2_5:VOICE`,
 * `openai/gpt-4o-mini-tts:alloy`, `deepgram/aura-2-thalia-en` (the model is the voice), `flite/slt`, or `tones`.
 *
 * Fails before the first call if the provider is unknown, or its key missing: the message names the environment variable.
 */
export const fromString = (name: string, options: FromStringOptions = {}): Layer.Layer<TextToSpeech, SpeechError> =>
  Names.find(name, options)

/** How a plan treats failures. */
export type PlanOptions = Plan.Options

/**
 * Layer of several voices in order of preference.
 *
 * One that cannot be opened, or breaks during a reply, is retried and then replaced by the next, which continues after
 * the last word that was produced. Build it once per process: it remembers which providers are failing.
 */
export const plan = <E, R>(
  steps: readonly [Layer.Layer<TextToSpeech, E, R>, ...ReadonlyArray<Layer.Layer<TextToSpeech, E, R>>],
  options: PlanOptions = {}
): Layer.Layer<TextToSpeech, E, R> =>
  Layer.effect(
    TextToSpeech,
    Effect.map(
      Effect.forEach(steps, (step) => Effect.map(Layer.build(step), (context) => Context.get(context, TextToSpeech))),
      (services) => Plan.make(services, options)
    )
  )
