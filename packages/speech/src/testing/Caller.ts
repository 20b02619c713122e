/**
 * The script of a caller in a call over audio, as data: the steps of `Caller` in `@antiphon/core/testing`, spoken here
 * by a voice, and sounds that only a microphone picks up.
 *
 * ```ts
 * [Caller.hears("king"), Caller.agrees(), Caller.coughs, Caller.says("Wait, which king?"), Caller.listens()]
 * ```
 *
 * @since 0.1.0
 */
import * as Core from "@antiphon/core/testing/Caller"
import * as Duration from "effect/Duration"
import type * as CallerVoice from "./CallerVoice.ts"

/** A sound. Times are milliseconds. */
export type Sound =
  /** Coughs: a sound without a word, which a voice detector may take for speech. */
  | { readonly _tag: "Coughs" }
  /** Plays samples, with the words in them. The caller continues when they are over, or at once with `beside`. */
  | {
      readonly _tag: "Sounds"
      readonly name: string
      readonly sound: CallerVoice.Said
      readonly beside: boolean
    }
  /** Speaks like `Says`, but continues with the next step at once, so that it happens during the speech. */
  | { readonly _tag: "SaysBeside"; readonly text: string; readonly wordsPerMinute: number; readonly after: number }
  /** Presses or releases the push-to-talk key. */
  | { readonly _tag: "Talks"; readonly isPressed: boolean }
  /** Types words. */
  | { readonly _tag: "Types"; readonly text: string }

/** A step of a caller. */
export type Step = Core.Step | Sound

/** A sequence of steps. */
export type Script = ReadonlyArray<Step | Script>

/** Flattens a script to its steps. */
export const steps = (script: Script): ReadonlyArray<Step> =>
  script.flatMap((step) => ("_tag" in step ? [step] : steps(step)))

/** How a caller speaks. */
export interface SpeechOptions {
  /** 160 by default, the pace of a calm conversation. */
  readonly wordsPerMinute?: number | undefined
}

const core = (options: SpeechOptions): Core.SpeechOptions => ({ wordsPerMinute: options.wordsPerMinute })

/** Says something. If the agent is speaking, this is a barge-in. */
export const says = (text: string, options: SpeechOptions = {}): Step => Core.says(text, core(options))

/**
 * Speaks over the agent: at a time of the call, some time after the agent has begun to speak, or after a number of its
 * words.
 */
export const bargesIn = (
  text: string,
  when: Parameters<typeof Core.bargesIn>[1],
  options: SpeechOptions = {}
): Script => Core.bargesIn(text, when, core(options))

/** Says a backchannel, which shows that they are listening: “mm-hmm” by default. */
export const agrees = (text = "mm-hmm"): Step => says(text, { wordsPerMinute: 120 })

/** Says something in several parts with pauses, as a single turn of a hesitant caller. */
export const hesitates = (
  parts: ReadonlyArray<string>,
  pause: Duration.Input = "700 millis",
  options: SpeechOptions = {}
): Script =>
  parts.flatMap((part, index) => (index === 0 ? [says(part, options)] : [pauses(pause), says(part, options)]))

/** Coughs. */
export const coughs: Step = { _tag: "Coughs" }

/** Plays your own audio, such as a recorded utterance: 16-bit samples at 16 kHz. */
export const sounds = (
  name: string,
  sound: CallerVoice.Said | Int16Array,
  options: { readonly beside?: boolean | undefined } = {}
): Step => ({
  _tag: "Sounds",
  name,
  sound: "words" in sound ? sound : { samples: sound, words: [] },
  beside: options.beside ?? false
})

/**
 * Says something after a delay, while the next steps go on: for two people who speak at once, or a key pressed while
 * speaking.
 */
export const saysBeside = (
  text: string,
  options: SpeechOptions & { readonly after?: Duration.Input | undefined } = {}
): Step => ({
  _tag: "SaysBeside",
  text,
  wordsPerMinute: options.wordsPerMinute ?? 160,
  after: options.after === undefined ? 0 : Duration.toMillis(Duration.fromInputUnsafe(options.after))
})

/** Holds the push-to-talk key during some steps. */
export const holds = (...script: Script): Script => [
  { _tag: "Talks", isPressed: true },
  ...script,
  { _tag: "Talks", isPressed: false }
]

/** Types words. */
export const types = (text: string): Step => ({ _tag: "Types", text })

export const hangsUp: Step = Core.hangsUp
export const losesConnection: Step = Core.losesConnection
export const { hears, listens, pauses, presses, sends, waitsUntil } = Core

/** A step in words. */
export const describe = (step: Step): string => {
  switch (step._tag) {
    case "Coughs":
      return "coughs"
    case "Sounds":
      return `makes the sound ${step.name}`
    case "SaysBeside":
      return `says beside “${step.text}”`
    case "Talks":
      return step.isPressed ? "holds the key for speaking" : "lets the key for speaking go"
    case "Types":
      return `types “${step.text}”`
    default:
      return Core.describe(step)
  }
}
