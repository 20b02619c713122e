/** An alarm whose time can be moved, on a clock that never goes back. */
import type { Clock } from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Monotonic from "@antiphon/core/Monotonic"

export interface Alarm {
  /** Sets the time, in monotonic milliseconds. Undefined or infinite means never. */
  readonly set: (at: number | undefined) => void
  readonly cancel: () => void
}

/** Shortest wait: a protocol that keeps asking for a time in the past must not block the event loop. */
const shortest = 1

/** What an alarm is made with. */
export interface Options {
  readonly clock: Clock
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** Runs in the alarm's own fiber. */
  readonly ring: Effect.Effect<void>
}

export const make = (options: Options): Alarm => new Clockwork(options)

class Clockwork implements Alarm {
  readonly #options: Options
  #fiber: Fiber.Fiber<void> | undefined
  #wakesAt = Number.POSITIVE_INFINITY
  #at = Number.POSITIVE_INFINITY

  constructor(options: Options) {
    this.#options = options
  }

  set(next = Number.POSITIVE_INFINITY): void {
    this.#at = next
    if (this.#at === Number.POSITIVE_INFINITY) return this.#rest()
    // If it wakes too early it sleeps again, so that moving the time later costs nothing.
    if (this.#at >= this.#wakesAt) return
    this.#rest()
    this.#sleep()
  }

  cancel(): void {
    this.#at = Number.POSITIVE_INFINITY
    this.#rest()
  }

  #now(): number {
    return Monotonic.millis(this.#options.clock)
  }

  #sleep(): void {
    this.#wakesAt = this.#at
    const wait = Duration.millis(Math.max(Math.ceil(this.#at - this.#now()), shortest))
    this.#fiber = this.#options.fork(
      Effect.delay(
        Effect.suspend(() => this.#wake()),
        wait
      )
    )
  }

  #rest(): void {
    this.#wakesAt = Number.POSITIVE_INFINITY
    this.#fiber?.interruptUnsafe()
    this.#fiber = undefined
  }

  #wake(): Effect.Effect<void> {
    this.#wakesAt = Number.POSITIVE_INFINITY
    this.#fiber = undefined
    if (this.#at === Number.POSITIVE_INFINITY) return Effect.void
    if (this.#at > this.#now()) return Effect.sync(() => this.#sleep())
    this.#at = Number.POSITIVE_INFINITY
    return this.#options.ring
  }
}
