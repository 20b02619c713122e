/**
 * The caller of a simulated call, as data: what they say, press and wait for.
 *
 * A script is a list of steps, and reads like the call. A caller who decides during the call (a persona, a generator)
 * is asked for one step at a time. The phone decides how the agent's words are spoken and reported, see `TestCall`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Event from "../Event.ts"
import type * as History from "../History.ts"
import * as Steps from "./internal/time/step.ts"
import type { Entry } from "./Timeline.ts"

/** How the harness reports what the caller says: the whole text at the end, a growing text, or each word by itself. */
export type Transcripts = Steps.Transcripts

/** One thing that a caller does. Times are milliseconds. */
export type Step = Steps.Step

/** Steps, one after another. */
export type Script = ReadonlyArray<Step | Script>

/** What a deciding caller knows of the call. */
export interface View {
  /** Milliseconds since the call began. */
  readonly at: number
  /** What was heard of the agent since the caller last spoke. */
  readonly heard: string
  readonly agentSpeaks: boolean
  readonly entries: ReadonlyArray<Entry>
  readonly history: History.History
}

/**
 * A caller who decides step by step. Undefined means that nothing is left to do: the caller listens to the end, and
 * hangs up.
 */
export interface Caller<out E = never, out R = never> {
  readonly next: (view: View) => Effect.Effect<Step | undefined, E, R>
  /** The remaining steps, if the caller knows them. */
  readonly rest?: (() => ReadonlyArray<Step>) | undefined
}

/** The steps of a script without its nesting. */
export const steps = (script: Script): ReadonlyArray<Step> =>
  script.flatMap((step) => ("_tag" in step ? [step] : steps(step)))

/** Makes the caller who follows a script. */
export const fromScript = (script: Script): Caller => {
  const all = steps(script)
  let done = 0
  return { next: () => Effect.sync(() => all[done++]), rest: () => all.slice(done) }
}

const ms = (input: Duration.Input): number => Duration.toMillis(input)

/** How a caller talks. */
export interface SpeechOptions {
  /** 160 by default, the pace of a calm conversation. */
  readonly wordsPerMinute?: number | undefined
  /** `final` by default. */
  readonly transcripts?: Transcripts | undefined
  /** None by default. */
  readonly endpointing?: Duration.Input | undefined
}

/** Says something, word by word. While the agent is speaking, this is a barge-in. */
export const says = (text: string, options: SpeechOptions = {}): Step => ({
  _tag: "Says",
  text,
  wordsPerMinute: options.wordsPerMinute ?? 160,
  transcripts: options.transcripts ?? "final",
  endpointing: ms(options.endpointing ?? 0)
})

/**
 * Interrupts the agent: at a time of the call, some time `after` the agent began to speak, or once this many of its
 * words were heard.
 */
export const bargesIn = (
  text: string,
  when: { readonly at: Duration.Input } | { readonly after: Duration.Input } | { readonly afterWords: number },
  options?: SpeechOptions
): Script => {
  const words = says(text, options)
  if ("at" in when) return [waitsUntil(when.at), words]
  if ("after" in when) return [hears(0), pauses(when.after), words]
  return [hears(when.afterWords), words]
}

/** Says nothing for a while. */
export const pauses = (duration: Duration.Input): Step => ({ _tag: "Pauses", ms: ms(duration) })

/** Waits until a time of the call. */
export const waitsUntil = (at: Duration.Input): Step => ({ _tag: "WaitsUntil", at: ms(at) })

/** Waits for words of the agent: a number of them, or a text. */
export const hears = (what: number | string | RegExp): Step =>
  typeof what === "number" ? { _tag: "Hears", words: what } : { _tag: "HearsText", text: what }

/** Lets the agent finish. Does not wait for background work. */
export const listens = (options: { readonly atMost?: Duration.Input | undefined } = {}): Step => ({
  _tag: "Listens",
  atMost: options.atMost === undefined ? Infinity : ms(options.atMost)
})

/** Presses keys one after another, 200 milliseconds apart. */
export const presses = (keys: string, options: { readonly every?: Duration.Input | undefined } = {}): Step => ({
  _tag: "Presses",
  keys,
  every: ms(options.every ?? 200)
})

/** Has the harness send custom data of the application. */
export const sends = (metadata: { readonly [key: string]: unknown }): Step => ({ _tag: "Sends", metadata })

/** Has the harness report something, as it is. */
export const reports = (report: Event.Report): Step => ({ _tag: "Reports", report })

/** Ends the call. */
export const hangsUp: Step = { _tag: "HangsUp" }

/** Loses the connection, so that the agent is cut off without `CallEnded`. */
export const losesConnection: Step = { _tag: "LosesConnection" }

/** Describes a step in words. */
export const describe: (step: Step) => string = Steps.describe
