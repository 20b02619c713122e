/** Reports of evaluations that were never run. */
import * as EvaluationReport from "../../src/testing/EvaluationReport.ts"
import * as EvaluationTally from "../../src/testing/internal/evaluationTally.ts"
import type * as Judge from "../../src/testing/Judge.ts"

const verdict = (criterion: string, passed: boolean, reason: string): Judge.Verdict => ({
  criterion,
  passed,
  score: passed ? 1 : 0.25,
  reason,
  quote: passed ? "" : "one moment",
  quoteFound: passed
})

/** Results of calls: `p` passed, `f` did not pass, `c` the call failed, `j` the judge failed. */
export const scenarioOf = (
  name: string,
  calls: string,
  required: EvaluationReport.Requirement = { rate: 1, low: null, failures: 0 },
  reason = "The caller waited."
): EvaluationReport.ScenarioReport =>
  EvaluationTally.scenario({
    name,
    criteria: ["kind", "quick"],
    required,
    outcomes: Array.from(calls, (call, at): EvaluationReport.Outcome => {
      const run = { index: at + 1, seed: at + 1 }
      if (call === "c") return { _tag: "CallFailed", ...run, message: "the line is busy\n0:00 a picture" }
      if (call === "j") return { _tag: "JudgeFailed", ...run, message: "no JSON", call: "" }
      const passed = call === "p"
      return {
        _tag: "Judged",
        ...run,
        passed,
        verdicts: [verdict("kind", true, reason), verdict("quick", passed, reason)],
        call: ""
      }
    })
  })

export const reportOf = (
  ...scenarios: ReadonlyArray<EvaluationReport.ScenarioReport>
): EvaluationReport.EvaluationReport => EvaluationTally.make({ name: "shop", seed: 1, runs: 10, scenarios })
