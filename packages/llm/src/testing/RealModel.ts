/**
 * A real model for an agent that is called on virtual time: the time of the call stands still while it is waited for.
 *
 * Without this, virtual time would run on to the next deadline while the provider is thinking. What the model takes to answer
 * is therefore no part of the call: latency is measured on a real clock, or simulated with a `FaultyModel`.
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

/** Layer of a model that stops virtual time while it works. Its own deadlines are real. Elsewhere it is the model itself. */
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
