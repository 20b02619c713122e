/**
 * Finds the attempt that answers: tries a step with its retries, then the next one, or several side by side if one is
 * slow. The first to answer wins, and the others are interrupted.
 */
import * as Monotonic from "@antiphon/core/Monotonic"
import type * as AiError from "effect/ai/AiError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Attempt from "./planAttempt.ts"
import { Event, tell } from "./planEvent.ts"
import * as Retry from "./planRetry.ts"
import type { Step } from "./planStep.ts"

/** Opens the answer of a step. Succeeds once the provider has begun to answer. */
export type Open<A> = (step: Step) => Effect.Effect<A, AiError.AiError, Scope.Scope>

/** The attempt that answered. The scope holds its resources. */
export interface Won<out A> {
  readonly attempt: Attempt.Attempt
  readonly value: A
  readonly scope: Scope.Closeable
}

/** Where a race continues after the answering step broke off with the error. */
export interface Resume {
  readonly error: AiError.AiError
  readonly step: Step
  /** The further try of the step, or `undefined` if it is given up. */
  readonly retry: Retry.Retry | undefined
}

/** A step of the race, with its retries. */
interface Contender {
  readonly step: Step
  /** The slow step that it was started beside. */
  readonly beside: Step | undefined
  readonly scope: Scope.Closeable
}

/** Why a contender left the race: its error, and whether that ends the whole race. */
interface Defeat {
  readonly error: AiError.AiError
  readonly fatal: boolean
}

type Outcome<A> = Exit.Exit<Result.Result<Omit<Won<A>, "scope">, Defeat>>

/** Runs steps until one has answered. Fails with the last error when nothing is left to try. */
export const race = <A>(
  self: Attempt.Request,
  open: Open<A>,
  resume?: Resume
): Effect.Effect<Won<A>, AiError.AiError> =>
  Effect.gen(function* () {
    let error = resume?.error
    let start = resume?.retry === undefined ? yield* next(self, open, []) : again(self, open, resume, resume.retry)
    // Nothing is started beside a step without a hedge, so it is waited for here: a fiber of its own, and a queue for its
    // outcome, would cost more than everything else that a plan does for a reply.
    while (start !== undefined && start.step.hedge === undefined) {
      const scope = yield* Scope.fork(self.scope)
      const result = yield* start.run(yield* Scope.fork(scope))
      if (Result.isSuccess(result)) return { ...result.success, scope }
      yield* Scope.close(scope, Exit.void)
      error = result.failure.error
      if (result.failure.fatal) return yield* Effect.fail(error)
      start = yield* next(self, open, [])
    }
    if (start !== undefined) return yield* sideBySide(self, open, start)
    return yield* exhausted(error)
  })

const exhausted = (error: AiError.AiError | undefined): Effect.Effect<never, AiError.AiError> =>
  error === undefined
    ? Effect.die(new Error("a plan without steps was asked"))
    : Effect.andThen(tell(Event.Exhausted({ error })), Effect.fail(error))

/** A step that may start, with its attempts. */
interface Start<A> {
  readonly step: Step
  /** How long it waits before the first attempt. */
  readonly delay: Duration.Duration
  readonly run: Run<A>
}

/** The next step beside those that run, if there is one. */
const next = <A>(
  self: Attempt.Request,
  open: Open<A>,
  busy: ReadonlyArray<Step>
): Effect.Effect<Start<A> | undefined> =>
  Effect.map(
    Attempt.admitNext(self, busy),
    (admitted) =>
      admitted && {
        step: admitted.step,
        delay: Duration.zero,
        run: (scope) => attempts(self, open, admitted, scope)
      }
  )

/** The step that broke off, once more. */
const again = <A>(self: Attempt.Request, open: Open<A>, { error, step }: Resume, retry: Retry.Retry): Start<A> => ({
  step,
  delay: retry.delay,
  run: (scope) => retries(self, open, step, retry, error, scope)
})

/** Runs a step, and starts others beside it while it is slow. */
const sideBySide = <A>(self: Attempt.Request, open: Open<A>, first: Start<A>): Effect.Effect<Won<A>, AiError.AiError> =>
  Effect.gen(function* () {
    const field = yield* makeField(self, open)
    let error: AiError.AiError | undefined
    yield* field.start(first)
    while (field.running.size > 0) {
      const next = yield* field.outcome
      if (next === undefined) {
        yield* field.startNext
        continue
      }
      const [contender, outcome] = next
      field.running.delete(contender)
      const result = yield* outcome
      if (Result.isSuccess(result)) {
        yield* dismiss(self, contender, field.running)
        return { ...result.success, scope: contender.scope }
      }
      yield* Scope.close(contender.scope, Exit.void)
      error = result.failure.error
      if (result.failure.fatal) return yield* Effect.fail(error)
      if (field.running.size === 0) yield* field.startNext
    }
    return yield* exhausted(error)
  })

