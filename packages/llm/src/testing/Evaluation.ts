/**
 * Plays scenarios many times, has each call judged, and reports how often the agent passed and how certain that is.
 *
 * A scenario is anything that plays a call from a seed and returns what happened: a script, a persona, a recorded call.
 * The same seed gives the same draws, so a call that did not pass can be repeated alone.
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import * as ErrorText from "@antiphon/core/ErrorText"
import type * as Caller from "@antiphon/core/testing/Caller"
import * as TestCall from "@antiphon/core/testing/TestCall"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as EvaluationJUnit from "./internal/evaluationJUnit.ts"
import * as EvaluationTally from "./internal/evaluationTally.ts"
import * as EvaluationText from "./internal/evaluationText.ts"
import type { ModelError } from "../model/internal/provider/modelError.ts"
import * as Conversation from "./Conversation.ts"
import * as EvaluationReport from "./EvaluationReport.ts"
import type * as Judge from "./Judge.ts"
import * as Persona from "./Persona.ts"

/** One of the calls of a scenario. */
export interface Run {
  /** From 1 on. */
  readonly index: number
  readonly seed: number
}

/** A call to play repeatedly, and its judge. */
export interface Scenario<out E = never, out R = never, out R2 = never> {
  readonly name: string
  /** Plays the call. Failures and defects are counted separately from what is judged. */
  readonly play: (run: Run) => Effect.Effect<Conversation.Conversation, E, R>
  readonly judge: Judge.Judge<R2>
  /** Requirements of this scenario. They override the general ones. */
  readonly requires?: Requirement | undefined
}

/** Requirements of a scenario. */
export interface Requirement {
  /** The least share of calls that meet all criteria. 1 if neither `rate` nor `low` is given. */
  readonly rate?: number | undefined
  /** What the lower end of the 95 % interval must reach. */
  readonly low?: number | undefined
  /** Calls and judgements that may fail. 0. */
  readonly failures?: number | undefined
}

/** What to play, and how. */
export interface Options<out E = never, out R = never, out R2 = never> {
  readonly name: string
  readonly scenarios: ReadonlyArray<Scenario<E, R, R2>>
  /** Calls of each scenario. 10. */
  readonly runs?: number | undefined
  /** Seed of the first call of each scenario; the next one has the next number. 1. */
  readonly seed?: number | undefined
  /** Calls at a time. 1. The report is in order regardless. */
  readonly concurrency?: number | undefined
  readonly requires?: Requirement | undefined
  /** Called as each call ends, in the order in which they end. */
  readonly onOutcome?: ((scenario: string, outcome: EvaluationReport.Outcome) => Effect.Effect<void>) | undefined
}

/** Options of a scenario beside who calls whom. */
export interface ScenarioOptions extends Omit<TestCall.Options, "seed"> {
  /** Name of the scenario. */
  readonly name: string
  readonly requires?: Requirement | undefined
}

/** Makes a scenario of a caller who follows a script, which may be made for each run. */
export const script = <E = never, R = never, R2 = never, R3 = never>(
  agent: Agent.Source<E, R, R2>,
  script: Caller.Script | ((run: Run) => Caller.Script),
  judge: Judge.Judge<R3>,
  options: ScenarioOptions
): Scenario<E, Exclude<R | R2, Scope.Scope>, R3> => ({
  name: options.name,
  requires: options.requires,
  judge,
  play: (run) =>
    Effect.map(
      TestCall.run(agent, typeof script === "function" ? script(run) : script, { ...options, seed: run.seed }),
      (played) => Conversation.fromPlayed(played)
    )
})

/** Makes a scenario of a persona. The judge `Persona.goalReached` takes the caller's own word for it. */
export const persona = <E = never, R = never, R2 = never, R3 = never>(
  agent: Agent.Source<E, R, R2>,
  persona: Persona.Persona,
  judge: Judge.Judge<R3>,
  options: ScenarioOptions
): Scenario<E | Persona.PersonaError, Exclude<R | R2, Scope.Scope> | LanguageModel.LanguageModel, R3> => ({
  name: options.name,
  requires: options.requires,
  judge,
  play: (run) =>
    Effect.map(Persona.play(agent, persona, { ...options, seed: run.seed }), ({ conversation }) => conversation)
})

