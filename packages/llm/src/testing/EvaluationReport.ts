/**
 * What came of an evaluation, as data: each call with its verdicts, and the pass rates that follow from them.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Judge from "./Judge.ts"
import * as PassRate from "./PassRate.ts"

const run = { index: Schema.Int, seed: Schema.Int }

/** Schema for what came of one call. */
export const Outcome = Schema.TaggedUnion({
  Judged: {
    ...run,
    passed: Schema.Boolean,
    verdicts: Schema.Array(Judge.Verdict),
    /** The call as the judge read it. */
    call: Schema.String
  },
  /** The call could not be played to its end: a failure of the set-up, not of the agent's manners. */
  CallFailed: { ...run, message: Schema.String },
  JudgeFailed: { ...run, message: Schema.String, call: Schema.String }
})
export type Outcome = typeof Outcome.Type

/** Schema for what is asked of a scenario. What is null is not asked for. */
export const Requirement = Schema.Struct({
  /** The least pass rate. */
  rate: Schema.NullOr(Schema.Finite),
  /** What the lower end of the interval must reach: the claim that can be made of the agent, not of these calls. */
  low: Schema.NullOr(Schema.Finite),
  /** Calls and judgements that may fail. They count neither as passed nor as not passed. */
  failures: Schema.Int
})
export type Requirement = typeof Requirement.Type

/** Schema for the pass rate of one criterion. */
export const CriterionReport = Schema.Struct({
  name: Schema.String,
  ...PassRate.PassRate.fields,
  /** Null if nothing was judged. */
  meanScore: Schema.NullOr(Schema.Finite)
})
export type CriterionReport = typeof CriterionReport.Type

/** Schema for what came of a scenario. */
export const ScenarioReport = Schema.Struct({
  name: Schema.String,
  /**
   * `BelowRate`: the pass rate is less than what is required. `Failures`: more calls or judgements failed than may.
   * `NothingJudged`: there is no rate. `Skipped`: it was not run.
   */
  status: Schema.Literals(["Passed", "BelowRate", "Failures", "NothingJudged", "Skipped"]),
  /** Why it was not run. Null if it was. */
  skipped: Schema.NullOr(Schema.String),
  required: Requirement,
  callsFailed: Schema.Int,
  judgesFailed: Schema.Int,
  /** Calls that met all criteria. */
  all: PassRate.PassRate,
  criteria: Schema.Array(CriterionReport),
  outcomes: Schema.Array(Outcome)
})
export type ScenarioReport = typeof ScenarioReport.Type

/** Schema for the report of an evaluation. `passed` is true if no scenario that was run has any other status. */
export const EvaluationReport = Schema.Struct({
  format: Schema.Literal("antiphon-evaluation"),
  version: Schema.Literal(1),
  name: Schema.String,
  seed: Schema.Int,
  /** Calls of each scenario. */
  runs: Schema.Int,
  passed: Schema.Boolean,
  scenarios: Schema.Array(ScenarioReport)
})
export type EvaluationReport = typeof EvaluationReport.Type

/** Reads a report from its JSON. */
export const fromJson: (json: string) => Effect.Effect<EvaluationReport, Schema.SchemaError> = Schema.decodeEffect(
  Schema.fromJsonString(EvaluationReport)
)

/** Writes a report as JSON. */
export const toJson = (report: EvaluationReport): string =>
  JSON.stringify(Schema.encodeSync(EvaluationReport)(report), null, 2)

/** Counts what came of the calls of a scenario. */
export const scenario = (options: {
  readonly name: string
  readonly criteria: ReadonlyArray<string>
  readonly required: Requirement
  readonly outcomes: ReadonlyArray<Outcome>
}): ScenarioReport => {
  const { criteria, name, outcomes, required } = options
  const judged = outcomes.filter((outcome) => outcome._tag === "Judged")
  const callsFailed = outcomes.filter(({ _tag }) => _tag === "CallFailed").length
  const judgesFailed = outcomes.filter(({ _tag }) => _tag === "JudgeFailed").length
  const all = PassRate.make(judged.filter(({ passed }) => passed).length, judged.length)
  return {
    name,
    status: statusOf(all, callsFailed + judgesFailed, required),
    skipped: null,
    required,
    callsFailed,
    judgesFailed,
    all,
    criteria: criteria.map((criterion) =>
      criterionReport(
        criterion,
        judged.flatMap(({ verdicts }) => verdicts.filter((verdict) => verdict.criterion === criterion))
      )
    ),
    outcomes
  }
}

/** Says that a scenario was not run, and why. */
export const skippedScenario = (name: string, required: Requirement, reason: string): ScenarioReport => ({
  ...scenario({ name, criteria: [], required, outcomes: [] }),
  status: "Skipped",
  skipped: reason
})

/** Puts the scenarios together. */
export const make = (options: {
  readonly name: string
  readonly seed: number
  readonly runs: number
  readonly scenarios: ReadonlyArray<ScenarioReport>
}): EvaluationReport => ({
  format: "antiphon-evaluation",
  version: 1,
  name: options.name,
  seed: options.seed,
  runs: options.runs,
  passed: options.scenarios.every(({ status }) => status === "Passed" || status === "Skipped"),
  scenarios: options.scenarios
})

const statusOf = (all: PassRate.PassRate, failures: number, required: Requirement): ScenarioReport["status"] => {
  if (failures > required.failures) return "Failures"
  if (all.rate === null) return "NothingJudged"
  const enough = all.rate >= (required.rate ?? 0) && all.low >= (required.low ?? 0)
  return enough ? "Passed" : "BelowRate"
}

const criterionReport = (name: string, verdicts: ReadonlyArray<Judge.Verdict>): CriterionReport => ({
  name,
  ...PassRate.make(verdicts.filter(({ passed }) => passed).length, verdicts.length),
  meanScore: verdicts.length === 0 ? null : verdicts.reduce((sum, { score }) => sum + score, 0) / verdicts.length
})
