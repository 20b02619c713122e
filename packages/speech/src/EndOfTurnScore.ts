/**
 * Scores how well ends of turns are detected: by the delay after the user has finished, for a given share of false
 * cut-offs.
 *
 * The scoring is that of eot-bench (livekit/eot-bench, 2026): each silence inside a turn (`hold`) is a chance to cut
 * the user off, and each silence at its end (`eot`) is waited through. A policy has three numbers: it acts on a score
 * above `threshold`, but not before `actionDelayMs` of silence, and after `timeoutMs` whatever the score. All policies
 * of a grid are tried, and the result is the one with the smallest mean delay within a budget of cut-offs.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** A judgement some time into a silence. */
export interface Score {
  readonly silenceMs: number
  /** From 0 (continues) to 1 (is over). */
  readonly endOfTurn: number
}

/** A silence, and a detector's judgements during it. */
export interface Span {
  readonly kind: "hold" | "eot"
  readonly durationMs: number
  /** Ordered by time. */
  readonly scores: ReadonlyArray<Score>
}

/** When to end a turn. */
export interface Policy {
  readonly threshold: number
  readonly actionDelayMs: number
  readonly timeoutMs: number
}

/** The results of a policy. Rates are shares from 0 to 1. */
export interface Outcome {
  /** The share of silences inside turns that were mistaken for the end. */
  readonly falseCutOffs: number
  /** Mean silence at the end of turns before they were ended. */
  readonly delayMs: number
  /** The share of turns ended only by the timeout. */
  readonly timeouts: number
}

/** A policy and its results. */
export interface Point extends Outcome {
  readonly policy: Policy
}

/** The policies to try. The defaults are those of eot-bench. */
export interface Grid {
  readonly thresholds?: ReadonlyArray<number> | undefined
  readonly actionDelaysMs?: ReadonlyArray<number> | undefined
  readonly timeoutsMs?: ReadonlyArray<number> | undefined
}

const steps = (from: number, to: number, by: number): ReadonlyArray<number> =>
  Array.from({ length: Math.round((to - from) / by) + 1 }, (_, index) => from + index * by)

const grid = {
  thresholds: steps(0, 100, 1).map((percent) => percent / 100),
  actionDelaysMs: steps(200, 1000, 100),
  timeoutsMs: steps(1000, 3500, 500)
}

/** Which silences inside turns count: no policy should act on shorter ones, and longer ones are not hesitations. */
const countsMs = [200, 5000] as const

const counted = (spans: ReadonlyArray<Span>): ReadonlyArray<Span> =>
  spans.filter(({ kind, durationMs }) => kind === "eot" || (durationMs >= countsMs[0] && durationMs <= countsMs[1]))

/** Scores one policy. */
export const score = (spans: ReadonlyArray<Span>, policy: Policy): Outcome =>
  outcome(counted(spans), firings(counted(spans), policy.threshold), policy)

/** When a score first exceeds a threshold, for each span. */
const firings = (spans: ReadonlyArray<Span>, threshold: number): ReadonlyArray<number> =>
  spans.map(
    ({ scores }) => scores.find(({ endOfTurn }) => endOfTurn > threshold)?.silenceMs ?? Number.POSITIVE_INFINITY
  )

const outcome = (spans: ReadonlyArray<Span>, fires: ReadonlyArray<number>, policy: Policy): Outcome => {
  let [holds, cutOffs, ends, delay, timeouts] = [0, 0, 0, 0, 0]
  spans.forEach((span, index) => {
    const fire = Math.max(policy.actionDelayMs, fires[index]!)
    const acts = Math.min(fire, policy.timeoutMs)
    if (span.kind === "hold") {
      holds++
      if (span.durationMs > acts) cutOffs++
    } else {
      ends++
      delay += acts
      if (fire > policy.timeoutMs) timeouts++
    }
  })
  return { falseCutOffs: cutOffs / holds, delayMs: delay / ends, timeouts: timeouts / ends }
}

/** Scores all policies of a grid. There must be silences of both kinds. */
export const sweep = (spans: ReadonlyArray<Span>, options: Grid = {}): ReadonlyArray<Point> => {
  const { thresholds = grid.thresholds, actionDelaysMs = grid.actionDelaysMs, timeoutsMs = grid.timeoutsMs } = options
  const those = counted(spans)
  return thresholds.flatMap((threshold) => {
    const fires = firings(those, threshold)
    return actionDelaysMs.flatMap((actionDelayMs) =>
      timeoutsMs
        .filter((timeoutMs) => timeoutMs >= actionDelayMs)
        .map((timeoutMs): Point => {
          const policy = { threshold, actionDelayMs, timeoutMs }
          return { policy, ...outcome(those, fires, policy) }
        })
    )
  })
}

