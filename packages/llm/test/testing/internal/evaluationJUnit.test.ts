import { assert, describe, it } from "@effect/vitest"
import { DOMParser, type Element, onWarningStopParsing } from "@xmldom/xmldom"
import * as EvaluationJUnit from "../../../src/testing/internal/evaluationJUnit.ts"
import * as EvaluationReport from "../../../src/testing/EvaluationReport.ts"
import * as EvaluationTally from "../../../src/testing/internal/evaluationTally.ts"
import { reportOf, scenarioOf } from "../../support/evaluations.ts"

interface Node {
  readonly name: string
  readonly attributes: { readonly [name: string]: string }
  readonly children: ReadonlyArray<Node>
  readonly text: string
}

const nodeOf = (element: Element): Node => {
  const children: Array<Node> = []
  for (const child of element.childNodes) if (child.nodeType === 1) children.push(nodeOf(child as Element))
  return {
    name: element.nodeName,
    attributes: Object.fromEntries(Array.from(element.attributes, ({ name, value }) => [name, value])),
    children,
    text: children.length > 0 ? "" : (element.textContent ?? "")
  }
}

/** Reads XML with a parser that fails at its first warning. */
const read = (xml: string): Node =>
  nodeOf(new DOMParser({ onError: onWarningStopParsing }).parseFromString(xml, "text/xml").documentElement!)

const junit = (...scenarios: ReadonlyArray<EvaluationReport.ScenarioReport>) =>
  read(EvaluationJUnit.make(reportOf(...scenarios)))

const tests = (suite: Node) => suite.children.filter(({ name }) => name === "testcase")
const problems = (suite: Node) =>
  tests(suite).map((test) => [test.attributes["name"], test.children.map(({ name }) => name).join()])

describe("evaluationJUnit", () => {
  it("has a suite for each scenario, with a test per criterion, for all of them, and for the calls", () => {
    const root = junit(scenarioOf("hours", "pp"), scenarioOf("prices", "pf"))
    assert.strictEqual(root.name, "testsuites")
    assert.deepStrictEqual(root.attributes, { name: "shop", tests: "8", failures: "2", errors: "0" })
    assert.deepStrictEqual(
      root.children.map(({ attributes, name }) => [name, attributes]),
      [
        ["testsuite", { name: "hours", tests: "4", failures: "0", errors: "0", skipped: "0" }],
        ["testsuite", { name: "prices", tests: "4", failures: "2", errors: "0", skipped: "0" }]
      ]
    )
    const [hours, prices] = root.children
    assert.deepStrictEqual(problems(hours!), [
      ["kind", ""],
      ["quick", ""],
      ["all criteria", ""],
      ["calls", ""]
    ])
    assert.deepStrictEqual(problems(prices!), [
      ["kind", ""],
      ["quick", "failure"],
      ["all criteria", "failure"],
      ["calls", ""]
    ])
    assert.deepStrictEqual(tests(prices!)[1]?.attributes, { classname: "shop.prices", name: "quick" })
    assert.deepStrictEqual(tests(prices!)[1]?.children[0]?.attributes, {
      message: "the pass rate is too low: a rate of 100.0 % is required",
      type: "PassRate"
    })
    assert.strictEqual(tests(prices!)[1]?.children[0]?.text, "1 of 2 calls passed; 95 % interval 0.0945 to 0.9055")
    assert.match(prices!.children.at(-1)!.text, /^ {2}call 2, seed 2: quick/)
  })

  it("passes if the rate is reached, whatever single calls did", () => {
    const root = junit(scenarioOf("hours", "pf", { rate: 0.5, low: null, failures: 0 }))
    assert.deepStrictEqual([root.attributes["failures"], root.attributes["errors"]], ["0", "0"])
    assert.match(root.children[0]!.children.at(-1)!.text, /call 2/)
  })

  it("distinguishes calls that failed from an agent that did", () => {
    const root = junit(scenarioOf("hours", "ppc"))
    assert.deepStrictEqual([root.attributes["failures"], root.attributes["errors"]], ["0", "1"])
    assert.deepStrictEqual(problems(root.children[0]!).at(-1), ["calls", "error"])
  })

  it("never passes if the evaluation has not", () => {
    for (const required of [
      { rate: 1, low: null, failures: 0 },
      { rate: null, low: 0.6, failures: 0 },
      { rate: 0.5, low: 0.2, failures: 1 }
    ]) {
      for (const calls of ["p", "f", "c", "j", "pf", "ppf", "ppppf", "pc", "pcc", "cj", "ffc"]) {
        const scenario = scenarioOf("hours", calls, required)
        const { attributes } = junit(scenario)
        const green = attributes["failures"] === "0" && attributes["errors"] === "0"
        assert.strictEqual(green, scenario.status === "Passed", `${calls} ${JSON.stringify(required)}`)
      }
    }
  })

  it("says what was skipped, and why", () => {
    const required = { rate: 1, low: null, failures: 0 }
    const root = junit(EvaluationTally.skippedScenario("hours", required, 'set "KEY" & try again'))
    assert.strictEqual(root.children[0]?.attributes["skipped"], "1")
    const skipped = tests(root.children[0]!)[0]?.children[0]
    assert.deepStrictEqual([skipped?.name, skipped?.attributes["message"]], ["skipped", 'set "KEY" & try again'])
  })

  it("escapes whatever names and words contain", () => {
    const nasty = `<a href="x" id='y'>&amp; ]]> <!-- \u0000\u0001\u000b\u001f\ufffe\uffff \ud800 tab\there\nnew line 👋 ü`
    const readable = `<a href="x" id='y'>&amp; ]]> <!-- ?????? ? tab\there\nnew line 👋 ü`
    const scenario = { ...scenarioOf(nasty, "f", undefined, nasty), skipped: null }
    const root = read(EvaluationJUnit.make({ ...reportOf(scenario), name: nasty }))
    assert.strictEqual(root.attributes["name"], readable)
    assert.strictEqual(root.children[0]?.attributes["name"], readable)
    const output = root.children[0]?.children.at(-1)?.text.replace(/\s+/g, " ")
    assert.include(output, `<a href="x" id='y'>&amp; ]]> <!--`)
  })
})
