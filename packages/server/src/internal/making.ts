/** Runs what an application gives to a call, such as the factory of its agent, and releases it, each within a time limit. */
import type * as Agent from "@antiphon/core/Agent"
import type { CallRequest } from "@antiphon/core/CallRequest"
import type * as Recorder from "@antiphon/core/recording/Recorder"
import type { Duration } from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"

/**
 * Runs code of the application within a time limit. Fails, or dies, if the code does, returns no effect, or takes too long (`late`).
 *
 * It runs in its own fiber, so that code that cannot be interrupted, or hangs in its cleanup, holds up nothing else, and a value
 * that is no effect ends no fiber of the server.
 */
export const within = <A, E, R>(
  code: () => Effect.Effect<A, E, R>,
  { duration, late }: { readonly duration: Duration; readonly late: string }
): Effect.Effect<A, E, R> =>
  Effect.suspend(code).pipe(
    Effect.forkDetach({ startImmediately: true }),
    Effect.flatMap((running) =>
      Effect.ensuring(
        Fiber.join(running),
        Effect.sync(() => running.interruptUnsafe())
      )
    ),
    Effect.timeoutOrElse({ duration, orElse: () => Effect.die(new Error(late)) })
  )

/** Makes the agent of a call. Fails, or dies, if the factory does or takes too long. */
export const agent = <E, R, R2>(
  factory: Agent.Factory<E, R, R2>,
  request: CallRequest,
  { scope, within: duration }: { readonly scope: Scope.Closeable; readonly within: Duration }
) =>
  within(
    () =>
      Scope.provide(
        Effect.suspend(() => factory(request)),
        scope
      ),
    {
      duration,
      late: "the agent was not made in time"
    }
  )

/** Makes the recorder of a call, or undefined if that fails or takes too long: the log says so, and the call goes on. */
export const recorder = (
  make: () => Effect.Effect<Recorder.Recorder, never, Scope.Scope>,
  { scope, within: duration }: { readonly scope: Scope.Closeable; readonly within: Duration }
): Effect.Effect<Recorder.Recorder | undefined> =>
  within(() => Scope.provide(Effect.suspend(make), scope), {
    duration,
    late: "the recorder was not made in time"
  }).pipe(Effect.catchCause((cause) => Effect.as(Effect.logError("A call is not recorded.", cause), undefined)))

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
      }).pipe(
        Effect.catchCause((cause) => Effect.logError("The resources of a call's agent could not be released.", cause))
      )
  )
