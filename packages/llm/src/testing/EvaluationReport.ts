/**
 * The result of an evaluation, as data: each call with its verdicts, and the pass rates that follow.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Judge from "./Judge.ts"

const run = { index: Schema.Int, seed: Schema.Int }

/** Schema for the outcome of one call. */
export const Outcome = Schema.TaggedUnion({
  Judged: {
    ...run,
    passed: Schema.Boolean,
    verdicts: Schema.Array(Judge.Verdict),
    /** The call as the judge read it. */
    call: Schema.String
  },
  /** The call could not be played to its end: a failure of the setup, not of the agent's behaviour. */
  CallFailed: { ...run, message: Schema.String },
  JudgeFailed: { ...run, message: Schema.String, call: Schema.String }
})
export type Outcome = typeof Outcome.Type

/** Schema for the requirements of a scenario. Null means not required. */
export const Requirement = Schema.Struct({
  /** The least pass rate. */
  rate: Schema.NullOr(Schema.Finite),
  /** What the lower end of the interval must reach: a claim about the agent rather than about these calls. */
  low: Schema.NullOr(Schema.Finite),
  /** Calls and judgements that may fail. They count neither as passed nor as not passed. */
  failures: Schema.Int
})
export type Requirement = typeof Requirement.Type

/** Schema for a pass rate with its interval of 95 % confidence. */
export const PassRate = Schema.Struct({
  passed: Schema.Int,
  judged: Schema.Int,
  /** Null if nothing was judged. */
  rate: Schema.NullOr(Schema.Finite),
  low: Schema.Finite,
  high: Schema.Finite
})
export type PassRate = typeof PassRate.Type

/** Schema for the pass rate of one criterion. */
export const CriterionReport = Schema.Struct({
  name: Schema.String,
  ...PassRate.fields,
  /** Null if nothing was judged. */
  meanScore: Schema.NullOr(Schema.Finite)
})
export type CriterionReport = typeof CriterionReport.Type

/** Schema for the result of a scenario. */
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
  all: PassRate,
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
