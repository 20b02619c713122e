/** The results of a bench, and their table. */

/** One budget, compared with the measurement. */
export interface Row {
  /** The claim, with its bound. */
  readonly budget: string
  readonly measured: string
  /** What the machine, or the other side of the comparison, achieves in the same run. `-` if the bound is absolute. */
  readonly floor: string
  /** Measured against floor; `-` if there is none. */
  readonly ratio: string
  readonly ok: boolean
}

/** The value below which a given share of the values lies. */
export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** The median. */
export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length / 2
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2
}

export const ms = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`

/** Time in milliseconds, on a clock that all processes of the machine share. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** Hands the rows of a bench to its parent process, and fails the process if a bound is broken. */
export const report = (rows: ReadonlyArray<Row>): void => {
  if (process.send === undefined) console.log(table(rows))
  else process.send(rows)
  if (rows.some((row) => !row.ok)) process.exitCode = 1
}

const columns = ["budget", "measured", "floor", "ratio", "verdict"] as const

/** The rows as text, one line each. */
export const table = (rows: ReadonlyArray<Row>): string => {
  const cells = rows.map((row) => ({ ...row, verdict: row.ok ? "ok" : "BROKEN" }))
  const widths = columns.map((column) => Math.max(column.length, ...cells.map((row) => row[column].length)))
  const line = (texts: ReadonlyArray<string>) =>
    texts
      .map((text, i) => text.padEnd(widths[i]!))
      .join(" | ")
      .trimEnd()
  return [
    line(columns),
    widths.map((width) => "-".repeat(width)).join("-|-"),
    ...cells.map((row) => line(columns.map((column) => row[column])))
  ].join("\n")
}
