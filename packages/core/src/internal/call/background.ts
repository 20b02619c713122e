/**
 * The background work of a call. It ends with the call, and each piece returns as one event, once, at the time its
 * delivery asks for. Results held for silence are delivered together.
 */
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as ErrorText from "../../ErrorText.ts"
import type * as Event from "../../Event.ts"
import type { AtEnd, Delivery } from "../../Turn.ts"
import { awaitAll } from "./turnSlot.ts"

type Returned = Event.BackgroundReturned

/** Rounds of results that the call may deliver at once before other calls get a chance to run. */
const roundsAtMost = 32

export interface Background {
  /** Starts a piece of work. */
  readonly start: (
    event: Pick<Returned, "name" | "respondingTo">,
    work: Effect.Effect<unknown, unknown>,
    options: { readonly delivery: Delivery; readonly atEnd: AtEnd }
  ) => void
  /** Takes the results held for the next turn. */
  readonly takeHeld: () => ReadonlyArray<Returned>
  /** Delivers the results held for silence, if there is silence. */
  readonly flush: () => void
  /** Whether results are held for silence. */
  readonly isWaiting: () => boolean
  /** Takes all undelivered results. Later ones are dropped. */
  readonly takeAll: () => ReadonlyArray<Returned>
  /** Waits for the work that may finish after the end of the call. */
  readonly finish: Effect.Effect<void>
  /** Interrupts the work that is still running, and waits for it. */
  readonly close: Effect.Effect<void>
}

export const make = (options: {
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  readonly nextId: () => string
  /** Maximum time a result is held for silence. */
  readonly patience: Duration.Duration
  readonly isIdle: () => boolean
  /** Called when a result starts to be held for silence. */
  readonly waiting: () => void
  /** Delivers results together. Each result is delivered once. */
  readonly deliver: (events: ReadonlyArray<Returned>) => void
}): Background => {
  const running = new Map<Fiber.Fiber<void>, AtEnd>()
  const waiting = new Map<Returned, Fiber.Fiber<void> | undefined>()
  let due: Array<Returned> = []
  let held: Array<Returned> = []
  let taken = false
  let closed = false
  let delivering = false
  let changed = false

  const fork = (effect: Effect.Effect<void>, atEnd: AtEnd): Fiber.Fiber<void> => {
    const fiber = options.fork(effect)
    if (fiber.pollUnsafe() === undefined) {
      running.set(fiber, atEnd)
      fiber.addObserver(() => running.delete(fiber))
    }
    return fiber
  }

  const takeWaiting = (): ReadonlyArray<Returned> => {
    const results = [...waiting.keys()]
    for (const timer of waiting.values()) timer?.interruptUnsafe()
    waiting.clear()
    return results
  }

  /**
   * Delivers in a loop, never from within a delivery: a turn that ends at once, and whose own work returns at once,
   * would overflow the stack. After some rounds, the rest waits until other fibers have run.
   */
  const deliver = (): void => {
    changed = true
    if (delivering || taken) return
    delivering = true
    try {
      for (let round = 0; changed && round < roundsAtMost; round++) {
        changed = false
        // One by one, so that the remaining results can still be taken if a delivery ends the call.
        for (let left = due.length; left > 0 && due.length > 0; left--) options.deliver([due.shift()!])
        if (waiting.size > 0 && options.isIdle()) options.deliver(takeWaiting())
      }
    } finally {
      delivering = false
    }
    if (changed) options.fork(Effect.andThen(Effect.yieldNow, Effect.sync(deliver)))
  }

  const release = (event: Returned) => {
    if (!waiting.delete(event)) return
    due.push(event)
    deliver()
  }

  const arrived = (event: Returned, delivery: Delivery) => {
    if (taken || closed) return
    switch (delivery) {
      case "nextTurn":
        held.push(event)
        return
      case "immediate":
        due.push(event)
        return deliver()
      case "whenIdle": {
        waiting.set(event, undefined)
        deliver()
        if (!waiting.has(event)) return
        const patience = Effect.delay(
          Effect.sync(() => release(event)),
          options.patience
        )
        const timer = fork(patience, "interrupt")
        // With zero patience, it has been delivered by now.
        if (!waiting.has(event)) return
        waiting.set(event, timer)
        options.waiting()
        return
      }
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
    start: ({ name, respondingTo }, work, { atEnd, delivery }) => {
      if (closed) return
      fork(
        work.pipe(
          Effect.exit,
          Effect.flatMap((exit) =>
            Effect.sync(() => {
              const outcome = outcomeOf(exit, closed)
              arrived(
                { _tag: "BackgroundReturned", eventId: options.nextId(), name, respondingTo, ...outcome },
                delivery
              )
            })
          )
        ),
        atEnd
      )
    },
    takeHeld,
    flush: () => {
      if (waiting.size > 0) deliver()
    },
    isWaiting: () => waiting.size > 0,
    takeAll: () => {
      taken = true
      const results = [...takeHeld(), ...due, ...takeWaiting()]
      due = []
      return results
    },
    finish: Effect.suspend(() =>
      awaitAll([...running].flatMap(([fiber, atEnd]) => (atEnd === "finish" ? [fiber] : [])))
    ),
    close: Effect.suspend(() => {
      closed = true
      const left = [...running.keys()]
      for (const fiber of left) fiber.interruptUnsafe()
      return awaitAll(left)
    })
  }
}

/** An interruption that was not caused by the end of the call is a failure. */
const outcomeOf = (exit: Exit.Exit<unknown, unknown>, closed: boolean): Pick<Returned, "outcome" | "result"> =>
  Exit.isSuccess(exit)
    ? { outcome: "Returned", result: exit.value ?? null }
    : closed && Cause.hasInterruptsOnly(exit.cause)
      ? { outcome: "Cancelled", result: null }
      : { outcome: "Failed", result: ErrorText.of(exit.cause) }
