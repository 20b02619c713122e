/** The steps of a caller's script, as data and in words. */
import type * as Event from "../../../Event.ts"
import * as JsonText from "../../../JsonText.ts"

/**
 * How the harness reports the caller's speech: as a whole at its end, as a text that grows with every word (like Line's
 * partial transcripts), or word by word.
 */
export type Transcripts = "final" | "growing" | "words"

/** A step of a caller. Times are milliseconds. */
export type Step =
  | {
      readonly _tag: "Says"
      readonly text: string
      readonly wordsPerMinute: number
      readonly transcripts: Transcripts
      /** Silence after the last word before the harness reports the end of the turn. */
      readonly endpointing: number
    }
  | { readonly _tag: "Presses"; readonly keys: string; readonly every: number }
  | { readonly _tag: "Pauses"; readonly ms: number }
  /** Waits until a time of the call. Continues at once if that time has passed. */
  | { readonly _tag: "WaitsUntil"; readonly at: number }
  /**
   * Waits for this many words of the agent, counted since the caller last spoke; for 0, until the agent begins to
   * speak. With `orAll`, waits no longer once an agent that says less has finished speaking.
   */
  | { readonly _tag: "Hears"; readonly words: number; readonly orAll?: boolean | undefined }
  /** Waits until these words were heard since the caller last spoke. */
  | { readonly _tag: "HearsText"; readonly text: string | RegExp }
  /** Waits until the agent has said everything and no turn runs, but no longer than this. */
  | { readonly _tag: "Listens"; readonly atMost: number }
  | { readonly _tag: "Sends"; readonly metadata: { readonly [key: string]: unknown } }
  /** Makes the harness send a report, whether it makes sense or not. */
  | { readonly _tag: "Reports"; readonly report: Event.Report }
  /** Makes the harness send a report from a recorded call, with the recorded id of its event, if known. */
  | { readonly _tag: "Repeats"; readonly report: Event.Report; readonly eventId: string | undefined }
  | { readonly _tag: "HangsUp" }
  /** Loses the connection without telling the agent: the call is cut off without `CallEnded`. */
  | { readonly _tag: "LosesConnection" }

const seconds = (duration: number) => `${duration / 1000} s`

/** A step in words. */
export const describe = (step: Step): string => {
  switch (step._tag) {
    case "Says":
      return `says “${step.text}”`
    case "Presses":
      return `presses ${step.keys}`
    case "Pauses":
      return `pauses for ${seconds(step.ms)}`
    case "WaitsUntil":
      return `waits until ${seconds(step.at)}`
    case "Hears":
      return step.words === 0 ? "waits for the agent to speak" : `waits for ${step.words} words of the agent`
    case "HearsText":
      return `waits for ${typeof step.text === "string" ? `“${step.text}”` : String(step.text)}`
    case "Listens":
      return step.atMost === Infinity ? "listens" : `listens for at most ${seconds(step.atMost)}`
    case "Sends":
      return `sends ${JsonText.legible(step.metadata)}`
    case "Reports":
      return `has the harness report ${step.report._tag}`
    case "Repeats":
      return `has the harness repeat ${step.report._tag}`
    case "HangsUp":
      return "hangs up"
    case "LosesConnection":
      return "loses the connection"
  }
}
