import { assert, describe, it } from "@effect/vitest"
import * as EvaluationText from "../../../src/testing/internal/evaluationText.ts"
import * as EvaluationReport from "../../../src/testing/EvaluationReport.ts"
import * as EvaluationTally from "../../../src/testing/internal/evaluationTally.ts"
import { reportOf, scenarioOf } from "../../support/evaluations.ts"

describe("evaluationText", () => {
  it("is a table of rates, followed by what went wrong", () => {
    const report = reportOf(
      scenarioOf("opening hours", "pppppppppf"),
      scenarioOf("a slow line", "ppcj", { rate: 0.9, low: null, failures: 1 }),
      EvaluationTally.skippedScenario("with a model", { rate: 1, low: null, failures: 0 }, "SOME_API_KEY is not set")
    )
    assert.strictEqual(
      EvaluationText.make(report),
      `shop: 10 calls of each scenario, seeds 1 to 10

scenario, criteria                                  passed     rate      95 % interval  score failed
────────────────────────────────────────────────────────────────────────────────────────────────────
✗ opening hours                                       9/10   90.0 %   59.6 % to 98.2 %             0
    kind                                             10/10  100.0 %  72.2 % to 100.0 %   1.00
    quick                                             9/10   90.0 %   59.6 % to 98.2 %   0.93
✗ a slow line                                          2/2  100.0 %  34.2 % to 100.0 %             2
    kind                                               2/2  100.0 %  34.2 % to 100.0 %   1.00
    quick                                              2/2  100.0 %  34.2 % to 100.0 %   1.00
with a model                                       skipped

opening hours: the pass rate is too low: a rate of 100.0 % is required
  call 10, seed 10: quick (0.25): The caller waited. “one moment” (not on the call)

a slow line: 1 calls and 1 judgements failed, and 1 may
  call 3, seed 3: the call failed: the line is busy
  call 4, seed 4: no JSON

with a model
  skipped: SOME_API_KEY is not set

Not passed: 2 of 3 scenarios`
    )
  })

  it("ends with the verdict", () => {
    const good = scenarioOf("a", "p")
    const skipped = EvaluationTally.skippedScenario("b", good.required, "no key")
    const last = (...scenarios: ReadonlyArray<EvaluationReport.ScenarioReport>) =>
      EvaluationText.make(reportOf(...scenarios))
        .split("\n")
        .at(-1)
    assert.strictEqual(last(good), "Passed")
    assert.strictEqual(last(good, skipped), "Passed, 1 of 2 scenarios skipped")
    assert.strictEqual(last(skipped), "Skipped: nothing was run")
    assert.strictEqual(last(good, scenarioOf("c", "f")), "Not passed: 1 of 2 scenarios")
  })

  it("names which of the two requirements is missed", () => {
    const text = EvaluationText.make(reportOf(scenarioOf("a", "pf", { rate: 0.8, low: 0.5, failures: 0 })))
    assert.include(text, "a rate of 80.0 % and an interval that begins at 50.0 % is required")
  })

  it("measures columns as a terminal does", () => {
    for (const [text, columns] of [
      ["abc", 3],
      ["über", 4],
      ["e\u0301", 1],
      ["这是", 4],
      ["👩‍👩‍👧‍👦", 2],
      ["🇩🇪", 2]
    ] as const) {
      assert.strictEqual(EvaluationText.columnsOf(text), columns, text)
    }
  })

  for (const [name, long] of [
    ["long names", "a scenario with a name that nobody would give it, ".repeat(5)],
    ["words without end", "x".repeat(400)],
    ["Chinese", "这是一个很长的场景名称".repeat(12)],
    ["emoji", "👩‍👩‍👧‍👦🇩🇪📞".repeat(40)],
    ["line breaks", "one\ntwo\r\nthree\tfour \u001b[31m".repeat(10)]
  ] as const) {
    it(`fits 100 columns with ${name}`, () => {
      const report = { ...reportOf(scenarioOf(long, "pfcj", undefined, long)), name: long }
      const lines = EvaluationText.make(report).split("\n")
      for (const line of lines) assert.isAtMost(EvaluationText.columnsOf(line), 100, line)
      assert.isAbove(lines.length, 10)
      // oxlint-disable-next-line no-control-regex
      assert.notMatch(lines.join(""), /[\t\r\u001b]/)
    })
  }
})
