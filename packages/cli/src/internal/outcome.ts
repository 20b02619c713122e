/** The outcome of one simulated call. */
import type * as Rules from "@antiphon/core/testing/Rules"
import type * as SimulatedCaller from "@antiphon/core/testing/SimulatedCaller"

/** Summary of a call. */
export interface Outcome {
  readonly seed: number
  readonly temper: SimulatedCaller.Temper
  /** Length of the call, in milliseconds. */
  readonly duration: number
  readonly breaches: ReadonlyArray<Rules.Breach>
  /** Why the call was not played to its end, if so: the agent could not be created, or the call got stuck. */
  readonly failure?: string | undefined
}

/** Whether a call broke no rule and was played to its end. */
export const isGood = ({ breaches, failure }: Outcome): boolean => breaches.length === 0 && failure === undefined
