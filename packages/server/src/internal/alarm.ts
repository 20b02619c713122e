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

export const make = (options: {
  readonly clock: Clock
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** Runs in the alarm's own fiber. */
  readonly ring: Effect.Effect<void>
}): Alarm => {
  const { clock, fork, ring } = options
  let fiber: Fiber.Fiber<void> | undefined
  let wakesAt = Number.POSITIVE_INFINITY
  let at = Number.POSITIVE_INFINITY

  const sleep = () => {
    wakesAt = at
    const wait = Duration.millis(Math.max(Math.ceil(at - Monotonic.millis(clock)), shortest))
    fiber = fork(Effect.delay(wake, wait))
  }
  const rest = () => {
    wakesAt = Number.POSITIVE_INFINITY
    fiber?.interruptUnsafe()
    fiber = undefined
  }
  const wake = Effect.suspend(() => {
    wakesAt = Number.POSITIVE_INFINITY
    fiber = undefined
    if (at === Number.POSITIVE_INFINITY) return Effect.void
    if (at > Monotonic.millis(clock)) return Effect.sync(sleep)
    at = Number.POSITIVE_INFINITY
    return ring
  })

  return {
    set: (next = Number.POSITIVE_INFINITY) => {
      at = next
      if (at === Number.POSITIVE_INFINITY) return rest()
      // If it wakes too early it sleeps again, so that moving the time later costs nothing.
      if (at >= wakesAt) return
      rest()
      sleep()
    },
    cancel: () => {
      at = Number.POSITIVE_INFINITY
      rest()
    }
  }
}
