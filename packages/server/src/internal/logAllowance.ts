/**
 * Limits log lines that outsiders can cause: a few at once, then one per interval, which counts the suppressed lines.
 */
import type { Clock } from "effect/Clock"
import * as Monotonic from "@antiphon/core/Monotonic"

/** How many lines may be written. */
export interface Rate {
  /** Lines that may be written at once. */
  readonly burst: number
  /** Time after which one more line may be written. */
  readonly intervalMs: number
}

const usual: Rate = { burst: 20, intervalMs: 10_000 }

export interface LogAllowance {
  /** Returns how many lines were suppressed since the last one, or undefined if this one must be suppressed too. */
  readonly take: () => number | undefined
  /** How many were suppressed since the last line. */
  readonly leftOut: () => number
}

export const make = (clock: Clock, { burst, intervalMs }: Rate = usual): LogAllowance => {
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

/** Tells how many lines were suppressed. */
export const andMore = (leftOut: number): string => (leftOut === 0 ? "" : ` (${leftOut} more were not logged)`)
