/** Bounds lines of a log that somebody else can cause: a few at once, then one per interval that counts the others. */
import type { Clock } from "effect/Clock"
import * as Monotonic from "./monotonic.ts"

/** Lines that pass at once. */
const burst = 20
/** Time in which one line more is earned. */
const intervalMs = 10_000

export interface LogAllowance {
  /** How many lines were left out since the last one, or undefined if this one has to be left out too. */
  readonly take: () => number | undefined
  /** How many were left out since the last line that passed. */
  readonly leftOut: () => number
}

export const make = (clock: Clock): LogAllowance => {
  let allowance = burst
  let at = Monotonic.millis(clock)
  let leftOut = 0
  return {
    take: () => {
      const now = Monotonic.millis(clock)
      allowance = Math.min(burst, allowance + (now - at) / intervalMs)
      at = now
      if (allowance < 1) {
        leftOut++
        return undefined
      }
      allowance--
      const before = leftOut
      leftOut = 0
      return before
    },
    leftOut: () => leftOut
  }
}

/** Words for lines that were left out. */
export const andMore = (leftOut: number): string => (leftOut === 0 ? "" : ` (${leftOut} more were not logged)`)
