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
export const make = (perSecond: number, clock: Clock): Bucket =>
  perSecond === 0 ? bottomless : new Tokens(perSecond, clock)

const bottomless: Bucket = { take: () => true, hasRoom: () => true }

class Tokens implements Bucket {
  readonly #perSecond: number
  readonly #clock: Clock
  #allowance: number
  #at: number

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond
    this.#clock = clock
    this.#allowance = perSecond * burstSeconds
    this.#at = Monotonic.millis(clock)
  }

  take(count: number): boolean {
    this.#grow()
    this.#allowance -= count
    return this.#allowance >= 0
  }

  hasRoom(): boolean {
    this.#grow()
    return this.#allowance > 0
  }

  #grow(): void {
    const now = Monotonic.millis(this.#clock)
    const grown = this.#allowance + ((now - this.#at) * this.#perSecond) / 1000
    this.#allowance = Math.min(this.#perSecond * burstSeconds, grown)
    this.#at = now
  }
}
