/**
 * Handles words that arrive after the end of their turn. They are recorded like any others, and if no turn answers
 * them, the call makes one.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Event from "../../Event.ts"
import type { Decided } from "./deciding.ts"

export interface LateWords {
  /** Handles an event and the decision about it. */
  readonly happened: (event: Event.Input, decided: Decided) => void
  /** The caller's turn was taken back, along with the words. */
  readonly stop: () => void
}

export const make = (options: {
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** How long to wait for more words. Infinite: late words are only recorded. */
  readonly wait: Duration.Duration
  /** Makes the turn. */
  readonly turn: () => void
}): LateWords => {
  /** The state of the caller's turn. If the harness reports no turn starts, there are no late words. */
  let turn: "Unknown" | "Open" | "Over" = "Unknown"
  let timer: Fiber.Fiber<void> | undefined

  const stop = () => {
    const running = timer
    timer = undefined
    running?.interruptUnsafe()
  }

  const answer = Effect.delay(
    Effect.sync(() => {
      timer = undefined
      options.turn()
    }),
    options.wait
  )

  const wait = (effect: Effect.Effect<void>) => {
    stop()
    timer = options.fork(effect)
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
          if (turn !== "Over" || !Duration.isFinite(options.wait) || event.content.trim() === "") return
          if (decided === "Keep") return wait(answer)
          // If a pending filter starts a turn, no other turn is needed.
          if (typeof decided === "string") return
          return wait(Effect.flatMap(decided, (decision) => (decision === "Keep" ? answer : Effect.void)))
        }
        case "CallStarted":
        case "CallEnded":
        case "UserDtmfSent":
        case "UserSilent":
        case "UserCustomSent":
        case "AgentTurnStarted":
        case "AgentTextSent":
        case "AgentDtmfSent":
        case "AgentTurnEnded":
        case "AgentHandedOff":
        case "BackgroundReturned":
        case "TurnFailed":
        case "AnswerOverdue":
          return
        default:
          return event satisfies never
      }
    }
  }
}
