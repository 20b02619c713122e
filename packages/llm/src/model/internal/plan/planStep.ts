/**
 * The steps of a plan, built, and what the requests of a plan share.
 */
import type * as AiError from "effect/ai/AiError"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type { ModelSettings, ReasoningEffort } from "../../ModelSettings.ts"
import type * as Breaker from "./breaker.ts"
import type * as Progress from "./progress.ts"

/** A step whose model has been built. */
export interface Step {
  readonly name: string
  readonly model: LanguageModel.LanguageModel
  readonly warmUp: Effect.Effect<void, AiError.AiError>
  readonly schedule: Schedule.Schedule<unknown, AiError.AiError> | undefined
  readonly firstTokenDeadline: Duration.Duration | undefined
  readonly stallDeadline: Duration.Duration | undefined
  readonly replyDeadline: Duration.Duration | undefined
  readonly hedge: Duration.Duration | undefined
}

/** State shared by the requests of a plan. */
export interface Plan {
  readonly steps: ReadonlyArray<Step>
  /** Whether the next step is tried after this error. */
  readonly fallback: (error: AiError.AiError) => boolean
  /** Whether an error shows that the provider is down, so that other requests should avoid it. */
  readonly blames: (error: AiError.AiError) => boolean
  readonly patience: Duration.Duration | undefined
  readonly policy: Breaker.Policy
  /** By the name of the step: a provider that is listed twice has one breaker. */
  readonly breakers: Map<string, Breaker.Breaker>
}

/**
 * The default wait for the first word. Nearly all streams that answer at all have begun after 5 seconds; a caller who
 * hears nothing for 10 believes the line is dead.
 */
const firstWord = Duration.seconds(10)
/** Once a model has not answered, it and the others share the rest of this time. The last one has its whole wait. */
const allFirstWords = Duration.seconds(30)
/** What each of them has at least. Most that answer at all have begun by then. */
const leastFirstWord = Duration.seconds(3)
/** A model that was asked to think needs longer, and the caller was not promised better. */
const firstWordOfThinker = Duration.seconds(45)
/** The default wait for the next word: longer than any pause within a reply. */
const nextWord = Duration.seconds(15)
/** The wait for a reply that is not streamed: no caller is waiting for its words. */
const wholeReply = Duration.minutes(2)

const thinkers: ReadonlySet<ReasoningEffort> = new Set<ReasoningEffort>(["low", "medium", "high", "xhigh", "max"])

/** How long the caller has heard nothing when a step is tried, and how many steps are left, this one included. */
export interface Wait {
  readonly silent: Duration.Duration
  readonly left: number
}

/** How long to wait for the first word. Zero means no deadline. */
export const first = (
  { firstTokenDeadline, stallDeadline }: Pick<Step, "firstTokenDeadline" | "stallDeadline">,
  settings: ModelSettings,
  wait?: Wait
): Progress.Limits => ({
  word: deadline(firstTokenDeadline, mayThink(settings) ? firstWordOfThinker : share(wait)),
  // If a deadline was set, long thinking counts as stalling too.
  ...(stallDeadline === undefined || Duration.isZero(stallDeadline) ? undefined : { sign: stallDeadline })
})

/** How long to wait for the next word. */
export const next = ({ stallDeadline }: Pick<Step, "stallDeadline">, settings: ModelSettings): Progress.Limits => ({
  word: deadline(stallDeadline, mayThink(settings) ? firstWordOfThinker : nextWord)
})

const share = (wait: Wait | undefined): Duration.Duration => {
  if (wait === undefined || wait.left === 1 || Duration.isLessThan(wait.silent, firstWord)) return firstWord
  const rest = Duration.toMillis(Duration.subtract(allFirstWords, wait.silent)) / wait.left
  return Duration.clamp(Duration.millis(rest), { minimum: leastFirstWord, maximum: firstWord })
}

const mayThink = ({ reasoningEffort }: ModelSettings): boolean =>
  reasoningEffort != null && thinkers.has(reasoningEffort)

/** How long to wait for a whole reply. */
export const wholeDeadline = (step: Step): Duration.Duration | undefined => deadline(step.replyDeadline, wholeReply)

const deadline = (given: Duration.Duration | undefined, otherwise: Duration.Duration): Duration.Duration | undefined =>
  given === undefined ? otherwise : Duration.isZero(given) ? undefined : given
