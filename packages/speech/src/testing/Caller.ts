/**
 * The caller of a call over audio, as data: the steps of `Caller` of `@antiphon/core/testing`, which are spoken here in a
 * voice, and the sounds that only a microphone hears.
 *
 * ```ts
 * [Caller.hears("king"), Caller.agrees(), Caller.coughs(), Caller.says("Wait, which king?"), Caller.listens()]
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
  /** Makes a sound of samples, with the words that are in it. The caller goes on when it is over, unless it is `beside`. */
  | {
      readonly _tag: "Sounds"
      readonly name: string
      readonly sound: CallerVoice.Said
      readonly beside: boolean
    }
  /** Speaks like `Says`, and goes on at once: for what is to happen while somebody speaks. */
  | { readonly _tag: "SaysBeside"; readonly text: string; readonly wordsPerMinute: number; readonly after: number }
  /** Holds the key for speaking, or lets it go. */
  | { readonly _tag: "Talks"; readonly isPressed: boolean }
  /** Types words. */
  | { readonly _tag: "Types"; readonly text: string }

/** One thing that a caller does. */
export type Step = Core.Step | Sound

/** Steps one after the other. */
export type Script = ReadonlyArray<Step | Script>

/** The steps of a script without its nesting. */
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

/** Speaks over the agent: at a time of the call, some time after it has begun to speak, or after so many words of it. */
export const bargesIn = (
  text: string,
  when: Parameters<typeof Core.bargesIn>[1],
  options: SpeechOptions = {}
): Script => Core.bargesIn(text, when, core(options))

/** Shows that they listen, without wanting to speak: “mm-hmm” by default. */
export const agrees = (text = "mm-hmm"): Step => says(text, { wordsPerMinute: 120 })

/** Says something in several parts, with pauses between them: one turn of somebody who thinks while they speak. */
export const hesitates = (
  parts: ReadonlyArray<string>,
  pause: Duration.Input = "700 millis",
  options: SpeechOptions = {}
): Script =>
  parts.flatMap((part, index) => (index === 0 ? [says(part, options)] : [pauses(pause), says(part, options)]))

/** Coughs. */
export const coughs: Step = { _tag: "Coughs" }

/** Makes a sound of your own, such as a recorded utterance: samples of 16 bits at 16 kHz. */
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

/** Says something a while from now, and meanwhile does what comes next: two people who speak at once, or a key while speaking. */
export const saysBeside = (
  text: string,
  options: SpeechOptions & { readonly after?: Duration.Input | undefined } = {}
): Step => ({
  _tag: "SaysBeside",
  text,
  wordsPerMinute: options.wordsPerMinute ?? 160,
  after: options.after === undefined ? 0 : Duration.toMillis(Duration.fromInputUnsafe(options.after))
})

/** Holds the key for speaking while they do some steps, for a call with push to talk. */
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
