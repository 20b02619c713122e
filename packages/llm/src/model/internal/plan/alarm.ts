/**
 * An alarm that is put off far more often than it rings: putting it off costs nothing, because it sleeps on, and looks when
 * it wakes up whether it is time.
 *
 * It ends with the fiber that has set it last.
 */
import * as Monotonic from "@antiphon/core/Monotonic"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

/** What is to be given up, and when, in milliseconds of the monotonic clock. */
interface Pending {
  readonly at: number
  readonly ring: () => void
}

export class Alarm {
  #pending: Pending | undefined
  #sleeper: Fiber.Fiber<void> | undefined
  #wakesAt = Number.POSITIVE_INFINITY

  /** Sets the time. Nothing rings any more for what was set before. */
  set(pending: Pending): Effect.Effect<void> {
    this.#pending = pending
    const sleeps = this.#sleeper !== undefined && this.#sleeper.pollUnsafe() === undefined
    return sleeps && this.#wakesAt <= pending.at ? Effect.void : this.#sleep(pending.at)
  }

  /** What was set need not be given up. */
  clear(): void {
    this.#pending = undefined
  }

  /** Nothing will be set any more. */
  stop(): void {
    this.clear()
    this.#sleeper?.interruptUnsafe()
  }

  #sleep(at: number): Effect.Effect<void> {
    this.#sleeper?.interruptUnsafe()
    this.#wakesAt = at
    return Effect.map(Effect.forkChild(this.#watch, { startImmediately: true }), (fiber) => {
      this.#sleeper = fiber
    })
  }

  readonly #watch: Effect.Effect<void> = Effect.clockWith((clock) => {
    const rest = (): Effect.Effect<void> =>
      Effect.flatMap(Effect.sleep(Monotonic.left(clock, this.#wakesAt)), () => {
        const pending = this.#pending
        if (pending === undefined) return Effect.void
        if (Monotonic.left(clock, pending.at) > 0) {
          this.#wakesAt = pending.at
          return rest()
        }
        this.clear()
        pending.ring()
        return Effect.void
      })
    return rest()
  })
}

/** Runs an effect until it ends, or until the alarm rings for it: then it is interrupted, and `late` takes its place. */
export const within = <A, E, R, E2>(
  effect: Effect.Effect<A, E, R>,
  { alarm, at, late }: { readonly alarm: Alarm; readonly at: number; readonly late: () => Effect.Effect<never, E2> }
): Effect.Effect<A, E | E2, R> =>
  Effect.flatMap(Effect.forkChild(effect, { startImmediately: true }), (fiber) => {
    const ended = fiber.pollUnsafe()
    if (ended !== undefined) return ended
    let isLate = false
    const ring = () => {
      isLate = true
      fiber.interruptUnsafe()
    }
    const ends = Effect.andThen(alarm.set({ at, ring }), Fiber.join(fiber))
    return Effect.matchCauseEffect(
      Effect.onInterrupt(ends, () => Fiber.interrupt(fiber)),
      {
        onSuccess: (value) => {
          alarm.clear()
          return Effect.succeed(value)
        },
        onFailure: (cause): Effect.Effect<never, E | E2> => {
          alarm.clear()
          return isLate && Cause.hasInterruptsOnly(cause) ? late() : Effect.failCause(cause)
        }
      }
    )
  })
