/** Watches for the answer to the caller's turn: notices when the caller waits in silence beyond a deadline. */
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
  /** The caller is gone: stops watching, and interrupts words spoken for an overdue answer. */
  readonly stop: () => void
  /** Stops, and waits until all its fibers have ended. */
  readonly close: Effect.Effect<void>
}

export const make = (options: {
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** Infinite if there is no deadline. */
  readonly deadline: Duration.Duration
  /** Runs once per turn whose answer is overdue. */
  readonly overdue: (respondingTo: string, seconds: number) => Effect.Effect<void>
}): AnswerWatch => {
  const seconds = Duration.toSeconds(options.deadline)
  let timer: Fiber.Fiber<void> | undefined
  let watched: string | undefined
  /** Fibers whose deadline has passed, and that are speaking. */
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
        // No longer a timer: otherwise its own words would interrupt it.
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
