/**
 * What a reply waits for, which whoever limits the reply can make it give up.
 *
 * Any other effect needs a fiber of its own to be given up, for every piece of a reply. Our models wait for nothing but their
 * provider, so they take the news where they wait.
 */
import type * as AiError from "effect/ai/AiError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** The wait of one reply. */
export class Waiting {
  #resume: ((gaveUp: Effect.Effect<never, AiError.AiError>) => void) | undefined
  #gaveUp: Effect.Effect<never, AiError.AiError> | undefined

  /** Fails the current wait, or the next one if there is none. */
  giveUp(error: AiError.AiError): void {
    this.#gaveUp = Effect.fail(error)
    this.#resume?.(this.#gaveUp)
  }

  /** Waits for an effect to be resumed. */
  readonly wait = <A, E>(
    register: (resume: (effect: Effect.Effect<A, E>) => void) => void
  ): Effect.Effect<A, E | AiError.AiError> =>
    Effect.callback((resume) => {
      if (this.#gaveUp !== undefined) return resume(this.#gaveUp)
      this.#resume = resume
      register((effect) => {
        this.#resume = undefined
        resume(effect)
      })
    })
}

/** The wait of the current reply. Undefined if nobody limits it in this way. */
export const Current = Context.Reference<Waiting | undefined>("@antiphon/llm/model/internal/provider/waiting", {
  defaultValue: () => undefined
})

/** Waits for a promise, which each run makes anew. */
export const promise = <A, E>(
  make: () => Promise<A>,
  failed: (cause: unknown) => E
): Effect.Effect<A, E | AiError.AiError> =>
  callback(
    (resume) =>
      void make().then(
        (value) => resume(Effect.succeed(value)),
        (cause: unknown) => resume(Effect.fail(failed(cause)))
      )
  )

/** Waits for an effect to be resumed; each run registers anew. */
export const callback = <A, E>(
  register: (resume: (effect: Effect.Effect<A, E>) => void) => void
): Effect.Effect<A, E | AiError.AiError> => {
  let wait: Effect.Effect<A, E | AiError.AiError> = Effect.callback(register)
  let of: Waiting | undefined
  return Effect.withFiber(({ context }) => {
    const waiting = Context.get(context, Current)
    if (waiting !== of) {
      of = waiting
      wait = waiting === undefined ? Effect.callback(register) : waiting.wait(register)
    }
    return wait
  })
}
