import { assert, describe, it } from "@effect/vitest"
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as Recording from "@antiphon/core/recording/Recording"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as FloorPolicy from "../src/FloorPolicy.ts"
import * as FloorReplay from "../src/FloorReplay.ts"
import * as Vad from "../src/Vad.ts"
import * as Caller from "../src/testing/Caller.ts"
import * as TestCall from "../src/testing/TestCall.ts"

const answers = Agent.make(
  Agent.route({ UserTurnEnded: (event) => Stream.make(Event.sendText(`You said: ${Event.text(event)}.`)) })
)
const hasty: FloorPolicy.FloorPolicy = {
  ...FloorPolicy.telephone,
  completeMs: 150,
  incompleteMs: 200,
  stableMs: 0,
  finalWaitMs: 0
}
/** One turn with a pause of 1.2 seconds in it, and one without. */
const call = TestCall.run(
  answers,
  [
    Caller.pauses("500 millis"),
    Caller.hesitates(["I would like a table", "for seven people please."], "1200 millis"),
    Caller.listens(),
    Caller.says("Thank you very much."),
    Caller.listens()
  ],
  { speech: { policy: FloorPolicy.patient } }
)
/** As read from a file. */
const reread = (recording: Recording.Recording) => Result.getOrThrow(Recording.decode(Recording.encode(recording)))
const outcomes = ({ turns }: FloorReplay.Report) => turns.map(({ outcome }) => outcome)

describe("FloorReplay", () => {
  it.effect("the recorded policy behaves as recorded", () =>
    Effect.gen(function* () {
      const recorded = FloorReplay.fromRecording(reread((yield* call).recording))!
      assert.strictEqual(recorded.turns.length, 2)
      const report = FloorReplay.replay(recorded, FloorPolicy.patient)
      assert.deepStrictEqual(outcomes(report), ["Kept", "Kept"])
      for (const { savedMs } of report.turns) assert.closeTo(savedMs!, 0, 20)
      assert.deepStrictEqual(
        report.turns.map(({ text }) => text),
        ["I would like a table for seven people please.", "Thank you very much."]
      )
    })
  )

  it.effect("a hasty policy cuts off the turn with the pause, and answers the other one sooner", () =>
    Effect.gen(function* () {
      const recorded = FloorReplay.fromRecording(reread((yield* call).recording))!
      const report = FloorReplay.replay(recorded, hasty)
      assert.deepStrictEqual(outcomes(report), ["CutOff", "Kept"])
      assert.strictEqual(report.cutOff, 1)
      assert.strictEqual(report.turns[0]!.text, "I would like a table")
      assert.isUndefined(report.turns[0]!.savedMs)
      // At least 900 ms of silence instead of 150.
      assert.isAbove(report.turns[1]!.savedMs!, 600)
      assert.strictEqual(report.totalSavedMs, report.turns[1]!.savedMs)
    })
  )

  it.effect("a more patient policy answers later, and joins what it takes for one turn", () =>
    Effect.gen(function* () {
      const quick = yield* TestCall.run(
        Agent.make(Agent.route({})),
        [
          Caller.says("It is about my order."),
          Caller.pauses("1500 millis"),
          Caller.says("It never came."),
          Caller.listens()
        ],
        { speech: { policy: { ...hasty, completeMs: 600, incompleteMs: 900 } }, vad: Vad.energy() }
      )
      const recorded = FloorReplay.fromRecording(quick.recording)!
      assert.strictEqual(recorded.turns.length, 2)
      const slow = FloorReplay.replay(recorded, { ...FloorPolicy.patient, completeMs: 2000 })
      assert.deepStrictEqual(outcomes(slow), ["Joined", "Kept"])
      assert.isBelow(slow.turns[1]!.savedMs!, -1000)
      assert.strictEqual(slow.joined, 1)
    })
  )

  it.effect("masked words make no difference", () =>
    Effect.gen(function* () {
      const { recording } = yield* call
      const masked = {
        lines: recording.lines.map((line) =>
          line._tag === "Floor" && line.event.text !== undefined
            ? { ...line, event: { ...line.event, text: line.event.text.replace(/\p{L}/gu, "x") } }
            : line
        )
      }
      const times = (from: Pick<Recording.Recording, "lines">) =>
        FloorReplay.replay(FloorReplay.fromRecording(from)!, hasty).turns.map(({ wouldEndAt }) => wouldEndAt)
      assert.deepStrictEqual(times(masked), times(recording))
    })
  )

  it.effect("a recording without turn taking is replayed from its audio", () =>
    Effect.gen(function* () {
      const { audio, recording } = yield* call
      const bare = { lines: recording.lines.filter(({ _tag }) => _tag !== "Floor") }
      assert.isUndefined(FloorReplay.fromRecording(bare))
      const caller = audio.filter((_, index) => index % 2 === 0)
      const detector = yield* Effect.flatMap(Vad.Vad, (vad) => vad.make)
      const recorded = FloorReplay.fromAudio(bare, { sampleRateHz: 16000, caller }, detector)
      assert.deepStrictEqual(outcomes(FloorReplay.replay(recorded, FloorPolicy.patient)), ["Kept", "Kept"])
      assert.deepStrictEqual(outcomes(FloorReplay.replay(recorded, hasty)), ["CutOff", "Kept"])
    }).pipe(Effect.scoped, Effect.provide(Vad.silero))
  )
})
