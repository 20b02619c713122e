/**
 * Formats output: colours on a terminal, and a line that is redrawn in place.
 *
 * @since 0.1.0
 */

/** Where text is written. */
export interface Stream {
  readonly write: (text: string) => unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** Styles for a stream. Without a terminal, or with `NO_COLOR`, text is not styled. */
export const styles = (stream: Stream) => {
  const colours = stream.isTTY === true && process.env["NO_COLOR"] === undefined
  const style = (code: number) => (text: string) => (colours ? `\u001B[${code}m${text}\u001B[0m` : text)
  return { bold: style(1), dim: style(2), red: style(31), green: style(32), yellow: style(33) }
}

/** Widest text for a stream, in columns. */
export const width = (stream: Stream): number => Math.min(Math.max(stream.columns ?? 100, 60), 140)

/**
 * Shows progress. Redraws the last line on a terminal; elsewhere, for example in a build log, it writes a new line, but
 * rarely. `every` is the shortest time between two lines, in milliseconds.
 */
export const liveLine = (stream: Stream) =>
  stream.isTTY === true
    ? {
        every: 100,
        draw: (text: string) => void stream.write(`\r\u001B[2K${text}`),
        clear: () => void stream.write("\r\u001B[2K")
      }
    : { every: 10_000, draw: (text: string) => void stream.write(`${text}\n`), clear: () => {} }

/** A progress bar `cells` wide. */
export const bar = (share: number, cells: number): string => {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * cells)
  return "█".repeat(full) + "░".repeat(cells - full)
}

/** Formats a number with thousands separators. */
export const count = (value: number): string => Math.round(value).toLocaleString("en-US")
