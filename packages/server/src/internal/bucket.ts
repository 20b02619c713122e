/** A token bucket: limits a rate per second, averaged over a few seconds. */
import type { Clock } from "effect/Clock"
import * as Monotonic from "@antiphon/core/Monotonic"

/** Seconds over which the rate is averaged: a burst worth that many seconds passes. */
const burstSeconds = 10

export interface Bucket {
  /** Takes an amount, and returns whether it was available. The bucket may become negative. */
  readonly take: (count: number) => boolean
  /** Whether the bucket is not empty. */
  readonly hasRoom: () => boolean
}

/** Makes a full bucket. 0 per second means no limit. */
export const make = (perSecond: number, clock: Clock): Bucket => {
  const most = perSecond * burstSeconds
  let allowance = most
  let at = Monotonic.millis(clock)
  const grow = () => {
    const now = Monotonic.millis(clock)
    allowance = Math.min(most, allowance + ((now - at) * perSecond) / 1000)
    at = now
  }
  return {
    take: (count) => {
      if (perSecond === 0) return true
      grow()
      allowance -= count
      return allowance >= 0
    },
    hasRoom: () => {
      if (perSecond === 0) return true
      grow()
      return allowance > 0
    }
  }
}