/** Scores policies that use silence alone, with the same wait for every silence. */
export const silenceOnly = (spans: ReadonlyArray<Span>, waitsMs?: ReadonlyArray<number>): ReadonlyArray<Point> => {
  const waits = waitsMs ?? [...new Set([...grid.actionDelaysMs, ...grid.timeoutsMs])]
  return waits.map((wait): Point => {
    const policy = { threshold: 1, actionDelayMs: wait, timeoutMs: wait }
    return { policy, ...score(spans, policy), timeouts: 0 }
  })
}

/** Scores the waits a detector chose for each span, for detectors that return `waitMs`. */
export const scoreWaits = (spans: ReadonlyArray<Span>, waitsMs: ReadonlyArray<number>): Outcome => {
  const pairs = spans.map((span, index) => ({ span, wait: waitsMs[index]! }))
  const those = counted(spans)
  const used = pairs.filter(({ span }) => those.includes(span))
  const holds = used.filter(({ span }) => span.kind === "hold")
  const ends = used.filter(({ span }) => span.kind === "eot")
  return {
    falseCutOffs: holds.filter(({ span, wait }) => span.durationMs > wait).length / holds.length,
    delayMs: ends.reduce((sum, { wait }) => sum + wait, 0) / ends.length,
    timeouts: 0
  }
}

/** The point with the smallest delay among those within a share of false cut-offs. */
export const fastest = <A extends Outcome>(points: ReadonlyArray<A>, falseCutOffs: number): A | undefined =>
  least(
    points.filter((point) => point.falseCutOffs <= falseCutOffs + 1e-9),
    (point) => [point.delayMs, point.falseCutOffs]
  )

/** The point with the fewest false cut-offs among those within a delay. */
export const safest = <A extends Outcome>(points: ReadonlyArray<A>, delayMs: number): A | undefined =>
  least(
    points.filter((point) => point.delayMs <= delayMs + 1e-9),
    (point) => [point.falseCutOffs, point.delayMs]
  )

/** The points that no other point beats in both respects, fastest first. */
export const frontier = <A extends Outcome>(points: ReadonlyArray<A>): ReadonlyArray<A> => {
  const kept: Array<A> = []
  for (const point of points.toSorted((a, b) => a.delayMs - b.delayMs || a.falseCutOffs - b.falseCutOffs)) {
    if (kept.length === 0 || point.falseCutOffs < kept.at(-1)!.falseCutOffs - 1e-9) kept.push(point)
  }
  return kept
}

const least = <A>(values: ReadonlyArray<A>, key: (value: A) => readonly [number, number]): A | undefined =>
  values.reduce<A | undefined>((best, value) => {
    if (best === undefined) return value
    const [first, second] = key(value)
    const [bestFirst, bestSecond] = key(best)
    return first < bestFirst || (first === bestFirst && second < bestSecond) ? value : best
  }, undefined)

/** A row of eot-bench's `predictions`, as JSON. Times in seconds. */
const Row = Schema.Struct({
  id: Schema.String,
  span_index: Schema.Finite,
  silence_dur: Schema.Finite,
  p_eot: Schema.NullOr(Schema.Finite),
  label: Schema.Literals(["hold", "eot"])
})
type Row = typeof Row.Type

const decodeRow = Schema.decodeUnknownResult(Schema.fromJsonString(Row))

/**
 * Reads eot-bench's predictions, one JSON object per line (`predictions.parquet`, exported with any tool that reads
 * Parquet). Fails with the first invalid line.
 */
export const fromJsonLines = (text: string): Result.Result<ReadonlyArray<Span>, Schema.SchemaError> => {
  const rows: Array<Row> = []
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue
    const row = decodeRow(line)
    if (Result.isFailure(row)) return Result.fail(row.failure)
    rows.push(row.success)
  }
  return Result.succeed(fromRows(rows))
}

/** Makes spans from eot-bench's predictions. A span lasts until its last prediction, as in eot-bench. */
const fromRows = (rows: ReadonlyArray<Row>): ReadonlyArray<Span> => {
  const groups = Map.groupBy(rows, (row) => JSON.stringify([row.id, row.span_index]))
  return [...groups.values()].map((group) => {
    const sorted = group.toSorted((a, b) => a.silence_dur - b.silence_dur)
    return {
      kind: sorted[0]!.label,
      durationMs: sorted.at(-1)!.silence_dur * 1000,
      scores: sorted.flatMap(({ silence_dur, p_eot }) =>
        p_eot === null ? [] : [{ silenceMs: silence_dur * 1000, endOfTurn: p_eot }]
      )
    }
  })
}
