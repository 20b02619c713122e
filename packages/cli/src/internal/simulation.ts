/**
 * Plays many simulated calls in several threads, and returns their outcomes in the order of the seeds.
 *
 * @since 0.1.0
 */
import * as ErrorText from "@antiphon/core/ErrorText"
import * as Rules from "@antiphon/core/testing/Rules"
import * as SimulatedCaller from "@antiphon/core/testing/SimulatedCaller"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import * as AgentModule from "./agentModule.ts"
import { CliError } from "../CliError.ts"
import type { Outcome } from "./outcome.ts"
import * as Players from "./players.ts"

/** Picks the subject for a seed: subjects take turns. */
export const subjectOf = (subjects: ReadonlyArray<Rules.Subject>, seed: number): Rules.Subject =>
  subjects[Math.abs(seed - 1) % subjects.length]!

const quiet = Effect.provideService(References.MinimumLogLevel, "None")

/** Plays the caller of a seed. */
export const playOne = (
  subjects: ReadonlyArray<Rules.Subject>,
  seed: number
): Effect.Effect<Rules.Simulated, CliError> => {
  const subject = subjectOf(subjects, seed)
  return subject.simulate(SimulatedCaller.make(seed, subject.callers)).pipe(
    quiet,
    Effect.catchCause((cause) => Effect.fail(new CliError({ message: ErrorText.of(cause) })))
  )
}

/** Plays the caller of a seed, and never fails. */
export const outcomeOf = (subjects: ReadonlyArray<Rules.Subject>, seed: number): Effect.Effect<Outcome> =>
  playOne(subjects, seed).pipe(
    Effect.map(({ breaches, caller, played }): Outcome => ({
      seed,
      temper: caller.temper,
      duration: played.entries.at(-1)?.at ?? 0,
      breaches
    })),
    Effect.catch(({ message }) =>
      Effect.succeed<Outcome>({
        seed,
        temper: SimulatedCaller.make(seed, subjectOf(subjects, seed).callers).temper,
        duration: 0,
        breaches: [],
        failure: message
      })
    )
  )

/** Plays calls. Outcomes come in the order of the seeds, regardless of threads. */
export const run = (options: Players.Options): Stream.Stream<Outcome, CliError> => {
  if (options.threads > 1) return Players.run(options)
  return Stream.unwrap(
    Effect.map(AgentModule.loadSubjects(options.module), (subjects) =>
      Stream.range(options.seed, options.seed + options.calls - 1).pipe(
        Stream.mapEffect((seed) => outcomeOf(subjects, seed))
      )
    )
  )
}

/** Looks for a shorter call that breaks one of the same rules. A call that does not end counts as breaking none. */
export const shorten = (
  subjects: ReadonlyArray<Rules.Subject>,
  first: Rules.Simulated
): Effect.Effect<Rules.Simulated> => {
  const { simulate } = subjectOf(subjects, first.caller.seed)
  return Rules.shorten(first, (caller) =>
    simulate(caller).pipe(
      quiet,
      Effect.catchCause(() => Effect.succeed({ ...first, caller, breaches: [] }))
    )
  )
}
