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

/** What the background work of a call is made with. */
export interface Options {
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  readonly nextId: () => string
  /** Maximum time a result is held for silence. */
  readonly patience: Duration.Duration
  readonly isIdle: () => boolean
  /** Called when a result starts to be held for silence. */
  readonly waiting: () => void
  /** Delivers results together. Each result is delivered once. */
  readonly deliver: (events: ReadonlyArray<Returned>) => void
}

export const make = (options: Options): Background => new Works(options)

/** The results of a call, and the work that is still running. Most calls have neither, so the collections are made on use. */
class Works implements Background {
  readonly #options: Options
  #running: Map<Fiber.Fiber<void>, AtEnd> | undefined
  /** Results that wait for silence, with the timer of their patience. */
  #waiting: Map<Returned, Fiber.Fiber<void> | undefined> | undefined
  #due: Array<Returned> = []
  /** Results that wait for the next turn. */
  #held: Array<Returned> = []
  #taken = false
  #closed = false
  #delivering = false
  #changed = false

  constructor(options: Options) {
    this.#options = options
  }

  start(
    { name, respondingTo }: Pick<Returned, "name" | "respondingTo">,
    work: Effect.Effect<unknown, unknown>,
    { atEnd, delivery }: { readonly delivery: Delivery; readonly atEnd: AtEnd }
  ): void {
    if (this.#closed) return
    this.#fork(
      work.pipe(
        Effect.exit,
        Effect.flatMap((exit) =>
          Effect.sync(() => {
            const outcome = outcomeOf(exit, this.#closed)
            const eventId = this.#options.nextId()
            this.#arrived({ _tag: "BackgroundReturned", eventId, name, respondingTo, ...outcome }, delivery)
          })
        )
      ),
      atEnd
    )
  }

  takeHeld(): ReadonlyArray<Returned> {
    const results = this.#held
    this.#held = []
    return results
  }

  flush(): void {
    if (this.isWaiting()) this.#deliver()
  }

  isWaiting(): boolean {
    return this.#waiting !== undefined && this.#waiting.size > 0
  }

  takeAll(): ReadonlyArray<Returned> {
    this.#taken = true
    const results = [...this.takeHeld(), ...this.#due, ...this.#takeWaiting()]
    this.#due = []
    return results
  }

  get finish(): Effect.Effect<void> {
    return Effect.suspend(() =>
      awaitAll([...(this.#running ?? [])].flatMap(([fiber, atEnd]) => (atEnd === "finish" ? [fiber] : [])))
    )
  }

  get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#closed = true
      const left = [...(this.#running?.keys() ?? [])]
      for (const fiber of left) fiber.interruptUnsafe()
      return awaitAll(left)
    })
  }

  #fork(effect: Effect.Effect<void>, atEnd: AtEnd): Fiber.Fiber<void> {
    const fiber = this.#options.fork(effect)
    if (fiber.pollUnsafe() === undefined) {
      const running = (this.#running ??= new Map())
      running.set(fiber, atEnd)
      fiber.addObserver(() => running.delete(fiber))
    }
    return fiber
  }

  #takeWaiting(): ReadonlyArray<Returned> {
    if (this.#waiting === undefined) return []
    const results = [...this.#waiting.keys()]
    for (const timer of this.#waiting.values()) timer?.interruptUnsafe()
    this.#waiting.clear()
    return results
  }

  /**
   * Delivers in a loop, never from within a delivery: a turn that ends at once, and whose own work returns at once,
   * would overflow the stack. After some rounds, the rest waits until other fibers have run.
   */
  #deliver(): void {
    this.#changed = true
    if (this.#delivering || this.#taken) return
    this.#delivering = true
    const { deliver, fork, isIdle } = this.#options
    try {
      for (let round = 0; this.#changed && round < roundsAtMost; round++) {
        this.#changed = false
        // One by one, so that the remaining results can still be taken if a delivery ends the call.
        for (let left = this.#due.length; left > 0 && this.#due.length > 0; left--) deliver([this.#due.shift()!])
        if (this.isWaiting() && isIdle()) deliver(this.#takeWaiting())
      }
    } finally {
      this.#delivering = false
    }
    if (this.#changed)
      fork(
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => this.#deliver())
        )
      )
  }

  #release(event: Returned): void {
    if (this.#waiting?.delete(event) !== true) return
    this.#due.push(event)
    this.#deliver()
  }

  #arrived(event: Returned, delivery: Delivery): void {
    if (this.#taken || this.#closed) return
    switch (delivery) {
      case "nextTurn":
        this.#held.push(event)
        return
      case "immediate":
        this.#due.push(event)
        return this.#deliver()
      case "whenIdle":
        return this.#awaitSilence(event)
      default:
        return delivery satisfies never
    }
  }

  #awaitSilence(event: Returned): void {
    const waiting = (this.#waiting ??= new Map())
    waiting.set(event, undefined)
    this.#deliver()
    if (!waiting.has(event)) return
    const patience = Effect.delay(
      Effect.sync(() => this.#release(event)),
      this.#options.patience
    )
    const timer = this.#fork(patience, "interrupt")
    // With zero patience, it has been delivered by now.
    if (!waiting.has(event)) return
    waiting.set(event, timer)
    this.#options.waiting()
  }
}

/** An interruption that was not caused by the end of the call is a failure. */
const outcomeOf = (exit: Exit.Exit<unknown, unknown>, closed: boolean): Pick<Returned, "outcome" | "result"> =>
  Exit.isSuccess(exit)
    ? { outcome: "Returned", result: exit.value ?? null }
    : closed && Cause.hasInterruptsOnly(exit.cause)
      ? { outcome: "Cancelled", result: null }
      : { outcome: "Failed", result: ErrorText.of(exit.cause) }
