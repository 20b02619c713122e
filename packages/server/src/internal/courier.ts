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

export const make = <A>(options: {
  readonly deliver: (item: A) => Effect.Effect<void>
  /** Starts a fiber, which runs at once. */
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** How many items may wait before there is no room. */
  readonly ahead: number
}): Courier<A> => {
  const waiting: Array<A> = []
  const room = Latch.makeUnsafe(true)
  let fiber: Fiber.Fiber<void> | undefined
  let carrying = false
  let dismissed = false

  const carry: Effect.Effect<void> = Effect.suspend(() => {
    if (waiting.length <= options.ahead) room.openUnsafe()
    if (waiting.length === 0) {
      carrying = false
      return Effect.void
    }
    return Effect.flatMap(options.deliver(waiting.shift()!), () => carry)
  })

  return {
    give: (item) => {
      if (dismissed) return
      waiting.push(item)
      if (waiting.length > options.ahead) room.closeUnsafe()
      if (carrying) return
      carrying = true
      fiber = options.fork(carry)
    },
    room: () => (waiting.length > options.ahead ? room.await : undefined),
    dismiss: () => {
      dismissed = true
      waiting.length = 0
      room.openUnsafe()
      fiber?.interruptUnsafe()
    }
  }
}
