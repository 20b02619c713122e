/**
 * The outputs that the parts of a reply come to.
 *
 * A single step a pull: words arrive one by one, and every operator between the model and the caller is paid for by each of
 * them.
 */
import type * as Event from "@antiphon/core/Event"
import * as Arr from "effect/Array"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

type OutputPull<E, R> = Pull.Pull<Arr.NonEmptyReadonlyArray<Event.Output>, E, void, R>

/**
 * Collects the outputs of parts as they come. `end` runs once when the reply is over, also if it failed or was interrupted,
 * and before its end is passed on.
 */
export const make = <P, E, R, R2>(
  parts: Stream.Stream<P, E, R>,
  collect: (parts: ReadonlyArray<P>) => ReadonlyArray<Event.Output>,
  end: Effect.Effect<void, never, R2>
): Stream.Stream<Event.Output, E, R | R2> =>
  Stream.transformPull(parts, (pull, scope) =>
    Effect.contextWith((context: Context.Context<R2>) => {
      let over = false
      const ended = Effect.suspend(() => {
        if (over) return Effect.void
        over = true
        return Effect.provideContext(end, context)
      })
      const next: OutputPull<E, R> = Effect.matchCauseEffect(pull, {
        onSuccess: (parts): OutputPull<E, R> => {
          const outputs = collect(parts)
          return Arr.isReadonlyArrayNonEmpty(outputs) ? Effect.succeed(outputs) : next
        },
        onFailure: (cause) => Effect.andThen(Effect.uninterruptible(ended), Effect.failCause(cause))
      })
      return Effect.as(Scope.addFinalizer(scope, ended), next)
    })
  )
