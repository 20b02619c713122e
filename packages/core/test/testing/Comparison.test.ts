import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import * as CallRequest from "../../src/CallRequest.ts"
import * as Recording from "../../src/recording/Recording.ts"
import * as Comparison from "../../src/testing/Comparison.ts"

const header: Recording.Header = {
  _tag: "Recording",
  version: Recording.version,
  startedAt: DateTime.makeUnsafe(0),
  request: CallRequest.make({ callId: "c" }),
  seed: 1,
  redacted: false
}
const recording = (...lines: ReadonlyArray<Recording.Line>): Recording.Recording => ({
  header,
  lines: [...lines, { _tag: "CallClosed", at: 1000, how: "Ended" }],
  truncated: false,
  skipped: 0
})
const sent = (at: number, text: string): Recording.Line => ({
  _tag: "Sent",
  at,
  turn: 1,
  output: { _tag: "AgentSendText", text }
})
const metric = (at: number, value: unknown): Recording.Line => ({
  _tag: "Sent",
  at,
  turn: 1,
  output: { _tag: "LogMetric", name: "ms", value }
})
const reported = (at: number): Recording.Line => ({ _tag: "Reported", at, report: { _tag: "UserTurnStarted" } })
const returned = (at: number): Recording.Line => ({
  _tag: "Happened",
  at,
  event: { _tag: "BackgroundReturned", eventId: "e", name: "w", respondingTo: "t", outcome: "Returned", result: 1 }
})

const what = (comparison: Comparison.Comparison) =>
  comparison._tag === "Different" ? comparison.difference.what : comparison._tag

describe("Comparison", () => {
  const rows: ReadonlyArray<
    readonly [
      name: string,
      recorded: Recording.Recording,
      replayed: Recording.Recording,
      exact: string,
      tolerant: string
    ]
  > = [
    ["the same", recording(sent(10, "a")), recording(sent(10, "a")), "Identical", "Identical"],
    ["a little late", recording(sent(10, "a")), recording(sent(14, "a")), "Time", "Same"],
    ["too late", recording(sent(10, "a")), recording(sent(30, "a")), "Time", "Time"],
    ["other words", recording(sent(10, "a")), recording(sent(10, "b")), "Content", "Content"],
    [
      "in another order, of one party",
      recording(sent(10, "a"), sent(11, "b")),
      recording(sent(10, "b"), sent(11, "a")),
      "Content",
      "Content"
    ],
    [
      "in another order, of two parties",
      recording(sent(10, "a"), reported(11)),
      recording(reported(11), sent(12, "a")),
      "Content",
      "Same"
    ],
    ["another measurement", recording(metric(10, 1.5)), recording(metric(10, 2)), "Content", "Same"],
    ["a metric that is no number", recording(metric(10, "a")), recording(metric(10, "b")), "Content", "Content"],
    ["less", recording(sent(10, "a"), returned(20)), recording(sent(10, "a")), "Content", "Missing"],
    ["more", recording(sent(10, "a")), recording(sent(10, "a"), returned(20)), "Content", "Added"]
  ]
  for (const [name, recorded, replayed, exact, tolerant] of rows) {
    it(`describes what is ${name}`, () => {
      assert.strictEqual(what(Comparison.make(recorded, replayed, 0)), exact)
      assert.strictEqual(what(Comparison.make(recorded, replayed, 5)), tolerant)
    })
  }

  it("shows how far the times are apart", () => {
    assert.deepStrictEqual(Comparison.make(recording(sent(10, "a")), recording(sent(12.5, "a")), 5), {
      _tag: "Same",
      lines: 3,
      drift: 2.5
    })
  })

  it("requires the same header, redacted or not", () => {
    const one = recording(sent(10, "a"))
    assert.strictEqual(what(Comparison.make({ ...one, header: { ...header, redacted: true } }, one, 0)), "Identical")
    assert.strictEqual(what(Comparison.make({ ...one, header: { ...header, seed: 2 } }, one, 0)), "Header")
  })

  it("compares a recording without its end as far as it goes", () => {
    const whole = recording(sent(10, "a"), sent(20, "b"))
    const broken = { ...whole, lines: whole.lines.slice(0, 1) }
    assert.strictEqual(what(Comparison.make(broken, whole, 0)), "Identical")
    assert.strictEqual(what(Comparison.make(whole, broken, 0)), "Missing")
  })

  it("shows of long lines only what surrounds the difference", () => {
    const long = "x".repeat(300)
    const comparison = Comparison.make(
      recording(sent(10, `${long}a${long}`)),
      recording(sent(10, `${long}b${long}`)),
      0
    )
    if (comparison._tag !== "Different") return assert.fail(comparison._tag)
    const text = Comparison.renderDifference(comparison.difference, [], { width: 80 })
    assert.match(text, /^Something else happens at line 2 of the recording, 0\.010 s into the call:$/m)
    assert.match(text, /^ {2}recorded {2}…x+ax+…$/m)
    assert.match(text, /^ {2}replayed {2}…x+bx+…$/m)
    assert.isBelow(Math.max(...text.split("\n").map((line) => line.length)), 81)
  })
})
