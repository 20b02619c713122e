/**
 * Writes the report of an evaluation as JUnit XML, for tools that show test results.
 *
 * A suite is a scenario. Its tests are its criteria, the pass rate of all of them, and the calls, so that a report is red
 * exactly if the evaluation has not passed: one call that did not pass is no failed test while the rate is reached. Fails
 * as `failure` if the agent was too bad, as `error` if calls or judgements failed.
 *
 * Elements and attributes are those of the schema that Jenkins publishes (junit-10.xsd of its xunit plugin), which GitLab,
 * GitHub actions and the others read.
 *
 * @since 0.1.0
 */
import type * as EvaluationReport from "../EvaluationReport.ts"
import * as EvaluationText from "./evaluationText.ts"

/** The report as XML. */
export const make = (report: EvaluationReport.EvaluationReport): string => {
  const suites = report.scenarios.map(suiteOf)
  const tests = suites.flatMap((suite) => suite.tests)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    element(
      "testsuites",
      { name: report.name, ...counts(tests, { skipped: false }) },
      suites.map(({ name, output, tests }) =>
        element("testsuite", { name, ...counts(tests, { skipped: true }) }, [
          element("properties", {}, [
            element("property", { name: "seed", value: String(report.seed) }, []),
            element("property", { name: "runs", value: String(report.runs) }, [])
          ]),
          ...tests.map((test) =>
            element("testcase", { classname: `${report.name}.${name}`, name: test.name }, test.problem ?? [])
          ),
          ...(output === "" ? [] : [element("system-out", {}, [escape(output)])])
        ])
      )
    ),
    ""
  ].join("\n")
}

interface Test {
  readonly name: string
  readonly kind: "passed" | "failure" | "error" | "skipped"
  readonly problem?: ReadonlyArray<string> | undefined
}

interface Suite {
  readonly name: string
  readonly tests: ReadonlyArray<Test>
  readonly output: string
}

const suiteOf = (scenario: EvaluationReport.ScenarioReport): Suite => {
  const { all, criteria, name, outcomes, skipped, status } = scenario
  if (skipped !== null) {
    const problem = [element("skipped", { message: skipped }, [])]
    return { name, output: "", tests: [{ name: "all criteria", kind: "skipped", problem }] }
  }
  const output = outcomes.flatMap(EvaluationText.outcomeLines).join("\n")
  const message = EvaluationText.statusText(scenario)
  const failing = (name: string, rate: EvaluationReport.PassRate, low: boolean): Test =>
    low ? { name, kind: "failure", problem: [problem("failure", message, rateText(rate))] } : { name, kind: "passed" }
  return {
    name,
    output,
    tests: [
      ...criteria.map((criterion) => failing(criterion.name, criterion, isLow(criterion, scenario))),
      failing("all criteria", all, status === "BelowRate"),
      status === "Failures" || status === "NothingJudged"
        ? { name: "calls", kind: "error", problem: [problem("error", message, output)] }
        : { name: "calls", kind: "passed" }
    ]
  }
}

/** A criterion must reach what all of them together must reach: their rate is never above its own. */
const isLow = (criterion: EvaluationReport.PassRate, { required, status }: EvaluationReport.ScenarioReport): boolean =>
  status === "BelowRate" &&
  ((criterion.rate !== null && criterion.rate < (required.rate ?? 0)) || criterion.low < (required.low ?? 0))

const rateText = ({ high, judged, low, passed }: EvaluationReport.PassRate): string =>
  `${passed} of ${judged} calls passed; 95 % interval ${low.toFixed(4)} to ${high.toFixed(4)}`

const counts = (tests: ReadonlyArray<Test>, options: { readonly skipped: boolean }) => {
  const count = (kind: Test["kind"]) => String(tests.filter((test) => test.kind === kind).length)
  return {
    tests: String(tests.length),
    failures: count("failure"),
    errors: count("error"),
    // The schema has it for a suite only.
    ...(options.skipped ? { skipped: count("skipped") } : {})
  }
}

const problem = (kind: "failure" | "error", message: string, text: string): string =>
  element(kind, { message, type: kind === "failure" ? "PassRate" : "Calls" }, [escape(text)])

const element = (
  name: string,
  attributes: { readonly [name: string]: string },
  content: ReadonlyArray<string>
): string => {
  const start = [name, ...Object.entries(attributes).map(([key, value]) => `${key}="${escape(value)}"`)].join(" ")
  if (content.length === 0) return `<${start}/>`
  const holdsText = content.length === 1 && !content[0]!.startsWith("<")
  return holdsText ? `<${start}>${content[0]}</${name}>` : `<${start}>\n${content.join("\n")}\n</${name}>`
}

/** Text for XML 1.0, in an attribute or between tags. Characters that XML cannot contain become question marks. */
const escape = (text: string): string =>
  text
    // oxlint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, "?")
    .replace(/[&<>"'\t\n\r]/g, (character) => entities[character] ?? `&#${character.charCodeAt(0)};`)

const entities: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;"
}
