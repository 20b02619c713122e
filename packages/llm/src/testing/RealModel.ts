/**
 * A real model for an agent on virtual time: the call's time stands still while the model answers.
 *
 * Without this, virtual time would jump to the next deadline while the provider is thinking. The model's latency is
 * therefore not part of the call: measure it on a real clock, or simulate it with a `FaultyModel`.
 *
 * @since 0.1.0
 */
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import type * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Response from "effect/ai/Response"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as PlanAsk from "../model/internal/plan/planAsk.ts"

/**
 * Layer of a model that stops virtual time while it works. Its own deadlines are real. Changes nothing outside virtual
 * time.
 */
export const layer = <E, R>(
  model: Layer.Layer<LanguageModel.LanguageModel, E, R>
): Layer.Layer<LanguageModel.LanguageModel, E, R> =>
  Layer.effect(
    LanguageModel.LanguageModel,
    Effect.flatMap(LanguageModel.LanguageModel, (inner) =>
      LanguageModel.make({
        streamText: (options) => standstill(PlanAsk.stream(inner, options, options.prompt)),
        generateText: (options) => VirtualTime.standstill(PlanAsk.generate(inner, options))
      })
    )
  ).pipe(Layer.provide(model))

const standstill = (
  parts: Stream.Stream<Response.StreamPartEncoded, AiError.AiError>
): Stream.Stream<Response.StreamPartEncoded, AiError.AiError> =>
  Stream.scoped(Stream.fromPull(Effect.map(VirtualTime.standstill(Stream.toPull(parts)), VirtualTime.standstill)))
