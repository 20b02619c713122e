/**
 * Watches over the answer to the caller's turn: nobody waits in silence longer than a deadline without that being noticed.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Event from "../../Event.ts"
import { awaitAll } from "./turnSlot.ts"

export interface AnswerWatch {
  /** The caller has finished a turn that the agent responds to. */
  readonly begin: (ended: Event.UserTurnEnded) => void
  /** The caller has heard something, or speaks again. */
  readonly answered: () => void
  /** It is recorded why an event is not answered: for the caller's turn, if it is the one that is watched over. */
  readonly explained: (respondingTo: string) => void
  /** The caller is gone: watches over nothing more, and breaks off what is being said because an answer is overdue. */
  readonly stop: () => void
  /** Stops, and waits until nothing of it runs. */
  readonly close: Effect.Effect<void>
}

export const make = (options: {
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** Infinite for none. */
  readonly deadline: Duration.Duration
  /** Run once for a turn whose answer is overdue. */
  readonly overdue: (respondingTo: string, seconds: number) => Effect.Effect<void>
}): AnswerWatch => {
  const seconds = Duration.toSeconds(options.deadline)
  let timer: Fiber.Fiber<void> | undefined
  let watched: string | undefined
  /** Timers that have run out, and what they say. */
  const saying = new Set<Fiber.Fiber<void>>()

  const answered = () => {
    const running = timer
    timer = undefined
    running?.interruptUnsafe()
  }

  const stop = () => {
    answered()
    for (const fiber of saying) fiber.interruptUnsafe()
  }

  return {
    answered,
    explained: (respondingTo) => {
      if (respondingTo === watched) answered()
    },
    stop,
    close: Effect.suspend(() => {
      stop()
      return awaitAll([...saying])
    }),
    begin: ({ eventId }) => {
      answered()
      watched = eventId
      if (!Duration.isFinite(options.deadline)) return
      const overdue = Effect.suspend(() => {
        // From here on it is no timer any more: what is said now must not interrupt it.
        saying.add(fiber)
        timer = undefined
        return options.overdue(eventId, seconds)
      })
      const fiber = options.fork(Effect.delay(overdue, options.deadline))
      fiber.addObserver(() => saying.delete(fiber))
      timer = fiber
    }
  }
}
