/**
 * A report of an evaluation for people to read, at most 100 columns wide.
 *
 * @since 0.1.0
 */
import * as Printable from "@antiphon/core/Printable"
import type * as EvaluationReport from "../EvaluationReport.ts"

const width = 100
const nameWidth = 49

/** The report as text: a table of pass rates, then what went wrong, call by call. */
export const make = (report: EvaluationReport.EvaluationReport): string => {
  const { name, passed, runs, scenarios, seed } = report
  const lines = [
    fit(`${name}: ${runs} calls of each scenario, seeds ${seed} to ${seed + runs - 1}`, width),
    "",
    row("scenario, criteria", ["passed", "rate", "95 % interval", "score", "failed"]),
    "─".repeat(width),
    ...scenarios.flatMap(table),
    "",
    ...scenarios.flatMap(complaints),
    passed ? verdictOf(scenarios) : `Not passed: ${scenarios.filter(isBad).length} of ${scenarios.length} scenarios`
  ]
  return lines.map((line) => line.trimEnd()).join("\n")
}

const isBad = ({ status }: EvaluationReport.ScenarioReport) => status !== "Passed" && status !== "Skipped"

const verdictOf = (scenarios: ReadonlyArray<EvaluationReport.ScenarioReport>): string => {
  const skipped = scenarios.filter(({ status }) => status === "Skipped").length
  if (skipped === scenarios.length) return "Skipped: nothing was run"
  return skipped === 0 ? "Passed" : `Passed, ${skipped} of ${scenarios.length} scenarios skipped`
}

const table = (scenario: EvaluationReport.ScenarioReport): ReadonlyArray<string> => {
  if (scenario.skipped !== null) return [row(scenario.name, ["skipped", "", "", "", ""])]
  const failed = scenario.callsFailed + scenario.judgesFailed
  return [
    row(`${isBad(scenario) ? "✗" : "✓"} ${scenario.name}`, [...rates(scenario.all), "", String(failed)]),
    ...scenario.criteria.map((criterion) =>
      row(`    ${criterion.name}`, [...rates(criterion), criterion.meanScore?.toFixed(2) ?? "–", ""])
    )
  ]
}

const rates = ({ high, judged, low, passed, rate }: EvaluationReport.PassRate): ReadonlyArray<string> => [
  `${passed}/${judged}`,
  rate === null ? "–" : percent(rate),
  `${percent(low)} to ${percent(high)}`
]

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

const row = (name: string, cells: ReadonlyArray<string>): string =>
  fit(name, nameWidth) + cells.map((cell, index) => cell.padStart(columns[index]!)).join("")

const columns = [9, 9, 19, 7, 7]

const complaints = (scenario: EvaluationReport.ScenarioReport): ReadonlyArray<string> => {
  const { name, skipped, status } = scenario
  if (skipped !== null) return [fit(name, width), ...wrap(`skipped: ${skipped}`, "  "), ""]
  const lines = scenario.outcomes.flatMap(outcomeLines)
  if (lines.length === 0 && status === "Passed") return []
  return [fit(`${name}: ${statusText(scenario)}`, width), ...lines, ""]
}

/** The status in words. */
export const statusText = ({
  callsFailed,
  judgesFailed,
  required,
  status
}: EvaluationReport.ScenarioReport): string => {
  switch (status) {
    case "Passed":
      return "passed"
    case "Skipped":
      return "skipped"
    case "NothingJudged":
      return "no call was judged"
    case "Failures":
      return `${callsFailed} calls and ${judgesFailed} judgements failed, and ${required.failures} may`
    case "BelowRate": {
      const asked = [
        ...(required.rate === null ? [] : [`a rate of ${percent(required.rate)}`]),
        ...(required.low === null ? [] : [`an interval that begins at ${percent(required.low)}`])
      ]
      return `the pass rate is too low: ${asked.join(" and ")} is required`
    }
  }
}

/** The problems of a call. Empty if it passed. */
export const outcomeLines = (outcome: EvaluationReport.Outcome): ReadonlyArray<string> => {
  const call = `call ${outcome.index}, seed ${outcome.seed}`
  switch (outcome._tag) {
    case "CallFailed":
      // The picture of a stuck call continues below its first line, and is part of the JSON.
      return wrap(`${call}: the call failed: ${outcome.message.split("\n", 1)[0]}`, "  ")
    case "JudgeFailed":
      return wrap(`${call}: ${outcome.message}`, "  ")
    case "Judged":
      return outcome.verdicts
        .filter(({ passed }) => !passed)
        .flatMap(({ criterion, quote, quoteFound, reason, score }) => {
          const quotation = quote === "" ? "" : ` “${quote}”${quoteFound ? "" : " (not on the call)"}`
          return wrap(`${call}: ${criterion} (${score.toFixed(2)}): ${reason}${quotation}`, "  ")
        })
  }
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" })
const graphemes = (text: string): ReadonlyArray<string> => Array.from(segmenter.segment(text), ({ segment }) => segment)

/** Columns of a terminal: two for Chinese, Japanese, Korean and emoji. */
export const columnsOf = (text: string): number =>
  graphemes(text).reduce((sum, grapheme) => sum + (wide.test(grapheme) ? 2 : 1), 0)

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\ufe0f/u

/** Text of one line in exactly so many columns, or in fewer if the text is the whole line: what is too long is cut. */
const fit = (text: string, columns: number): string => {
  const line = Printable.line(text)
  if (columnsOf(line) <= columns) return line + " ".repeat(columns - columnsOf(line))
  let kept = ""
  let used = 1
  for (const grapheme of graphemes(line)) {
    used += columnsOf(grapheme)
    if (used > columns) break
    kept += grapheme
  }
  return `${kept}…${" ".repeat(columns - columnsOf(kept) - 1)}`
}

const wrap = (text: string, indent: string): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of Printable.line(text).trim().split(/\s+/u)) {
    for (const piece of pieces(word)) {
      const room = width - columnsOf(indent) - (lines.length > 0 ? 2 : 0)
      const joined = line === "" ? piece : `${line} ${piece}`
      if (columnsOf(joined) > room && line !== "") {
        lines.push(line)
        line = piece
      } else line = joined
    }
  }
  lines.push(line)
  return lines.map((part, index) => `${indent}${index === 0 ? "" : "  "}${part}`)
}

/** A word that is too long for a line, in pieces that are not. */
const pieces = (word: string): ReadonlyArray<string> => {
  if (columnsOf(word) <= width / 2) return [word]
  const parts: Array<string> = [""]
  for (const grapheme of graphemes(word)) {
    if (columnsOf(parts.at(-1)!) + 2 > width / 2) parts.push("")
    parts[parts.length - 1] += grapheme
  }
  return parts
}