/** The contenders that run side by side, and the time at which the next one joins them. */
const makeField = Effect.fnUntraced(function* <A>(self: Attempt.Request, open: Open<A>) {
  const outcomes = yield* Queue.unbounded<readonly [Contender, Outcome<A>]>()
  const running = new Set<Contender>()
  let youngest: Contender | undefined
  let hedgeAt: number | undefined

  const start = Effect.fnUntraced(function* ({ delay, run, step }: Start<A>) {
    const beside = youngest !== undefined && running.has(youngest) ? youngest.step : undefined
    const contender: Contender = { step, beside, scope: yield* Scope.fork(self.scope) }
    running.add(contender)
    youngest = contender
    hedgeAt = step.hedge && (yield* Monotonic.now) + Duration.toMillis(Duration.sum(delay, step.hedge))
    if (beside !== undefined) yield* tell(Event.HedgeStarted({ step: step.name, beside: beside.name }))
    // Forked before the fiber: scopes close newest first, so the fiber is interrupted before its resources are
    // released.
    const own = yield* Scope.fork(contender.scope)
    yield* run(own).pipe(
      Effect.exit,
      Effect.flatMap((outcome) => Queue.offer(outcomes, [contender, outcome])),
      Effect.forkIn(contender.scope, { startImmediately: true })
    )
  })

  return {
    running,
    start,
    /** Starts the next step, if there is one. */
    startNext: Effect.gen(function* () {
      const busy = Array.from(running, ({ step }) => step)
      const joining = yield* next(self, open, busy)
      if (joining === undefined) hedgeAt = undefined
      else yield* start(joining)
    }),
    /** The verdict of the next contender, or `undefined` when it is time to start another one beside it. */
    outcome: Effect.gen(function* () {
      const take = Queue.take(outcomes)
      if (hedgeAt === undefined) return yield* take
      const wait = Math.max(0, hedgeAt - (yield* Monotonic.now))
      return yield* Effect.timeoutOrElse(take, { duration: wait, orElse: () => Effect.undefined })
    })
  }
})

/**
 * Interrupts the losers without waiting for them, because the caller is waiting for the answer. The end of the request
 * waits for them.
 */
const dismiss = (self: Attempt.Request, winner: Contender, losers: ReadonlySet<Contender>): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (const loser of losers) {
      yield* Effect.forkIn(Scope.close(loser.scope, Exit.void), self.scope, {
        startImmediately: true,
        uninterruptible: true
      })
    }
    if (winner.beside !== undefined && losers.size > 0) {
      yield* tell(Event.HedgeWon({ step: winner.step.name, over: Array.from(losers, ({ step }) => step.name) }))
    }
  })

type Run<A> = (scope: Scope.Scope) => Effect.Effect<Result.Result<Omit<Won<A>, "scope">, Defeat>>

/** Attempts of one step until it answers or is given up. */
const attempts = <A>(
  self: Attempt.Request,
  open: Open<A>,
  admitted: Attempt.Admitted,
  scope: Scope.Scope
): ReturnType<Run<A>> =>
  Effect.gen(function* () {
    const own = yield* Scope.fork(scope)
    const attempt = yield* Attempt.begin(self, admitted, own)
    const answer = yield* Effect.result(Scope.provide(open(admitted.step), own))
    if (Result.isSuccess(answer)) {
      Attempt.answered(self, attempt)
      return Result.succeed({ attempt, value: answer.success })
    }
    const error = answer.failure
    yield* Attempt.failed(self, attempt, error, 0)
    yield* Scope.close(own, Exit.void)
    if (!self.plan.fallback(error)) return Result.fail({ error, fatal: true })
    const again = yield* Retry.retry(self, admitted.step, error)
    return again === undefined
      ? Result.fail({ error, fatal: false })
      : yield* retries(self, open, admitted.step, again, error, scope)
  })

/** Attempts after a failure: after the delay, and only if the breaker admits them or the provider has asked for a retry. */
const retries = <A>(
  self: Attempt.Request,
  open: Open<A>,
  step: Step,
  { delay, invited }: Retry.Retry,
  error: AiError.AiError,
  scope: Scope.Scope
): ReturnType<Run<A>> =>
  Effect.gen(function* () {
    yield* Effect.sleep(delay)
    const admitted = invited ? Attempt.trial(step) : yield* Attempt.admit(self, step)
    if (admitted !== undefined) return yield* attempts(self, open, admitted, scope)
    self.left.delete(step)
    return Result.fail({ error, fatal: false })
  })
