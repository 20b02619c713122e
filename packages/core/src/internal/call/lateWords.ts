/**
 * Words that come after the end of their turn. They are recorded like any others; if no turn follows that answers them, the
 * call makes one.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Event from "../../Event.ts"
import type { Decided } from "./deciding.ts"

export interface LateWords {
  /** Takes an event, and what was decided about it. */
  readonly happened: (event: Event.Input, decided: Decided) => void
  readonly stop: () => void
}

export const make = (options: {
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** How long nothing may follow. Infinite: late words are only recorded. */
  readonly wait: Duration.Duration
  /** Makes the turn. */
  readonly turn: () => void
}): LateWords => {
  /** Where the caller's turn is: a harness that reports no beginnings has no late words. */
  let turn: "Unknown" | "Open" | "Over" = "Unknown"
  let timer: Fiber.Fiber<void> | undefined

  const stop = () => {
    const running = timer
    timer = undefined
    running?.interruptUnsafe()
  }

  return {
    stop,
    happened: (event, decided) => {
      switch (event._tag) {
        case "UserTurnStarted":
          turn = "Open"
          return stop()
        case "UserTurnEnded":
        case "UserTurnAbandoned":
          if (turn === "Open") turn = "Over"
          return stop()
        case "UserTextSent": {
          if (turn !== "Over" || decided !== "Keep" || !Duration.isFinite(options.wait)) return
          if (event.content.trim() === "") return
          stop()
          const answer = Effect.sync(() => {
            timer = undefined
            options.turn()
          })
          timer = options.fork(Effect.delay(answer, options.wait))
          return
        }
        default:
          return
      }
    }
  }
}
