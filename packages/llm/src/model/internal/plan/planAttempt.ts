/** The attempts of one request to a plan: chooses the step to try, and reports the verdict to its breaker. */
import * as Monotonic from "@antiphon/core/Monotonic"
import type * as AiError from "effect/ai/AiError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as AiErrors from "../provider/aiErrors.ts"
import * as Breaker from "./breaker.ts"
import { Event, tell } from "./planEvent.ts"
import type { Plan, Step, Wait } from "./planStep.ts"

type Driver = (now: number, error: AiError.AiError) => Pull.Pull<[unknown, Duration.Duration], never, unknown>

/** One request. It may need several attempts at its beginning, and more each time that the answering one breaks off. */
export interface Request {
  readonly plan: Plan
  /** Scope of the request's resources. */
  readonly scope: Scope.Scope
  /** The steps that have not been given up, in the plan's order. */
  readonly left: Set<Step>
  readonly drivers: Map<Step, Driver>
  readonly attempts: Map<Step, number>
  readonly skipped: Set<Step>
  /** How long the request has waited because providers asked for time, in milliseconds. */
  invitedWait: number
  /** Since when a caller hears nothing, on the monotonic clock. Undefined if nobody listens. */
  silentSince: number | undefined
}

/** Makes the state of a request. `silentSince` is now if a caller waits for its words. */
export const request = (plan: Plan, scope: Scope.Scope, silentSince?: number): Request => ({
  plan,
  scope,
  left: new Set(plan.steps),
  drivers: new Map(),
  attempts: new Map(),
  skipped: new Set(),
  invitedWait: 0,
  silentSince
})

/** How long the caller has been waiting, and for how many steps. Undefined if nobody listens. */
export const wait = ({ left, silentSince }: Request): Effect.Effect<Wait | undefined> =>
  silentSince === undefined
    ? Effect.undefined
    : Effect.map(Monotonic.now, (now) => ({ silent: Duration.millis(now - silentSince), left: left.size }))

/** Warms up the step that would be tried now, and those it would be raced against. */
export const warmUp = (plan: Plan): Effect.Effect<void, AiError.AiError> =>
  Effect.flatMap(Monotonic.now, (now) => {
    const open = plan.steps.filter(({ name }) => {
      const breaker = plan.breakers.get(name) ?? Breaker.closed
      return Breaker.admit(breaker, now, plan.policy)[0] !== "Skip"
    })
    const alone = open.findIndex(({ hedge }) => hedge === undefined)
    const first = alone < 0 ? open : open.slice(0, alone + 1)
    return Effect.forEach(first, ({ warmUp }) => warmUp, { concurrency: "unbounded", discard: true })
  })

/** A step that may be tried now, and in which role. */
export interface Admitted {
  readonly step: Step
  readonly admission: Exclude<Breaker.Admission, "Skip">
}

/** One try of a step. Its verdict is given once; closed without one, it says nothing about the provider. */
export interface Attempt extends Admitted {
  readonly number: number
  decided: boolean
}

const breakerOf = ({ plan }: Request, step: Step) => plan.breakers.get(step.name) ?? Breaker.closed

/** A step that is tried regardless of its breaker. */
export const trial = (step: Step): Admitted => ({ step, admission: "Trial" })

/** Asks the breaker of a step. */
export const admit = (self: Request, step: Step): Effect.Effect<Admitted | undefined> =>
  Effect.flatMap(Monotonic.now, (now) => {
    const [admission, breaker] = Breaker.admit(breakerOf(self, step), now, self.plan.policy)
    self.plan.breakers.set(step.name, breaker)
    if (admission !== "Skip") return Effect.succeed({ step, admission })
    if (self.skipped.has(step)) return Effect.undefined
    self.skipped.add(step)
    return Effect.as(tell(Event.Skipped({ step: step.name })), undefined)
  })

/**
 * Chooses the first step, in the plan's order, that is neither busy nor skipped. If all are skipped and nothing was
 * tried yet, it is the one that is due first: a call without an answer is worse than one more request.
 */
export const admitNext = (self: Request, busy: ReadonlyArray<Step>): Effect.Effect<Admitted | undefined> =>
  Effect.gen(function* () {
    for (const step of self.left) {
      if (busy.includes(step)) continue
      const admitted = yield* admit(self, step)
      if (admitted !== undefined) return admitted
    }
    if (self.attempts.size > 0) return undefined
    const due = (step: Step) => {
      const breaker = breakerOf(self, step)
      return breaker._tag === "Open" ? breaker.until : 0
    }
    const [step] = [...self.left].sort((a, b) => due(a) - due(b))
    return step === undefined ? undefined : trial(step)
  })

/** Begins an attempt that lives as long as the scope. */
export const begin = (self: Request, { admission, step }: Admitted, scope: Scope.Scope): Effect.Effect<Attempt> =>
  Effect.suspend(() => {
    const number = (self.attempts.get(step) ?? 0) + 1
    self.attempts.set(step, number)
    const attempt: Attempt = { step, admission, number, decided: false }
    const release = decide(self, attempt, (breaker, now) => Breaker.released(breaker, admission, now))
    return Effect.as(
      Effect.andThen(
        Scope.addFinalizer(scope, release),
        tell(Event.AttemptStarted({ step: step.name, attempt: number }))
      ),
      attempt
    )
  })

/** The provider has begun to answer, so it is not down. */
export const answered = (self: Request, { step }: Attempt): void => {
  if (breakerOf(self, step)._tag === "Open") self.plan.breakers.set(step.name, Breaker.closed)
}

/** The attempt has succeeded. */
export const succeeded = (self: Request, attempt: Attempt): Effect.Effect<void> =>
  decide(self, attempt, () => Breaker.closed)

/** The attempt has failed, after so many characters of the reply. */
export const failed = (
  self: Request,
  attempt: Attempt,
  error: AiError.AiError,
  spoken: number
): Effect.Effect<void> => {
  const { admission, number, step } = attempt
  const wait = Duration.toMillis(AiErrors.retryAfter(error) ?? Duration.zero)
  return Effect.andThen(
    decide(self, attempt, (breaker, now) =>
      self.plan.blames(error) ? Breaker.failed(breaker, admission, now, self.plan.policy, now + wait) : Breaker.closed
    ),
    tell(Event.AttemptFailed({ step: step.name, attempt: number, error, spoken }))
  )
}

const decide = (
  self: Request,
  attempt: Attempt,
  verdict: (breaker: Breaker.Breaker, now: number) => Breaker.Breaker
): Effect.Effect<void> =>
  Effect.map(Monotonic.now, (now) => {
    if (attempt.decided) return
    attempt.decided = true
    self.plan.breakers.set(attempt.step.name, verdict(breakerOf(self, attempt.step), now))
  })
