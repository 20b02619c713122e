/**
 * The steps of a plan in order of preference: which ones may be tried, how often, and which are avoided after a
 * failure.
 */
import * as Monotonic from "@antiphon/core/Monotonic"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import type * as SpeechError from "../SpeechError.ts"
import { retrying } from "./retrying.ts"

/** How a plan handles failures. */
export interface Options {
  /** When to retry a step after a transient error. Defaults to twice, after 100 and 200 milliseconds. */
  readonly schedule?: Schedule.Schedule<unknown, SpeechError.SpeechError> | undefined
  /** Longest wait for one attempt to open a step. Defaults to 5 seconds. */
  readonly openDeadline?: Duration.Input | undefined
  /** A provider that asks for a longer wait than this is given up. Defaults to 1 second. */
  readonly patience?: Duration.Input | undefined
  /** How long a step that was given up remains a last resort. Defaults to 15 seconds. */
  readonly cooldown?: Duration.Input | undefined
}

/** The state of a step, shared by all calls. */
export interface Step<out A> {
  readonly service: A
  readonly name: string
  downUntil: number
}

/** The opened resource, the step that opened it, and the scope that closes it. */
export interface Opened<out A, out B> {
  readonly step: Step<A>
  readonly value: B
  readonly scope: Scope.Closeable
}

/** Makes the state of a step. */
export const make = <A extends { readonly name: string }>(service: A): Step<A> => ({
  service,
  name: service.name,
  downUntil: 0
})

const standardSchedule = Schedule.exponential("100 millis").pipe(Schedule.upTo({ times: 2 }))

/** Marks a step as failed: others are tried first for a while. */
export const giveUp = <A>(step: Step<A>, options: Options): Effect.Effect<void> =>
  Effect.map(Monotonic.now, (now) => {
    step.downUntil = now + Duration.toMillis(options.cooldown ?? "15 seconds")
  })

/** Opens the first step that works. Fails with the error of the last one. */
export const open = <A, B>(
  steps: ReadonlyArray<Step<A>>,
  options: Options,
  start: (step: Step<A>) => Effect.Effect<B, SpeechError.SpeechError, Scope.Scope>,
  late: (step: Step<A>, afterMs: number) => SpeechError.SpeechError
): Effect.Effect<Opened<A, B>, SpeechError.SpeechError, Scope.Scope> =>
  Effect.gen(function* () {
    const outer = yield* Effect.scope
    const now = yield* Monotonic.now
    const deadline = options.openDeadline ?? "5 seconds"
    const patienceMs = Duration.toMillis(options.patience ?? "1 second")
    const attempt = (step: Step<A>) =>
      Effect.gen(function* () {
        const scope = yield* Scope.fork(outer)
        const value = yield* Scope.provide(start(step), scope).pipe(
          Effect.timeoutOrElse({
            duration: deadline,
            orElse: () => Effect.fail(late(step, Duration.toMillis(deadline)))
          }),
          Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
        )
        return { step, value, scope }
      }).pipe(
        Effect.retry({
          ...retrying(options.schedule ?? standardSchedule, patienceMs),
          while: (error: SpeechError.SpeechError) => error.isRetryable && error.retryAfterMs <= patienceMs
        }),
        Effect.tapError((error) =>
          Effect.andThen(
            giveUp(step, options),
            Effect.logWarning(`speech step ${step.name} was given up: ${error.message}`)
          )
        )
      )
    const ordered = [
      ...steps.filter(({ downUntil }) => downUntil <= now),
      ...steps.filter(({ downUntil }) => downUntil > now).toSorted((a, b) => a.downUntil - b.downUntil)
    ]
    const [first, ...others] = ordered
    if (first === undefined) return yield* Effect.die(new Error("a plan needs a step"))
    return yield* others.reduce((tried, step) => Effect.catch(tried, () => attempt(step)), attempt(first))
  })
