import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Score from "../src/EndOfTurnScore.ts"

const span = (
  kind: "hold" | "eot",
  durationMs: number,
  ...scores: ReadonlyArray<readonly [number, number]>
): Score.Span => ({
  kind,
  durationMs,
  scores: scores.map(([silenceMs, endOfTurn]) => ({ silenceMs, endOfTurn }))
})

// Worked out by hand.
const spans = [
  span("hold", 300, [100, 0.1], [200, 0.2]),
  span("hold", 800, [100, 0.2], [500, 0.6]),
  span("hold", 1500, [100, 0.3]),
  span("hold", 100, [100, 0.99]),
  span("hold", 9000, [100, 0.99]),
  span("eot", 3000, [100, 0.2], [400, 0.9]),
  span("eot", 3000, [100, 0.4])
]

describe("EndOfTurnScore", () => {
  it("counts false cut-offs, and the delay at the end", () => {
    const outcome = Score.score(spans, { threshold: 0.5, actionDelayMs: 200, timeoutMs: 1000 })
    // Cut off: 800 by its score at 500, 1500 by the timeout. Delays: 400 and 1000.
    assert.deepStrictEqual(outcome, { falseCutOffs: 2 / 3, delayMs: 700, timeouts: 0.5 })
  })

  it("takes no action before its delay", () => {
    assert.strictEqual(Score.score(spans, { threshold: 0.5, actionDelayMs: 900, timeoutMs: 2000 }).falseCutOffs, 0)
    assert.strictEqual(Score.score(spans, { threshold: 0.5, actionDelayMs: 600, timeoutMs: 2000 }).delayMs, 1300)
  })

  it("ignores silences too short or too long to be a hesitation", () => {
    assert.strictEqual(Score.score(spans, { threshold: 0, actionDelayMs: 200, timeoutMs: 1000 }).falseCutOffs, 1)
  })

  it("acts only if a score exceeds the threshold and a silence the delay", () => {
    const edge = [span("hold", 500, [200, 0.5]), span("eot", 3000, [200, 0.5])]
    assert.strictEqual(Score.score(edge, { threshold: 0.5, actionDelayMs: 200, timeoutMs: 500 }).falseCutOffs, 0)
    assert.strictEqual(Score.score(edge, { threshold: 0.49, actionDelayMs: 200, timeoutMs: 500 }).falseCutOffs, 1)
  })

  it("tries the policies of eot-bench, and finds the fastest and the safest", () => {
    const points = Score.sweep(spans)
    assert.lengthOf(points, 101 * 9 * 6)
    for (const point of points)
      assert.deepStrictEqual(Score.score(spans, point.policy), {
        falseCutOffs: point.falseCutOffs,
        delayMs: point.delayMs,
        timeouts: point.timeouts
      })
    const fastest = Score.fastest(points, 0.05)!
    assert.strictEqual(fastest.falseCutOffs, 0)
    assert.isFalse(points.some((point) => point.falseCutOffs <= 0.05 && point.delayMs < fastest.delayMs))
    assert.strictEqual(fastest.delayMs, 800)
    assert.strictEqual(Score.safest(points, 800)!.falseCutOffs, 0)
    assert.isUndefined(Score.fastest(points, -1))
  })

  it("has a frontier that falls in one dimension and rises in the other", () => {
    const frontier = Score.frontier(Score.sweep(spans))
    for (let index = 1; index < frontier.length; index++) {
      assert.isAbove(frontier[index]!.delayMs, frontier[index - 1]!.delayMs)
      assert.isBelow(frontier[index]!.falseCutOffs, frontier[index - 1]!.falseCutOffs)
    }
  })

  it("scores silence alone and a detector's waits the same way", () => {
    const [point] = Score.silenceOnly(spans, [1000])
    assert.deepStrictEqual([point!.falseCutOffs, point!.delayMs], [1 / 3, 1000])
    assert.deepStrictEqual(
      Score.scoreWaits(
        spans,
        spans.map(() => 1000)
      ),
      { falseCutOffs: 1 / 3, delayMs: 1000, timeouts: 0 }
    )
  })

  it("reads eot-bench's predictions", () => {
    const rows = [
      { id: "a", language: "en", span_index: 0, timestamp: 1.2, silence_dur: 0.2, p_eot: 0.1, label: "hold" },
      { id: "a", language: "en", span_index: 0, timestamp: 1.1, silence_dur: 0.1, p_eot: null, label: "hold" },
      { id: "a", language: "en", span_index: 1, timestamp: 3, silence_dur: 0.3, p_eot: 0.9, label: "eot" }
    ]
    const read = Score.fromJsonLines(rows.map((row) => JSON.stringify(row)).join("\n"))
    assert.deepStrictEqual(Result.getOrThrow(read), [span("hold", 200, [200, 0.1]), span("eot", 300, [300, 0.9])])
    assert.isTrue(Result.isFailure(Score.fromJsonLines(`{"id":"a"}`)))
    assert.isTrue(Result.isFailure(Score.fromJsonLines("no")))
  })
})
