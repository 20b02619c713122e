/**
 * Decides which parts of a stream are progress for a caller, and limits how long a stream may go without any.
 *
 * Words and tool calls are progress. Thoughts, empty deltas and keep-alives are not, because a caller hears nothing of
 * them.
 */
import * as Monotonic from "@antiphon/core/Monotonic"
import * as AiError from "effect/ai/AiError"
import type * as Response from "effect/ai/Response"
import type * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as AiErrors from "../provider/aiErrors.ts"

export type Part = Response.StreamPartEncoded
export type PartPull = Pull.Pull<Arr.NonEmptyReadonlyArray<Part>, AiError.AiError>

/** Whether a part is something for the caller, or for a tool. */
export const isProgress = (part: Part): boolean => {
  switch (part.type) {
    case "text-delta":
      return part.delta.trim() !== ""
    case "text-start":
    case "text-end":
    case "reasoning-start":
    case "reasoning-delta":
    case "reasoning-end":
    case "response-metadata":
    case "source":
    case "finish":
    case "error":
      return false
    default:
      return true
  }
}

/** Whether a part says that the model has failed. */
export const isFailure = (part: Part): boolean =>
  part.type === "error" || (part.type === "finish" && part.reason === "error")

/** An error of the plan's own. */
export const failureOf = (reason: AiError.AiErrorReason): AiError.AiError =>
  AiError.make({ module: "ModelPlan", method: "streamText", reason })

/** The error that a model has reported. */
export const reported = (parts: ReadonlyArray<Part>): AiError.AiError => {
  const part = parts.find(isFailure)
  const error = part?.type === "error" ? part.error : undefined
  if (AiError.isAiError(error)) return error
  return failureOf(
    AiError.isAiErrorReason(error)
      ? error
      : new AiError.InternalProviderError({ description: "the provider reported an error in its reply" })
  )
}

/** How long a stream may continue without progress. */
export interface Limits {
  /** Before anything has come, or since the last progress. */
  readonly word: Duration.Duration | undefined
  /** Since the first sign of the model, if that is shorter: it has begun, and says nothing. */
  readonly sign?: Duration.Duration | undefined
  /** Since progress, once there has been some. As `word` if not given. */
  readonly next?: Duration.Duration | undefined
}

/** Fails a stream after waiting this long without progress, in one pull or several. */
export const bounded = <A extends { readonly type: string }, E, D, R>(
  pull: Pull.Pull<Arr.NonEmptyReadonlyArray<A>, E, D, R>,
  limits: Limits,
  what: string
): Pull.Pull<Arr.NonEmptyReadonlyArray<A>, E | AiError.AiError, D, R> => {
  const { sign, word } = limits
  if (word === undefined) return pull
  // Made when it is needed: an error takes a stack, and costs as much as several words.
  const late = () => Effect.fail(failureOf(AiErrors.timedOut(what)))
  let limit = Duration.toMillis(word)
  let waited = 0
  let begun = false
  return Effect.clockWith((clock) => {
    const since = Monotonic.millis(clock)
    const wait = Effect.timeoutOrElse(pull, { duration: Math.max(0, limit - waited), orElse: late })
    return Effect.map(wait, (parts) => {
      if ((parts as ReadonlyArray<unknown> as ReadonlyArray<Part>).some(isProgress)) {
        waited = 0
        if (limits.next !== undefined) limit = Duration.toMillis(limits.next)
      } else waited += Monotonic.millis(clock) - since
      if (!begun && sign !== undefined && Duration.toMillis(sign) < limit - waited) {
        limit = Duration.toMillis(sign)
        waited = 0
      }
      begun = true
      return parts
    })
  })
}
