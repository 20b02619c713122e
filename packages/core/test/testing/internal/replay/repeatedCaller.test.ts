import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type * as Recording from "../../../../src/recording/Recording.ts"
import * as Caller from "../../../../src/testing/Caller.ts"
import type * as Pace from "../../../../src/testing/internal/replay/pace.ts"
import type * as Timeline from "../../../../src/testing/Timeline.ts"
import * as RepeatedCaller from "../../../../src/testing/internal/replay/repeatedCaller.ts"

const reported = (at: number, eventId?: string): Recording.Line => ({
  at,
  _tag: "Reported",
  report: { _tag: "UserTurnStarted" },
  ...(eventId === undefined ? {} : { eventId })
})
const ended: Recording.Line = { at: 9, _tag: "Happened", event: { _tag: "CallEnded", eventId: "e" } }
const view = { at: 0, heard: "", agentSpeaks: false, entries: [], history: { entries: [], events: [] } } as never

/** The steps of a caller, each with the time it waited for. */
const stepsOf = (lines: ReadonlyArray<Recording.Line>, options?: RepeatedCaller.Options) =>
  Effect.gen(function* () {
    let at = -1
    const wait = (line: Recording.Line) => Effect.sync(() => void (at = line.at))
    const pace: Pace.Pace = { until: wait, exactly: wait, follow: (recorder) => recorder }
    const caller = RepeatedCaller.make(lines, pace, options)
    const steps: Array<readonly [number, Caller.Step | undefined]> = []
    for (;;) {
      const step = yield* caller.next(view)
      steps.push([at, step])
      if (step === undefined || step._tag === "HangsUp" || step._tag === "LosesConnection") return steps
    }
  })

describe("RepeatedCaller", () => {
  it.effect("repeats the reports at their times, and hangs up when the call ended", () =>
    Effect.map(stepsOf([reported(1, "a"), reported(4), ended]), (steps) =>
      assert.deepStrictEqual(steps, [
        [1, { _tag: "Repeats", report: { _tag: "UserTurnStarted" }, eventId: "a" }],
        [4, { _tag: "Repeats", report: { _tag: "UserTurnStarted" }, eventId: undefined }],
        [9, Caller.hangsUp]
      ])
    )
  )

  it.effect("keeps the recorded event ids on request", () =>
    Effect.map(stepsOf([reported(1, "a"), ended], { names: true }), ([first]) =>
      assert.deepStrictEqual(first![1], { _tag: "Reports", report: { _tag: "UserTurnStarted", eventId: "a" } })
    )
  )

  it.effect("loses the connection as soon as it sees the call cut off", () =>
    Effect.map(
      stepsOf([
        reported(1),
        { at: 5, _tag: "TurnEnded", turn: 1, outcome: "Interrupted" },
        { at: 7, _tag: "CallClosed", how: "CutOff" }
      ]),
      (steps) => assert.deepStrictEqual(steps.at(-1), [5, Caller.losesConnection])
    )
  )

  it.effect("hands the call to another caller at a given position", () =>
    Effect.gen(function* () {
      const then = Caller.fromScript([Caller.says("Other"), Caller.hangsUp])
      const steps = yield* stepsOf([reported(1), reported(4), ended], { until: { place: 1, then } })
      assert.deepStrictEqual(
        steps.map(([at, step]) => [at, step?._tag]),
        [
          [1, "Repeats"],
          [4, "Says"],
          [4, "HangsUp"]
        ]
      )
    })
  )
})

describe("RepeatedCaller.spoken", () => {
  const report = (
    at: number,
    report: Extract<Timeline.Entry, { readonly _tag: "Reported" }>["report"]
  ): Timeline.Entry => ({
    at,
    _tag: "Reported",
    eventId: "r",
    report
  })

  it("adds what was said and heard, with the agent's own spacing", () => {
    const entries: ReadonlyArray<Timeline.Entry> = [
      { at: 0, _tag: "Sent", turn: 0, output: { _tag: "AgentSendText", text: "Good  day. Bye" } },
      report(1, { _tag: "AgentTurnStarted" }),
      report(5, { _tag: "AgentTextSent", content: "Good" }),
      report(6, { _tag: "UserTurnStarted" }),
      report(7, { _tag: "UserTextSent", content: "So" }),
      report(8, { _tag: "UserTextSent", content: "So what" }),
      report(9, { _tag: "UserTurnEnded" })
    ]
    const added = RepeatedCaller.spoken(entries, () => true).filter((entry) => !entries.includes(entry))
    assert.deepStrictEqual(added, [
      { _tag: "Spoken", at: 5, turn: 0, from: 1, text: "Good  ", reported: "Good" },
      { _tag: "Said", at: 9, from: 6, text: "So what" }
    ])
    assert.deepStrictEqual(
      RepeatedCaller.spoken(entries, () => false),
      entries
    )
  })

  it("joins growing transcripts into one text, and separate ones with spaces", () => {
    assert.strictEqual(RepeatedCaller.joined(["I", "I am", "I am here"]), "I am here")
    assert.strictEqual(RepeatedCaller.joined(["I", "am ", "here"]), "I am here")
  })

  it("takes heard text from what was sent, if it stands there", () => {
    assert.deepStrictEqual(RepeatedCaller.takeHeard("One  two", "One"), ["One  ", "two"])
    assert.deepStrictEqual(RepeatedCaller.takeHeard("One two", "uno"), ["uno ", "One two"])
  })
})
