/**
 * Streams that are opened with the services and the scope of whoever runs them, and streams that follow each other.
 *
 * `Stream.unwrap` and `Stream.concat` do the same for any stream, and cost three to six times as much: for each turn when they
 * are opened, and for each piece of a reply.
 */
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** Pulls what has come together. */
export type ArrayPull<A, E, R = never> = Pull.Pull<Arr.NonEmptyReadonlyArray<A>, E, void, R>

/** Makes a stream. `open` runs when the stream starts. What it fails with is the failure of the stream. */
export const stream = <A, E, R>(
  open: (context: Context.Context<R>, scope: Scope.Scope) => Effect.Effect<ArrayPull<A, E, R>, E, R>
): Stream.Stream<A, E, R> =>
  Stream.fromChannel(
    Channel.fromTransform((_: unknown, scope: Scope.Scope) =>
      Effect.withFiber(({ context }) => open(context as Context.Context<R>, scope))
    )
  )

/** Opens a stream, to be pulled by hand. What it holds is released with the scope. */
export const pull = <A, E, R>(
  self: Stream.Stream<A, E, R>,
  scope: Scope.Scope
): Effect.Effect<ArrayPull<A, E, R>, never, R> => Channel.toPullScoped(self.channel, scope)

/** What follows a stream when it has ended, and what takes the place of its rest if it fails this way. */
export interface Following<A, E, R> {
  readonly done: () => Stream.Stream<A, E, R>
  readonly failed?: ((error: E) => Stream.Stream<A, E, R> | undefined) | undefined
}

/** Runs a stream, and then the one that follows, once the first has released what it held. */
export const followed = <A, E, R>(
  self: Stream.Stream<A, E, R>,
  { done, failed }: Following<A, E, R>
): Stream.Stream<A, E, R> =>
  stream((_: Context.Context<R>, outer) => {
    const scope = Scope.forkUnsafe(outer)
    return Effect.map(pull(self, scope), (first) => {
      const following = (cause: Cause.Cause<E | Cause.Done>): Stream.Stream<A, E, R> | undefined => {
        if (Pull.isDoneCause(cause)) return done()
        const error = failed && Cause.findError(cause)
        return error && Result.isSuccess(error) ? failed!(error.success as E) : undefined
      }
      const goOn = (cause: Cause.Cause<E | Cause.Done>): ArrayPull<A, E, R> => {
        const next = following(cause)
        if (next === undefined) return Effect.failCause(cause)
        if (next === Stream.empty) return (current = Cause.done())
        return Effect.flatMap(pull(next, outer), (pulled) => (current = pulled))
      }
      let current: ArrayPull<A, E, R> = Effect.catchCause(first, (cause) =>
        Effect.andThen(
          Scope.close(scope, Pull.doneExitFromCause(cause)),
          Effect.suspend(() => goOn(cause))
        )
      )
      return Effect.suspend(() => current)
    })
  })
