/** Watches for the answer to the caller's turn: notices if the caller waits in silence longer than a deadline. */
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
  /** A reason was recorded for not answering an event. Stops the watch if it is the caller's turn. */
  readonly explained: (respondingTo: string) => void
  /** The caller is gone: ends the watch, and breaks off what is being said because an answer is overdue. */
  readonly stop: () => void
  /** Stops, and waits until none of its fibers is running. */
  readonly close: Effect.Effect<void>
}

export const make = (options: {
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** Infinite for no deadline. */
  readonly deadline: Duration.Duration
  /** Runs once for a turn whose answer is overdue. */
  readonly overdue: (respondingTo: string, seconds: number) => Effect.Effect<void>
}): AnswerWatch => {
  const seconds = Duration.toSeconds(options.deadline)
  let timer: Fiber.Fiber<void> | undefined
  let watched: string | undefined
  /** Timers that have expired, and what they are saying. */
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
        // It stops counting as a timer here, because what it says must not interrupt it.
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
