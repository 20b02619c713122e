/**
 * The stream beneath a model of ours: its reply as the provider's parts, before they are decoded.
 *
 * A plan hands a reply on in that form, and what it hands on is decoded as it leaves the plan. To decode it within, and
 * encode it again, is what costs most of a plan's time. It is found by the model itself, so a model that wraps another is
 * asked as itself.
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

/** Makes the stream of a model known. */
export const set = (model: LanguageModel.LanguageModel, stream: EncodedStream): void => void streams.set(model, stream)

/** The stream of a model, if it is one of ours. */
export const get = (model: LanguageModel.LanguageModel): EncodedStream | undefined => streams.get(model)
