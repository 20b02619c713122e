/**
 * The background work of a call: it ends with the call, and each piece of it comes back as one event, once, when its
 * delivery says so.
 */
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { describe } from "../../CallError.ts"
import type * as Event from "../../Event.ts"
import type { Delivery } from "../../Turn.ts"
import { awaitAll } from "./turnSlot.ts"

type Returned = Event.InputOf<"BackgroundReturned">

export interface Background {
  /** Starts a piece of work. */
  readonly start: (
    event: Pick<Returned, "name" | "respondingTo">,
    work: Effect.Effect<unknown, unknown>,
    delivery: Delivery
  ) => void
  /** Takes the results that wait for the next turn. */
  readonly takeHeld: () => ReadonlyArray<Returned>
  /** Delivers what waits for silence, for as long as there is silence. */
  readonly flush: () => void
  /** Takes all results that have not been delivered. Those that come later are dropped. */
  readonly takeAll: () => ReadonlyArray<Returned>
  /** Interrupts the work that still runs, and waits for it. */
  readonly close: Effect.Effect<void>
}

export const make = (options: {
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  readonly nextId: () => string
  /** Longest wait for silence. */
  readonly patience: Duration.Duration
  readonly isIdle: () => boolean
  /** Puts a result on the call. Called once for each. What it returns is run as work of the call. */
  readonly deliver: (event: Returned) => Effect.Effect<void> | undefined
}): Background => {
  const running = new Set<Fiber.Fiber<void>>()
  const waiting = new Map<Returned, Fiber.Fiber<void> | undefined>()
  let held: Array<Returned> = []
  let taken = false
  let closed = false

  const fork = (effect: Effect.Effect<void>): Fiber.Fiber<void> => {
    const fiber = options.fork(effect)
    if (fiber.pollUnsafe() === undefined) {
      running.add(fiber)
      fiber.addObserver(() => running.delete(fiber))
    }
    return fiber
  }

  const deliver = (event: Returned) => {
    const deciding = options.deliver(event)
    if (deciding !== undefined) fork(deciding)
  }

  const release = (event: Returned) => {
    const timer = waiting.get(event)
    if (!waiting.delete(event)) return
    timer?.interruptUnsafe()
    deliver(event)
  }

  const flush = () => {
    for (const event of waiting.keys()) {
      if (!options.isIdle()) return
      release(event)
    }
  }

  const awaitSilence = (event: Returned) => {
    waiting.set(event, undefined)
    flush()
    if (!waiting.has(event)) return
    const timer = fork(
      Effect.delay(
        Effect.sync(() => release(event)),
        options.patience
      )
    )
    if (waiting.has(event)) waiting.set(event, timer)
  }

  const arrived = (event: Returned, delivery: Delivery) => {
    if (taken || closed) return
    switch (delivery) {
      case "nextTurn":
        held.push(event)
        return
      case "immediate":
        return deliver(event)
      case "whenIdle":
        return awaitSilence(event)
      default:
        return delivery satisfies never
    }
  }

  const takeHeld = () => {
    const results = held
    held = []
    return results
  }

  return {
    start: ({ name, respondingTo }, work, delivery) => {
      if (closed) return
      fork(
        work.pipe(
          Effect.exit,
          Effect.flatMap((exit) =>
            Effect.sync(() =>
              arrived(
                { _tag: "BackgroundReturned", eventId: options.nextId(), name, respondingTo, ...outcomeOf(exit) },
                delivery
              )
            )
          )
        )
      )
    },
    takeHeld,
    flush,
    takeAll: () => {
      taken = true
      const results = [...takeHeld(), ...waiting.keys()]
      for (const timer of waiting.values()) timer?.interruptUnsafe()
      waiting.clear()
      return results
    },
    close: Effect.suspend(() => {
      closed = true
      const left = [...running]
      for (const fiber of left) fiber.interruptUnsafe()
      return awaitAll(left)
    })
  }
}

const outcomeOf = (exit: Exit.Exit<unknown, unknown>): Pick<Returned, "outcome" | "result"> =>
  Exit.isSuccess(exit)
    ? { outcome: "Returned", result: exit.value ?? null }
    : Cause.hasInterruptsOnly(exit.cause)
      ? { outcome: "Cancelled", result: null }
      : { outcome: "Failed", result: describe(exit.cause) }
