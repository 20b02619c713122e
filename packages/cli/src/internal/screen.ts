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

/**
 * How far something is. On a terminal a line at its end that is drawn over again; elsewhere, as in the log of a build, a
 * line of its own each time, and seldom. `every` is the least time from one to the next, in milliseconds.
 */
export const liveLine = (stream: Stream) =>
  stream.isTTY === true
    ? {
        every: 100,
        draw: (text: string) => void stream.write(`\r\u001B[2K${text}`),
        clear: () => void stream.write("\r\u001B[2K")
      }
    : { every: 10_000, draw: (text: string) => void stream.write(`${text}\n`), clear: () => {} }

/** A bar of so many cells. */
export const bar = (share: number, cells: number): string => {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * cells)
  return "█".repeat(full) + "░".repeat(cells - full)
}

/** A number with its thousands apart. */
export const count = (value: number): string => Math.round(value).toLocaleString("en-US")
