/** Makes the agent of a call and releases its resources, each within a time limit, even if a factory hangs. */
import type * as Agent from "@antiphon/core/Agent"
import type { CallRequest } from "@antiphon/core/CallRequest"
import type { Duration } from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"

/** Makes the agent of a call. Fails, or dies, if the factory does or takes too long. */
export const agent = <E, R, R2>(
  factory: Agent.Factory<E, R, R2>,
  request: CallRequest,
  { scope, within }: { readonly scope: Scope.Closeable; readonly within: Duration }
) =>
  // Runs in its own fiber, so that a factory that cannot be interrupted, or hangs in its cleanup, holds up nothing
  // else.
  Effect.suspend(() => factory(request)).pipe(
    Scope.provide(scope),
    Effect.forkDetach({ startImmediately: true }),
    Effect.flatMap((making) =>
      Effect.ensuring(
        Fiber.join(making),
        Effect.sync(() => making.interruptUnsafe())
      )
    ),
    Effect.timeoutOrElse({
      duration: within,
      orElse: () => Effect.die(new Error("the agent was not made in time"))
    })
  )

/**
 * Closes the scope of a call. A finalizer that takes too long is left running, so that it keeps neither the call nor
 * the server open.
 */
export const release = (scope: Scope.Closeable, within: Duration): Effect.Effect<void> =>
  Effect.flatMap(
    Effect.forkDetach(Effect.uninterruptible(Scope.close(scope, Exit.void)), { startImmediately: true }),
    (releasing) =>
      Effect.timeoutOrElse(Effect.interruptible(Fiber.join(releasing)), {
        duration: within,
        orElse: () => Effect.logWarning("The resources of a call's agent were not released in time.")
      })
  )
