/** Adds up what several processes report: pages for Prometheus, and health. */
import type { Reason, Snapshot } from "../../Health.ts"

/** Merges pages: samples of the same name and labels are added, which is right for counts and for open calls. */
export const sum = (pages: ReadonlyArray<string>): string => {
  const lines = new Map<string, number | undefined>()
  for (const line of pages.flatMap((page) => page.split("\n"))) {
    const [, series, text] = /^([^#\s{]+(?:\{.*\})?)\s+(\S+)$/.exec(line) ?? []
    if (series === undefined) {
      if (line !== "" && !lines.has(line)) lines.set(line, undefined)
    } else lines.set(series, (lines.get(series) ?? 0) + numberOf(text!))
  }
  return `${[...lines].map(([line, value]) => (value === undefined ? line : `${line} ${textOf(value)}`)).join("\n")}\n`
}

const numberOf = (text: string): number => (text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text))
const textOf = (value: number): string =>
  value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : Number.isNaN(value) ? "NaN" : String(value)

/** The health of all processes as that of one server, which is ready if one of them is. */
export const total = (snapshots: ReadonlyArray<Snapshot>): Snapshot => {
  const add = (of: (snapshot: Snapshot) => number) => snapshots.reduce((sum, snapshot) => sum + of(snapshot), 0)
  const counts = (of: (snapshot: Snapshot) => { readonly [key: string]: number | undefined }) => {
    const sums: { [key: string]: number } = {}
    for (const snapshot of snapshots) {
      for (const [key, value = 0] of Object.entries(of(snapshot))) sums[key] = (sums[key] ?? 0) + value
    }
    return sums
  }
  const ready = snapshots.some(({ readiness }) => readiness.ready)
  const reasons = new Set<Reason>(snapshots.flatMap(({ readiness }) => readiness.reasons))
  return {
    openCalls: add(({ openCalls }) => openCalls),
    openings: add(({ openings }) => openings),
    maxCalls: add(({ maxCalls }) => maxCalls),
    started: add(({ started }) => started),
    ended: counts(({ ended }) => ended),
    refused: counts(({ refused }) => refused),
    received: add(({ received }) => received),
    dropped: add(({ dropped }) => dropped),
    sent: add(({ sent }) => sent),
    turns: add(({ turns }) => turns),
    blocks: {
      count: add(({ blocks }) => blocks.count),
      totalMs: add(({ blocks }) => blocks.totalMs),
      longestMs: Math.max(0, ...snapshots.map(({ blocks }) => blocks.longestMs)),
      lastMs: Math.max(0, ...snapshots.map(({ blocks }) => blocks.lastMs))
    },
    uncaught: add(({ uncaught }) => uncaught),
    drains: add(({ drains }) => drains),
    draining: snapshots.length > 0 && snapshots.every(({ draining }) => draining),
    readiness: { ready, reasons: ready ? [] : snapshots.length === 0 ? ["NoProcess"] : [...reasons] }
  }
}
