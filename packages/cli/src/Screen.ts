/**
 * How output looks: colours where somebody looks at it, and a line that is drawn over again.
 *
 * @since 0.1.0
 */

/** Where text goes. */
export interface Stream {
  readonly write: (text: string) => unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** Styles for a stream. Without a terminal, or with `NO_COLOR`, texts are themselves. */
export const styles = (stream: Stream) => {
  const colours = stream.isTTY === true && process.env["NO_COLOR"] === undefined
  const style = (code: number) => (text: string) => (colours ? `\u001B[${code}m${text}\u001B[0m` : text)
  return { bold: style(1), dim: style(2), red: style(31), green: style(32), yellow: style(33) }
}

/** Columns that a text may have. */
export const width = (stream: Stream): number => Math.min(Math.max(stream.columns ?? 100, 60), 140)

/** A line at the end of a terminal that is drawn over again. Without a terminal it is not drawn at all. */
export const liveLine = (stream: Stream) => ({
  draw: (text: string) => {
    if (stream.isTTY === true) stream.write(`\r\u001B[2K${text}`)
  },
  clear: () => {
    if (stream.isTTY === true) stream.write("\r\u001B[2K")
  }
})

/** A bar of so many cells. */
export const bar = (share: number, cells: number): string => {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * cells)
  return "█".repeat(full) + "░".repeat(cells - full)
}

/** A number with its thousands apart. */
export const count = (value: number): string => Math.round(value).toLocaleString("en-US")
