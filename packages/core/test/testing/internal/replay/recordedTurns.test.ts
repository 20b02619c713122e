import { assert, describe, it } from "@effect/vitest"
import type * as Recording from "../../../../src/recording/Recording.ts"
import * as RecordedTurns from "../../../../src/testing/internal/replay/recordedTurns.ts"

const text = (text: string) => ({ _tag: "AgentSendText", text }) as const
const sent = (at: number, turn: number, what: string): Recording.Line => ({
  at,
  _tag: "Sent",
  turn,
  output: text(what)
})
const kept = (at: number, turn: number, what: string): Recording.Line => ({
  at,
  _tag: "Kept",
  turn,
  output: text(what)
})
const starts = (at: number, turn: number, trigger: string): Recording.Line => ({
  at,
  _tag: "TurnStarted",
  turn,
  trigger
})
const ends = (at: number, turn: number, outcome: Recording.LineOf<"TurnEnded">["outcome"]): Recording.Line => ({
  at,
  _tag: "TurnEnded",
  turn,
  outcome
})
const reported = (at: number): Recording.Line => ({ at, _tag: "Reported", report: { _tag: "UserTurnStarted" } })
const returned = (at: number, name: string, respondingTo: string): Recording.Line => ({
  at,
  _tag: "Happened",
  event: { _tag: "BackgroundReturned", eventId: `${name} ${at}`, name, respondingTo, outcome: "Returned", result: 1 }
})
const wordsOf = (lines: ReadonlyArray<Recording.LineOf<"Sent"> | Recording.LineOf<"Kept">>) =>
  lines.map(({ output }) => ("text" in output ? output.text : output._tag))

describe("RecordedTurns", () => {
  const lines = [
    starts(1, 1, "a"),
    sent(2, 1, "one"),
    kept(3, 1, "outcome"),
    reported(4),
    ends(5, 1, "Interrupted"),
    starts(5, 2, "b"),
    kept(6, 1, "late"),
    sent(7, 2, "two"),
    ends(8, 2, "Failed"),
    sent(8, 2, "sorry"),
    sent(9, 7, "of no turn")
  ]
  const turns = RecordedTurns.of(lines)

  it("have the trigger of each turn, what it sent, and what it left in the history", () => {
    const first = turns.get(1)!
    assert.deepStrictEqual([...turns.keys()], [1, 2])
    assert.deepStrictEqual([first.trigger, first.place, first.eventAt], ["a", 0, 4])
    assert.deepStrictEqual(wordsOf(first.sent), ["one"])
    assert.deepStrictEqual(wordsOf(first.outputs), ["one", "outcome"])
    assert.deepStrictEqual(wordsOf(first.late), ["late"])
    assert.strictEqual(first.end?.outcome, "Interrupted")
  })

  it("distinguish the apology of a failed turn from its own words", () => {
    const second = turns.get(2)!
    assert.deepStrictEqual([wordsOf(second.sent), second.apology], [["two"], "sorry"])
  })

  it("count recorded-only outputs as the turn's own once the call was over", () => {
    const end: Recording.Line = { at: 9, _tag: "Happened", event: { _tag: "CallEnded", eventId: "e" } }
    const last = RecordedTurns.of([end, starts(9, 3, "e"), kept(10, 3, "bye")]).get(3)!
    assert.deepStrictEqual(wordsOf(last.sent), ["bye"])
  })

  it("have the background work of each turn that returned, in order", () => {
    const found = RecordedTurns.returned([returned(1, "x", "a"), returned(2, "y", "b"), returned(3, "x", "a")])
    assert.deepStrictEqual(
      [...found].map(([trigger, works]) => [trigger, works.map(({ line }) => line.at)]),
      [
        ["a", [1, 3]],
        ["b", [2]]
      ]
    )
  })
})