/** Plays and judges. Never fails: failures are in the report. */
export const run = <E, R, R2>(
  options: Options<E, R, R2>
): Effect.Effect<EvaluationReport.EvaluationReport, never, R | R2> =>
  Effect.gen(function* () {
    const { runs, seed } = countsOf(options)
    const calls = options.scenarios.flatMap((scenario) =>
      Array.from({ length: runs }, (_, index) => ({ scenario, run: { index: index + 1, seed: seed + index } }))
    )
    const outcomes = yield* Effect.forEach(
      calls,
      ({ run, scenario }) =>
        Effect.tap(outcomeOf(scenario, run), (outcome) => options.onOutcome?.(scenario.name, outcome) ?? Effect.void),
      { concurrency: options.concurrency ?? 1 }
    )
    return reportOf(
      options,
      options.scenarios.map((scenario, index) =>
        EvaluationTally.scenario({
          name: scenario.name,
          criteria: scenario.judge.criteria.map(({ name }) => name),
          required: requirementOf(options, scenario),
          outcomes: outcomes.slice(index * runs, (index + 1) * runs)
        })
      )
    )
  })

/**
 * Plays and judges with a model from `Models.fromString`. If the model's key is not set, nothing is run and the report
 * says so, so that an evaluation can be part of a test suite that also runs without a key.
 */
export const runWithModel = <E, R, R2, A>(
  options: Options<E, R, R2>,
  model: Layer.Layer<A, ModelError>
): Effect.Effect<EvaluationReport.EvaluationReport, ModelError, Exclude<R | R2, A>> =>
  Effect.scoped(
    Effect.gen(function* () {
      const built = yield* Effect.exit(Layer.build(model))
      if (Exit.isSuccess(built)) return yield* Effect.provideContext(run(options), built.value)
      const error = Cause.findErrorOption(built.cause)
      if (error._tag === "Some" && error.value.reason === "MissingKey") return skip(options, error.value.message)
      return yield* Effect.failCause(built.cause)
    })
  )

/** Makes the report of an evaluation that is not run. */
export const skip = <E, R, R2>(options: Options<E, R, R2>, reason: string): EvaluationReport.EvaluationReport =>
  reportOf(
    options,
    options.scenarios.map((scenario) =>
      EvaluationTally.skippedScenario(scenario.name, requirementOf(options, scenario), reason)
    )
  )

/** Writes the report for people: a table of pass rates, then what went wrong, at most 100 columns wide. */
export const toText: (report: EvaluationReport.EvaluationReport) => string = EvaluationText.make

/** Writes the report as JSON, which `EvaluationReport.fromJson` reads. */
export const toJson = (report: EvaluationReport.EvaluationReport): string =>
  JSON.stringify(Schema.encodeSync(EvaluationReport.EvaluationReport)(report), null, 2)

/**
 * Writes the report as JUnit XML. A suite is a scenario and a test is a criterion: a test fails if the rate is too low,
 * not if a single call did not pass.
 */
export const toJUnit: (report: EvaluationReport.EvaluationReport) => string = EvaluationJUnit.make

const outcomeOf = <E, R, R2>(
  { judge, play }: Scenario<E, R, R2>,
  run: Run
): Effect.Effect<EvaluationReport.Outcome, never, R | R2> =>
  Effect.gen(function* () {
    const played = yield* attempt(Effect.suspend(() => play(run)))
    if (!played.ok) return { _tag: "CallFailed", ...run, message: played.message }
    const call = Conversation.toText(played.value)
    const judged = yield* attempt(Effect.suspend(() => judge.score(played.value)))
    if (!judged.ok) return { _tag: "JudgeFailed", ...run, message: judged.message, call }
    return { _tag: "Judged", ...run, ...judged.value, call }
  })

type Attempt<A> = { readonly ok: true; readonly value: A } | { readonly ok: false; readonly message: string }

/** The result of an effect, or the message of its failure or defect. An interruption remains one. */
const attempt = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Attempt<A>, never, R> =>
  Effect.matchCauseEffect(effect, {
    onSuccess: (value): Effect.Effect<Attempt<A>> => Effect.succeed({ ok: true, value }),
    onFailure: (cause): Effect.Effect<Attempt<A>> => {
      if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause as Cause.Cause<never>)
      return Effect.succeed({ ok: false, message: ErrorText.of(cause) })
    }
  })

const countsOf = ({ runs = 10, seed = 1 }: Pick<Options, "runs" | "seed">) => {
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`an evaluation plays at least one call, not ${runs}`)
  return { runs, seed }
}

const reportOf = (
  options: Pick<Options, "name" | "runs" | "seed">,
  scenarios: ReadonlyArray<EvaluationReport.ScenarioReport>
): EvaluationReport.EvaluationReport => EvaluationTally.make({ name: options.name, ...countsOf(options), scenarios })

const requirementOf = (
  all: { readonly requires?: Requirement | undefined },
  one: { readonly requires?: Requirement | undefined }
): EvaluationReport.Requirement => {
  const { failures = 0, low, rate } = { ...all.requires, ...one.requires }
  return { rate: rate ?? (low === undefined ? 1 : null), low: low ?? null, failures }
}
