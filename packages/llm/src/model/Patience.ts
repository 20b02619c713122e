/**
 * Deadlines for the words of a reply, for models without deadlines of their own.
 *
 * Plans and models by name have deadlines and retries. Any other model may accept a request and never answer, or think
 * for ever: wrap its reply in this before using it on a call.
 *
 * @since 0.1.0
 */
import type * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Progress from "./internal/plan/progress.ts"
import * as Resilience from "./internal/plan/resilience.ts"
import * as ModelSettings from "./ModelSettings.ts"

/**
 * Fails a streamed reply of the current model if its first word takes more than 10 seconds, or the next one more than
 * 15 (45 if the model is asked to think), with an error that `ModelFailure.isTimeout` accepts. Leaves replies of models
 * with deadlines of their own unchanged.
 */
export const words = <A extends { readonly type: string }, E, R>(
  self: Stream.Stream<A, E, R>
): Stream.Stream<A, E | AiError.AiError, R | LanguageModel.LanguageModel> =>
  Stream.unwrap(
    Effect.gen(function* () {
      type Watched = Stream.Stream<A, E | AiError.AiError, R>
      const bounds = Resilience.boundsOf(yield* LanguageModel.LanguageModel, yield* ModelSettings.Current)
      if (bounds === undefined) return self as Watched
      const watched = Stream.transformPull(self, (pull) => Effect.succeed(Progress.bounded(pull, bounds)))
      return watched as Watched
    })
  )
