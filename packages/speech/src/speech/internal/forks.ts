/** Forks effects of a call, which are interrupted when its scope closes. */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"

export type Fork = (effect: Effect.Effect<void>) => Fiber.Fiber<void>

export const make: Effect.Effect<Fork, never, Scope.Scope> = Effect.gen(function* () {
  const forkIn = Effect.runForkWith(yield* Effect.context<never>())
  const running = new Set<Fiber.Fiber<void>>()
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const fiber of running) fiber.interruptUnsafe()
    })
  )
  return (effect) => {
    const fiber = forkIn(effect)
    running.add(fiber)
    fiber.addObserver(() => running.delete(fiber))
    return fiber
  }
})
