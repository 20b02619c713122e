/** What models are shown of the past of a long call. A mutable value of the agents that see the same history. */
import type * as History from "@antiphon/core/History"
import * as Context from "effect/Context"

/** A position in the history: the first line after it. */
export interface Place {
  readonly key: number
  /** The last known index of the line. */
  at: number
}

/** A summary, and the position up to which it reaches. */
export interface Summary {
  readonly text: string
  readonly to: Place
}

export interface CallPast {
  /** The first line to show. Absent if all are shown. */
  from: Place | undefined
  /** Tool calls before it that had no outcome when it was set. */
  open: ReadonlyArray<History.Entry>
  summary: Summary | undefined
  /** Whether a summary is being written. */
  writing: boolean
  /** How often in a row writing a summary has failed. */
  failures: number
  /** Until when no further summary is tried, in milliseconds of the monotonic clock. */
  restUntil: number
}

export const make = (): CallPast => ({
  from: undefined,
  open: [],
  summary: undefined,
  writing: false,
  failures: 0,
  restUntil: 0
})

/** The past as an agent knows it, for an agent that takes over the call and sees all of it. */
export const Shared = Context.Reference<CallPast | undefined>("@antiphon/llm/internal/callPast", {
  defaultValue: () => undefined
})
