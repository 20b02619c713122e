/** Counts the outcomes of an evaluation's calls, and draws the conclusions. */
import type * as Report from "../EvaluationReport.ts"
import type * as Judge from "../Judge.ts"
import * as PassRate from "./passRate.ts"

/** Counts the outcomes of a scenario's calls. */
export const scenario = (options: {
  readonly name: string
  readonly criteria: ReadonlyArray<string>
  readonly required: Report.Requirement
  readonly outcomes: ReadonlyArray<Report.Outcome>
}): Report.ScenarioReport => {
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
export const skippedScenario = (name: string, required: Report.Requirement, reason: string): Report.ScenarioReport => ({
  ...scenario({ name, criteria: [], required, outcomes: [] }),
  status: "Skipped",
  skipped: reason
})

/** Combines the scenarios. */
export const make = (options: {
  readonly name: string
  readonly seed: number
  readonly runs: number
  readonly scenarios: ReadonlyArray<Report.ScenarioReport>
}): Report.EvaluationReport => ({
  format: "antiphon-evaluation",
  version: 1,
  name: options.name,
  seed: options.seed,
  runs: options.runs,
  passed: options.scenarios.every(({ status }) => status === "Passed" || status === "Skipped"),
  scenarios: options.scenarios
})

const statusOf = (
  all: Report.PassRate,
  failures: number,
  required: Report.Requirement
): Report.ScenarioReport["status"] => {
  if (failures > required.failures) return "Failures"
  if (all.rate === null) return "NothingJudged"
  const enough = all.rate >= (required.rate ?? 0) && all.low >= (required.low ?? 0)
  return enough ? "Passed" : "BelowRate"
}

const criterionReport = (name: string, verdicts: ReadonlyArray<Judge.Verdict>): Report.CriterionReport => ({
  name,
  ...PassRate.make(verdicts.filter(({ passed }) => passed).length, verdicts.length),
  meanScore: verdicts.length === 0 ? null : verdicts.reduce((sum, { score }) => sum + score, 0) / verdicts.length
})
