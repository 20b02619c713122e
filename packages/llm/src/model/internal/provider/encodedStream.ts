/**
 * The stream beneath one of our models: its reply as the provider's parts, before they are decoded.
 *
 * A plan passes a reply on in that form, and the reply is decoded once as it leaves the plan, because decoding and
 * encoding it again would take most of the plan's time. The stream is registered for the model itself, so a model that
 * wraps another is asked in the ordinary way.
 */
import type * as AiError from "effect/ai/AiError"
import type * as LanguageModel from "effect/ai/LanguageModel"
import type * as Response from "effect/ai/Response"
import type * as Stream from "effect/Stream"

/** Streams the answer to a request. */
export type EncodedStream = (
  options: LanguageModel.ProviderOptions
) => Stream.Stream<Response.StreamPartEncoded, AiError.AiError>

const streams = new WeakMap<LanguageModel.LanguageModel, EncodedStream>()

/** Registers the stream of a model. */
export const set = (model: LanguageModel.LanguageModel, stream: EncodedStream): void => void streams.set(model, stream)

/** The stream of a model, if it is one of ours. */
export const get = (model: LanguageModel.LanguageModel): EncodedStream | undefined => streams.get(model)
