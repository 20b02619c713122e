/**
 * Watches over the answer to the caller's turn: nobody waits in silence longer than a deadline without that being noticed.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Event from "../../Event.ts"

export interface AnswerWatch {
  /** The caller has finished a turn that the agent responds to. */
  readonly begin: (ended: Event.UserTurnEnded) => void
  /** The caller has heard something, speaks again, or is gone. */
  readonly answered: () => void
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

  const answered = () => {
    const running = timer
    timer = undefined
    running?.interruptUnsafe()
  }

  return {
    answered,
    begin: ({ eventId }) => {
      answered()
      if (!Duration.isFinite(options.deadline)) return
      const overdue = Effect.suspend(() => {
        // From here on it is no timer any more: what is said now must not interrupt it.
        timer = undefined
        return options.overdue(eventId, seconds)
      })
      timer = options.fork(Effect.delay(overdue, options.deadline))
    }
  }
}
