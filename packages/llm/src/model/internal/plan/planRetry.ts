/** Decides whether and when to retry a step after an error. */
import * as Monotonic from "@antiphon/core/Monotonic"
import type * as AiError from "effect/ai/AiError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import * as AiErrors from "../provider/aiErrors.ts"
import type { Request } from "./planAttempt.ts"
import { Event, tell } from "./planEvent.ts"
import type { Step } from "./planStep.ts"

/** A further try of a step. */
export interface Retry {
  readonly delay: Duration.Duration
  /** Whether the provider itself named the time. Then it is asked at that time, regardless of its breaker. */
  readonly invited: boolean
}

/** Returns how long to wait before the retry, or `undefined` to give the step up. */
export const retry = (self: Request, step: Step, error: AiError.AiError): Effect.Effect<Retry | undefined> =>
  Effect.gen(function* () {
    const again = yield* next(self, step, error)
    if (again === undefined) self.left.delete(step)
    else yield* tell(Event.Retried({ step: step.name, delay: again.delay }))
    return again
  })

/**
 * How long a reply may wait in total because providers ask for it, and how long a caller may have heard nothing when a step
 * is tried again: if there is another step, and if there is none.
 */
const patience = { withOthers: Duration.seconds(2), alone: Duration.seconds(10) }
const silence = { withOthers: Duration.seconds(10), alone: Duration.seconds(30) }

const next = Effect.fnUntraced(function* (self: Request, step: Step, error: AiError.AiError) {
  const asked = AiErrors.retryAfter(error)
  if (step.schedule === undefined || !isTransient(error)) return undefined
  const waited = Duration.millis(self.invitedWait)
  if (asked !== undefined && Duration.isGreaterThan(Duration.sum(waited, asked), longestWait(self, step))) {
    return undefined
  }
  const driver = self.drivers.get(step) ?? (yield* Schedule.toStep(step.schedule))
  self.drivers.set(step, driver)
  const now = yield* Monotonic.now
  const again = yield* driver(now, error).pipe(
    Effect.map(([, delay]): Retry => ({
      delay: asked === undefined ? (isOfReply(error) ? Duration.zero : delay) : Duration.max(delay, asked),
      invited: asked !== undefined
    })),
    Pull.catchDone(() => Effect.succeed(undefined))
  )
  if (again === undefined || isTooLate(self, now, again.delay)) return undefined
  if (again.invited) self.invitedWait += Duration.toMillis(again.delay)
  return again
})

/** Whether the caller would have heard nothing for too long by then. Another step, or an apology, is due sooner. */
const isTooLate = ({ left, plan, silentSince }: Request, now: number, delay: Duration.Duration): boolean => {
  if (silentSince === undefined) return false
  const longest = left.size > 1 ? silence.withOthers : silence.alone
  const silent = Duration.millis(now - silentSince)
  return Duration.isGreaterThan(Duration.sum(silent, delay), Duration.max(longest, plan.patience ?? Duration.zero))
}

/** A page of a proxy, or a broken event, instead of a reply is as likely to be gone the next time as a status of 502. */
const isTransient = (error: AiError.AiError): boolean =>
  error.isRetryable || error.reason._tag === "InvalidResponseError"

/** Nobody waits longer for permission to ask than for the answer itself. The waits of a reply count together. */
const longestWait = ({ left, plan }: Request, { firstTokenDeadline }: Step): Duration.Duration => {
  if (plan.patience !== undefined) return plan.patience
  const longest = left.size > 1 ? patience.withOthers : patience.alone
  return firstTokenDeadline === undefined || Duration.isZero(firstTokenDeadline)
    ? longest
    : Duration.min(longest, firstTokenDeadline)
}

// Nothing has to recover: the same request may succeed immediately.
const isOfReply = (error: AiError.AiError): boolean => AiErrors.details(error).kind === "EmptyReply"
