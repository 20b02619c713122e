/**
 * Notices if the caller waits in silence for an answer longer than a deadline.
 *
 * An answer does not stop the timer. When the timer goes off, it checks whether a later turn is watched by then, and sleeps
 * on. So a timer is started at most once per deadline, instead of once per turn.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Event from "../../Event.ts"
import * as Monotonic from "../../Monotonic.ts"
import { awaitAll } from "./turnSlot.ts"

export interface AnswerWatch {
  /** The caller has finished a turn that the agent responds to. */
  readonly begin: (ended: Event.UserTurnEnded) => void
  /** The caller has heard something, or speaks again. */
  readonly answered: () => void
  /** A reason was recorded for not answering an event. Stops the watch if it is the caller's turn. */
  readonly explained: (respondingTo: string) => void
  /** The caller is gone: stops watching, and interrupts words spoken for an overdue answer. */
  readonly stop: () => void
  /** Stops, and waits until all its fibers have ended. */
  readonly close: Effect.Effect<void>
}

/** What a watch is made with. */
export interface Options {
  readonly clock: Clock.Clock
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** Infinite if there is no deadline. */
  readonly deadline: Duration.Duration
  /** Runs once per turn whose answer is overdue. */
  readonly overdue: (respondingTo: string, seconds: number) => Effect.Effect<void>
}

export const make = (options: Options): AnswerWatch => new Watch(options)

class Watch implements AnswerWatch {
  readonly #options: Options
  #timer: Fiber.Fiber<void> | undefined
  /** The turn whose answer is awaited, and when it is overdue, in milliseconds of the monotonic clock. */
  #watched: { readonly eventId: string; readonly due: number } | undefined
  /** Fibers whose deadline has passed, and that are speaking. */
  #saying: Set<Fiber.Fiber<void>> | undefined

  constructor(options: Options) {
    this.#options = options
  }

  begin({ eventId }: Event.UserTurnEnded): void {
    const { deadline } = this.#options
    if (!Duration.isFinite(deadline)) return
    this.#watched = { eventId, due: this.#now() + Duration.toMillis(deadline) }
    if (this.#timer === undefined) this.#start(deadline)
  }

  answered(): void {
    this.#watched = undefined
  }

  explained(respondingTo: string): void {
    if (respondingTo === this.#watched?.eventId) this.answered()
  }

  stop(): void {
    this.answered()
    this.#timer?.interruptUnsafe()
    this.#timer = undefined
    for (const fiber of this.#saying ?? []) fiber.interruptUnsafe()
  }

  get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.stop()
      return awaitAll([...(this.#saying ?? [])])
    })
  }

  #now(): number {
    return Monotonic.millis(this.#options.clock)
  }

  #start(wait: Duration.Duration): void {
    const look: Effect.Effect<void> = Effect.suspend(() => {
      const watched = this.#watched
      const left = watched === undefined ? 0 : Monotonic.left(this.#options.clock, watched.due)
      if (left > 0) return Effect.delay(look, Duration.millis(left))
      this.#timer = undefined
      if (watched === undefined) return Effect.void
      // From here on this fiber speaks, and is no longer the timer: a new timer may run beside it.
      this.#saying = (this.#saying ?? new Set()).add(fiber)
      return this.#options.overdue(watched.eventId, Duration.toSeconds(this.#options.deadline))
    })
    const fiber = this.#options.fork(Effect.delay(look, wait))
    fiber.addObserver(() => this.#saying?.delete(fiber))
    this.#timer = fiber
  }
}
