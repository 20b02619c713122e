/**
 * Deadlines for the words of a reply, for models that have none of their own.
 *
 * Plans, and models by name, wait for words with a deadline and try again. Any other model may accept a request and never
 * answer, or think without end; who asks it on a call puts this around its reply.
 *
 * @since 0.1.0
 */
import type * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as PlanStep from "./internal/plan/planStep.ts"
import * as Progress from "./internal/plan/progress.ts"
import * as Resilience from "./internal/plan/resilience.ts"
import * as ModelSettings from "./ModelSettings.ts"

const unset: Pick<PlanStep.Step, "firstTokenDeadline" | "stallDeadline"> = {
  firstTokenDeadline: undefined,
  stallDeadline: undefined
}

/**
 * Fails a streamed reply of the model in force that has no first word within 10 seconds, or no next one within 15 (45 for a
 * model that is asked to think), with an error that `ModelFailure.isTimeout` knows. A reply of a model that has deadlines of
 * its own is left as it is.
 */
export const words = <A extends { readonly type: string }, E, R>(
  self: Stream.Stream<A, E, R>
): Stream.Stream<A, E | AiError.AiError, R | LanguageModel.LanguageModel> =>
  Stream.unwrap(
    Effect.gen(function* () {
      type Watched = Stream.Stream<A, E | AiError.AiError, R>
      const model = yield* LanguageModel.LanguageModel
      if (Resilience.isPatient(model)) return self as Watched
      const settings = yield* ModelSettings.Current
      const limits: Progress.Limits = {
        ...PlanStep.first(unset, settings),
        next: PlanStep.next(unset, settings).word
      }
      const watched = Stream.transformPull(self, (pull) =>
        Effect.succeed(Progress.bounded(pull, limits, "the next word of the model"))
      )
      return watched as Watched
    })
  )
