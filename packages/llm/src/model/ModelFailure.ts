/**
 * What an error of a model is about, if its type does not say so, and how a reply came to its end.
 *
 * An agent decides by these what its caller hears: a reply that was empty or was cut short is not one that was finished.
 *
 * @since 0.1.0
 */
import type * as AiError from "effect/ai/AiError"
import type * as Response from "effect/ai/Response"
import type * as Duration from "effect/Duration"
import * as AiErrors from "./internal/provider/aiErrors.ts"

/** What an error is about. */
export type Kind = AiErrors.Kind

/** What an error is about, if more is known than its reason's type. */
export const kindOf = (error: AiError.AiError): Kind | undefined => AiErrors.details(error).kind

/** Whether a model has answered with nothing: no word, and no call. */
export const isEmptyReply = (error: AiError.AiError): boolean => kindOf(error) === "EmptyReply"

/** Whether the conversation has become too long for the model. A shorter prompt may do. */
export const isContextTooLong = (error: AiError.AiError): boolean => kindOf(error) === "ContextTooLong"

/** Whether the provider, or a word of its reply, was waited for in vain. */
export const isTimeout = (error: AiError.AiError): boolean => kindOf(error) === "Timeout"

/** The provider's own sentence about the error, without keys and without what the request said. */
export const sentenceOf = (error: AiError.AiError): string | undefined => AiErrors.details(error).said

/** When the provider asks to be tried again. */
export const retryAfter: (error: AiError.AiError) => Duration.Duration | undefined = AiErrors.retryAfter

/** What cut a reply short. */
export type Cut = "length" | "filter" | "pause"

/**
 * What cut a reply short, by the reason of its `finish` part; undefined if it came to its own end.
 *
 * ```ts
 * if (part.type === "finish" && ModelFailure.cutBy(part.reason) === "length") // the last sentence is not complete
 * ```
 */
export const cutBy = (reason: Response.FinishReason): Cut | undefined => {
  switch (reason) {
    case "length":
      return "length"
    case "content-filter":
      return "filter"
    case "pause":
      return "pause"
    default:
      return undefined
  }
}
