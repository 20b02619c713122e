/**
 * Decides which parts of a stream are progress for a caller, and limits how long a stream may go without any.
 *
 * Words and tool calls are progress. Thoughts, empty deltas and keep-alives are not, because a caller hears nothing of
 * them. Calls and their arguments are progress too, but only for a while: some models write them without end.
 */
import * as Monotonic from "@antiphon/core/Monotonic"
import * as AiError from "effect/ai/AiError"
import type * as Response from "effect/ai/Response"
import type * as Arr from "effect/Array"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as AiErrors from "../provider/aiErrors.ts"
import type * as Waiting from "../provider/waiting.ts"
import * as Alarm from "./alarm.ts"

export type Part = Response.StreamPartEncoded
export type PartPull = Pull.Pull<Arr.NonEmptyReadonlyArray<Part>, AiError.AiError>

/** Whether a part is something for the caller, or for a tool. */
export const isProgress = (part: Part): boolean => {
  switch (part.type) {
    case "text-delta":
    case "tool-params-delta":
      return /\S/.test(part.delta)
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

/** The longest wait for the calls of a reply to be complete, in milliseconds, unless words are given longer. */
const longestCalls = 30_000

/** The wait for the calls of a reply to be complete, from the first piece of the first one on. */
const forCalls = (word: number): number => Math.max(word, Math.min(word * 10, longestCalls))

/** Whether a part belongs to a call that the provider does not run itself. */
const isOfCall = (part: Part): boolean => {
  switch (part.type) {
    case "tool-params-start":
    case "tool-call":
      return part.providerExecuted !== true
    default:
      return part.type === "tool-params-delta" || part.type === "tool-params-end"
  }
}

/** How a pull is limited. */
export interface Bounds {
  readonly limits: Limits
  /** What the pull is waiting for, for the error message. */
  readonly what: string
  /** The wait of the pull, if it is of one of our models, which gives up by itself. Any other runs in a fiber. */
  readonly waiting?: Waiting.Waiting | undefined
  /** The alarm of the reply, if its pulls have several bounds. */
  readonly alarm?: Alarm.Alarm | undefined
}

/**
 * Fails a stream after waiting this long without progress, in one pull or several.
 *
 * A pull has no timer of its own: a single alarm sleeps for the whole reply, and when it wakes up it looks at how much of
 * the time is left.
 */
export const bounded = <A extends { readonly type: string }, E, D, R>(
  pull: Pull.Pull<Arr.NonEmptyReadonlyArray<A>, E, D, R>,
  { alarm = new Alarm.Alarm(), limits: { next, sign, word }, waiting, what }: Bounds
): Pull.Pull<Arr.NonEmptyReadonlyArray<A>, E | AiError.AiError, D, R> => {
  if (word === undefined) return pull
  // Made when it is needed: an error takes a stack, and costs as much as several words.
  const late = () => failureOf(AiErrors.timedOut(what))
  const giveUp = () => waiting?.giveUp(late())
  const untilNext = next && Duration.toMillis(next)
  const afterSign = sign && Duration.toMillis(sign)
  let limit = Duration.toMillis(word)
  let waited = 0
  /** When the current pull began, by the clock of whoever pulls. */
  let since = 0
  let clock: Clock.Clock
  let begun = false
  /** How long calls have been coming, and no words. */
  let writing: number | undefined

  const took = () => Monotonic.millis(clock) - since

  const progressed = (parts: ReadonlyArray<A>): void => {
    let last: Part | undefined
    if (writing !== undefined) writing += took()
    for (const part of parts as ReadonlyArray<unknown> as ReadonlyArray<Part>) {
      if (!isProgress(part)) continue
      last = part
      if (!isOfCall(part)) writing = undefined
    }
    if (last !== undefined) {
      waited = 0
      if (untilNext !== undefined) limit = untilNext
      if (isOfCall(last)) writing ??= 0
    } else waited += took()
    if (!begun && afterSign !== undefined && afterSign < limit - waited) {
      limit = afterSign
      waited = 0
    }
    begun = true
  }

  type Pulled = Pull.Pull<Arr.NonEmptyReadonlyArray<A>, E | AiError.AiError, D, R>
  const noting = (pull: Pulled): Pulled =>
    Effect.matchCauseEffect(pull, {
      onSuccess: (parts) => {
        alarm.clear()
        progressed(parts)
        return Effect.succeed(parts)
      },
      onFailure: (cause) => {
        alarm.stop()
        return Effect.failCause(cause)
      }
    })
  const noted = noting(pull)

  return Effect.clockWith((now) => {
    clock = now
    since = Monotonic.millis(now)
    const at = since + Math.min(limit - waited, writing === undefined ? Infinity : forCalls(limit) - writing)
    if (waiting === undefined) return noting(Alarm.within(pull, { alarm, at, late: () => Effect.fail(late()) }))
    const set = alarm.set({ at, ring: giveUp })
    return set === Effect.void ? noted : Effect.andThen(set, noted)
  })
}
