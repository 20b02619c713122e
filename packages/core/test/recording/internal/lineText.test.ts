import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect } from "effect"
import type * as Event from "../../../src/Event.ts"
import * as LineText from "../../../src/recording/internal/lineText.ts"
import * as Recording from "../../../src/recording/Recording.ts"

type Note = Recording.Note

const sent = (text: string, more: Partial<Event.AgentSendText> = {}): Note => ({
  _tag: "Sent",
  turn: 1,
  output: { _tag: "AgentSendText", text, respondingTo: "e1", ...more }
})
const delta = (text: string, id = "0"): Note => ({
  _tag: "ModelReplied",
  request: 1,
  parts: [{ type: "text-delta", id, delta: text }]
})
const id = (last: number) => `00000000-0000-4000-8000-${String(last).padStart(12, "0")}`
const heard = (content: string, last: number): Note => ({
  _tag: "Reported",
  report: { _tag: "AgentTextSent", content },
  eventId: id(last)
})

/** The text of notes, a millisecond apart. */
const textOf = (...notes: ReadonlyArray<Note>): string => {
  const text = LineText.make()
  return notes.map((note, at) => text.add(at, note)).join("") + text.end()
}
const linesOf = (...notes: ReadonlyArray<Note>) =>
  textOf(...notes)
    .trimEnd()
    .split("\n")

describe("LineText", () => {
  describe("line", () => {
    it.effect("writes by hand exactly what JSON would write", () =>
      Effect.gen(function* () {
        const result = yield* Arbitrary.checkEffect(
          Arbitrary.schema(Recording.Line),
          (line) =>
            Effect.sync(() => {
              const { at, ...note } = line
              const written = JSON.parse(LineText.line(at, note as Note))
              assert.deepStrictEqual(written, JSON.parse(JSON.stringify({ ...note, at: Object.is(at, -0) ? 0 : at })))
              return true
            }),
          { runs: 300, seed: 1 }
        )
        const failed = Arbitrary.formatCheckFailure(result)
        if (failed !== undefined) assert.fail(failed)
      })
    )

    it("writes every field of a report that has more than its words", () => {
      const reports: ReadonlyArray<Event.Report> = [
        { _tag: "AgentTextSent", content: "hi", at: { respondingTo: "e1", offset: 2 } },
        { _tag: "AgentTextSent", content: "hi", estimated: true },
        { _tag: "AgentTextSent", content: "hi", own: true },
        { _tag: "UserTurnEnded", tentative: true },
        { _tag: "UserTextSent", content: "hi", eventId: "own" }
      ]
      for (const report of reports) {
        const note: Note = { _tag: "Reported", report, eventId: "e1" }
        assert.deepStrictEqual(JSON.parse(LineText.line(1, note)), { at: 1, ...note })
        // It is not one of a sequence of words either.
        assert.deepStrictEqual(JSON.parse(linesOf(heard("a", 1), note)[1]!), { at: 1, ...note })
      }
    })

    it("writes null for a value JSON would leave out and a reader would miss", () => {
      const tool = { toolCallId: "t", toolName: "n", toolArgs: {} }
      for (const left of [undefined, () => {}, Symbol("s")]) {
        const notes: ReadonlyArray<Note> = [
          { _tag: "Sent", turn: 1, output: { _tag: "LogMetric", name: "m", value: left } },
          { _tag: "Kept", turn: 1, output: { _tag: "AgentToolReturned", ...tool, result: left } },
          {
            _tag: "Happened",
            event: {
              _tag: "BackgroundReturned",
              eventId: "e",
              name: "n",
              respondingTo: "r",
              outcome: "Returned",
              result: left
            }
          }
        ]
        for (const note of notes) assert.match(LineText.line(1, note), /"(value|result)":null/)
      }
    })

    it("writes unknown kinds of lines and events as JSON", () => {
      const note = { _tag: "MoodNoted", mood: "calm" } as unknown as Note
      assert.deepStrictEqual(JSON.parse(LineText.line(1, note)), { at: 1, _tag: "MoodNoted", mood: "calm" })
      const report = {
        _tag: "Reported",
        report: { _tag: "UserMoodHeard", mood: "calm" },
        eventId: "e"
      } as unknown as Note
      assert.deepStrictEqual(JSON.parse(LineText.line(1, report)), { at: 1, ...report })
      assert.deepStrictEqual(JSON.parse(textOf(note)), { at: 0, _tag: "MoodNoted", mood: "calm" })
    })

    it("escapes what JSON escapes, including half a surrogate pair", () => {
      for (const text of ['"', "\\", "\n", "\u0001", "\ud83d", "😀", "ü", "x".repeat(50) + '"']) {
        const note: Note = { _tag: "TurnStarted", turn: 1, trigger: text }
        assert.strictEqual(LineText.line(0, note), `${JSON.stringify({ at: 0, ...note })}\n`)
      }
    })
  })

  describe("make", () => {
    it("puts consecutive words on one line, for both sides", () => {
      assert.deepStrictEqual(linesOf(sent("Good"), sent(" day")), [
        '{"at":0,"_tag":"Words","turn":1,"respondingTo":"e1","words":[[0,"Good"],[1000," day"]]}'
      ])
      assert.deepStrictEqual(linesOf(heard("Good", 1), heard("day", 2)), [
        `{"at":0,"_tag":"Words","spoken":"${id(1)}","words":[[0,"Good",1],[1000,"day",1]]}`
      ])
      assert.deepStrictEqual(linesOf(delta("Good")), [
        '{"at":0,"_tag":"Words","request":1,"id":"0","words":[[0,["Good"]]]}'
      ])
    })

    it("leaves the line open until another one follows", () => {
      const text = LineText.make()
      const open = text.add(0, sent("Good"))
      assert.isFalse(open.endsWith("\n"))
      assert.strictEqual(text.add(1, sent(" day")), ',[1000," day"]')
      assert.isTrue(text.add(2, { _tag: "CallClosed", how: "Ended" }).startsWith("]}\n{"))
      assert.strictEqual(text.end(), "")
    })

    for (const [what, first, second] of [
      ["turn", sent("a"), { ...sent("b"), turn: 2 } as Note],
      ["event that is answered", sent("a"), sent("b", { respondingTo: "e2" })],
      ["request to a model", delta("a"), { ...delta("b"), request: 2 } as Note],
      ["text of a reply", delta("a"), delta("b", "1")],
      ["run of ids", heard("a", 1), heard("b", 3)]
    ] as const) {
      it(`starts another line for another ${what}`, () => assert.strictEqual(linesOf(first, second).length, 2))
    }

    it("uses one line for consecutive ids", () => {
      assert.strictEqual(linesOf(heard("a", 1), heard("b", 2)).length, 1)
    })

    it("writes uninterruptible text and unusual times as lines of their own", () => {
      assert.match(textOf(sent("a", { interruptible: false })), /"_tag":"Sent".*"interruptible":false/)
      assert.match(LineText.make().add(0.00001, sent("a")), /"_tag":"Sent"/)
      assert.match(LineText.make().add(-1, sent("a")), /"_tag":"Sent"/)
    })

    it("writes deltas among other parts as a list of their texts", () => {
      const parts = [
        { type: "text-delta", id: "0", delta: "a" },
        { type: "text-delta", id: "0", delta: "b" },
        { type: "text-end", id: "0" }
      ]
      const [line] = linesOf({ _tag: "ModelReplied", request: 1, parts })
      assert.deepStrictEqual(JSON.parse(line!).parts, [["0", "a", "b"], { type: "text-end", id: "0" }])
    })
  })
})
