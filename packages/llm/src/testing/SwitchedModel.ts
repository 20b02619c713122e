/**
 * A `LanguageModel` that chooses one of several models for each request, to switch models, or their faults, during a call.
 *
 * @since 0.1.0
 */
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as PlanAsk from "../model/internal/plan/planAsk.ts"

/** Layer of a model that asks the model `chosen` names at that moment. All models are built once. */
export const layer = <Name extends string, E, R>(
  models: { readonly [K in Name]: Layer.Layer<LanguageModel.LanguageModel, E, R> },
  chosen: Effect.Effect<NoInfer<Name>>
): Layer.Layer<LanguageModel.LanguageModel, E, R> =>
  Layer.effect(
    LanguageModel.LanguageModel,
    Effect.gen(function* () {
      const built = new Map<Name, LanguageModel.LanguageModel>()
      for (const name of Object.keys(models) as Array<Name>) {
        const context = yield* Layer.build(models[name])
        built.set(name, yield* Effect.provideContext(LanguageModel.LanguageModel, context))
      }
      const model = Effect.map(chosen, (name) => built.get(name)!)
      return yield* LanguageModel.make({
        streamText: (options) =>
          Stream.unwrap(Effect.map(model, (inner) => PlanAsk.stream(inner, options, options.prompt))),
        generateText: (options) => Effect.flatMap(model, (inner) => PlanAsk.generate(inner, options))
      })
    })
  )
