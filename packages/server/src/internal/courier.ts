/**
 * Delivers items one at a time in its own fiber. Handing an item in never waits; if nothing holds up the delivery, it
 * has already happened by the time the call returns.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"

export interface Courier<in A> {
  /** Takes an item for delivery. */
  readonly give: (item: A) => void
  /** Waits until only a few items are left. Undefined if there is nothing to wait for. */
  readonly room: () => Effect.Effect<void> | undefined
  /** Stops delivering, and does not wait for the delivery in progress. */
  readonly dismiss: () => void
}

/** What a courier is made with. */
export interface Options<in A> {
  readonly deliver: (item: A) => Effect.Effect<void>
  /** Starts a fiber, which runs at once. */
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** How many items may wait before there is no room. */
  readonly ahead: number
}

export const make = <A>(options: Options<A>): Courier<A> => new Carrier(options)

class Carrier<A> implements Courier<A> {
  readonly #options: Options<A>
  readonly #waiting: Array<A> = []
  /** Opens when there is room again. Only made while there is none. */
  #room: Latch.Latch | undefined
  /** Undefined while nothing is carried. */
  #fiber: Fiber.Fiber<void> | undefined
  #carrying = false
  #dismissed = false

  constructor(options: Options<A>) {
    this.#options = options
  }

  give(item: A): void {
    if (this.#dismissed) return
    this.#waiting.push(item)
    if (this.#carrying) return
    this.#carrying = true
    const fiber = this.#options.fork(this.#carry())
    this.#fiber = this.#carrying ? fiber : undefined
  }

  room(): Effect.Effect<void> | undefined {
    return this.#isFull() ? (this.#room ??= Latch.makeUnsafe(false)).await : undefined
  }

  dismiss(): void {
    this.#dismissed = true
    this.#waiting.length = 0
    this.#makeRoom()
    this.#fiber?.interruptUnsafe()
  }

  #isFull(): boolean {
    return this.#waiting.length > this.#options.ahead
  }

  #makeRoom(): void {
    this.#room?.openUnsafe()
    this.#room = undefined
  }

  #carry(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (!this.#isFull()) this.#makeRoom()
      if (this.#waiting.length === 0) {
        this.#carrying = false
        this.#fiber = undefined
        return Effect.void
      }
      return Effect.flatMap(this.#options.deliver(this.#waiting.shift()!), () => this.#carry())
    })
  }
}
