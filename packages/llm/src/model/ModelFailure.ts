/**
 * Details of a model's error that its type does not show, and how a reply ended.
 *
 * An agent uses them to decide what its caller hears: a reply that is empty or was cut short must not pass for a
 * finished one.
 *
 * @since 0.1.0
 */
import type * as AiError from "effect/ai/AiError"
import type * as Response from "effect/ai/Response"
import type * as Duration from "effect/Duration"
import * as AiErrors from "./internal/provider/aiErrors.ts"

/** What an error is about, beyond its type. */
export type Kind = AiErrors.Kind

/** Returns what an error is about, if more is known than the type of its reason. */
export const kindOf = (error: AiError.AiError): Kind | undefined => AiErrors.details(error).kind

/** Whether the model's reply had neither words nor tool calls. */
export const isEmptyReply = (error: AiError.AiError): boolean => kindOf(error) === "EmptyReply"

/** Whether the conversation is too long for the model. A shorter prompt may succeed. */
export const isContextTooLong = (error: AiError.AiError): boolean => kindOf(error) === "ContextTooLong"

/** Whether the provider, or the next word of its reply, took too long. */
export const isTimeout = (error: AiError.AiError): boolean => kindOf(error) === "Timeout"

/** Returns the provider's own sentence about the error, without keys and without quotes from the request. */
export const sentenceOf = (error: AiError.AiError): string | undefined => AiErrors.details(error).said

/** Returns how long the provider asks to wait before the next attempt. */
export const retryAfter: (error: AiError.AiError) => Duration.Duration | undefined = AiErrors.retryAfter

/** What cut a reply short. */
export type Cut = "length" | "filter" | "pause"

/**
 * States what cut a reply short, given the reason of its `finish` part. Undefined if the reply ended by itself.
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
