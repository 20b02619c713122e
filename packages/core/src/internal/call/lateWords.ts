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

/** What late words are handled with. */
export interface Options {
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** How long to wait for more words. Infinite: late words are only recorded. */
  readonly wait: Duration.Duration
  /** Makes the turn. */
  readonly turn: () => void
}

export const make = (options: Options): LateWords => new Late(options)

class Late implements LateWords {
  readonly #options: Options
  /** The state of the caller's turn. If the harness reports no turn starts, there are no late words. */
  #turn: "Unknown" | "Open" | "Over" = "Unknown"
  #timer: Fiber.Fiber<void> | undefined

  constructor(options: Options) {
    this.#options = options
  }

  stop(): void {
    const running = this.#timer
    this.#timer = undefined
    running?.interruptUnsafe()
  }

  happened(event: Event.Input, decided: Decided): void {
    switch (event._tag) {
      case "UserTurnStarted":
        this.#turn = "Open"
        return this.stop()
      case "UserTurnEnded":
      case "UserTurnAbandoned":
        if (this.#turn === "Open") this.#turn = "Over"
        return this.stop()
      case "UserTextSent":
        if (this.#turn === "Over" && event.content.trim() !== "") this.#heard(decided)
        return
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

  #heard(decided: Decided): void {
    if (!Duration.isFinite(this.#options.wait)) return
    if (decided === "Keep") return this.#wait(this.#answer())
    // If a pending filter starts a turn, no other turn is needed.
    if (typeof decided === "string") return
    this.#wait(Effect.flatMap(decided, (decision) => (decision === "Keep" ? this.#answer() : Effect.void)))
  }

  #wait(effect: Effect.Effect<void>): void {
    this.stop()
    this.#timer = this.#options.fork(effect)
  }

  /** Makes the turn once no more words have come for a while. */
  #answer(): Effect.Effect<void> {
    return Effect.delay(
      Effect.sync(() => {
        this.#timer = undefined
        this.#options.turn()
      }),
      this.#options.wait
    )
  }
}
