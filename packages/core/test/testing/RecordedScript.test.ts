import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule, Stream } from "effect"
import * as Agent from "../../src/Agent.ts"
import * as Event from "../../src/Event.ts"
import * as Caller from "../../src/testing/Caller.ts"
import * as Played from "../../src/testing/Played.ts"
import * as RecordedScript from "../../src/testing/RecordedScript.ts"
import * as TestCall from "../../src/testing/TestCall.ts"
import { record } from "./recordedCall.ts"

const words = (text: string) =>
  Stream.fromIterable(text.match(/\S+\s*/g) ?? []).pipe(
    Stream.map((word) => Event.sendText(word)),
    Stream.schedule(Schedule.spaced("20 millis"))
  )
const parrot = Agent.make(
  Agent.route({
    CallStarted: () => words("Welcome to the shop, how can I help you today?"),
    UserDtmfSent: ({ button }) => words(`You pressed ${button}.`),
    UserTurnEnded: (event) => words(`You said ${Event.text(event)}, and I heard it.`)
  }),
  { run: ["CallStarted", "UserTurnEnded", "UserDtmfSent", "CallEnded"] }
)

const scriptOf = (script: Caller.Script, options?: RecordedScript.Options) =>
  Effect.map(record(parrot, script), (recording) => RecordedScript.make(recording, options))

describe("RecordedScript", () => {
  const visit: Caller.Script = [
    Caller.bargesIn("Good day", { afterWords: 3 }, { transcripts: "growing" }),
    Caller.listens(),
    Caller.pauses("2 seconds"),
    Caller.says("A table"),
    Caller.listens(),
    Caller.presses("12"),
    Caller.listens(),
    Caller.sends({ colour: "red" }),
    Caller.pauses("1 second"),
    Caller.hangsUp
  ]

  it.effect("is the script of the call, with the words at which the caller barged in", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* scriptOf(visit), [
        { _tag: "Hears", words: 3 },
        Caller.says("Good day"),
        Caller.listens(),
        Caller.pauses("2 seconds"),
        Caller.says("A table"),
        Caller.listens(),
        Caller.presses("12"),
        Caller.listens(),
        Caller.sends({ colour: "red" }),
        Caller.pauses("1 second"),
        Caller.hangsUp
      ])
    })
  )

  it.effect("plays the same conversation", () =>
    Effect.gen(function* () {
      const first = yield* TestCall.run(parrot, [Caller.bargesIn("Good day", { afterWords: 3 }), ...visit.slice(1)])
      const again = yield* TestCall.run(parrot, yield* scriptOf(visit))
      assert.deepStrictEqual(
        Played.transcript(again).map(({ text }) => text),
        Played.transcript(first).map(({ text }) => text)
      )
    })
  )

  it.effect("waits if the agent speaks again by itself", () =>
    Effect.gen(function* () {
      const busy = Agent.make(
        Agent.route({
          CallStarted: (_, turn) =>
            Stream.onStart(words("One moment."), turn.background("look", Effect.sleep("5 seconds"))),
          BackgroundReturned: () => words("Here it is."),
          UserTurnEnded: () => words("Good bye.")
        })
      )
      const recording = yield* record(busy, [Caller.pauses("8 seconds"), Caller.says("Thanks"), Caller.listens()])
      const script = Caller.steps(RecordedScript.make(recording))
      assert.deepStrictEqual(script.slice(0, 3), [Caller.listens(), Caller.hears(0), Caller.listens()])
      const again = yield* TestCall.run(busy, script)
      assert.deepStrictEqual(
        Played.transcript(again).map(({ text }) => text),
        ["One moment.", "Here it is.", "Thanks", "Good bye."]
      )
    })
  )

  it.effect("ends with a lost connection if the call did", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* scriptOf([Caller.hears(2), Caller.losesConnection]), [
        { _tag: "Hears", words: 2 },
        Caller.losesConnection
      ])
    })
  )

  it.effect("can start in the middle, and can wait for an agent that says less", () =>
    Effect.gen(function* () {
      const recording = yield* record(parrot, visit)
      const from = recording.lines.findIndex(
        (line) => line._tag === "Reported" && line.report._tag === "UserTurnStarted"
      )
      const [first, second] = Caller.steps(RecordedScript.make(recording, { from, patient: true }))
      assert.deepStrictEqual([first, second], [Caller.says("Good day"), Caller.listens()])
      const [hears] = Caller.steps(RecordedScript.make(recording, { patient: true }))
      assert.deepStrictEqual(hears, { _tag: "Hears", words: 3, orAll: true })
    })
  )

  it("can be written as source text", () => {
    assert.strictEqual(
      RecordedScript.toSource(
        [
          Caller.bargesIn('Say "no"', { afterWords: 2 }),
          Caller.listens(),
          Caller.pauses("1500 millis"),
          Caller.presses("1#"),
          Caller.hangsUp
        ],
        "  "
      ),
      [
        '  Caller.bargesIn("Say \\"no\\"", { afterWords: 2 })',
        "  Caller.listens()",
        '  Caller.pauses("1500 millis")',
        '  Caller.presses("1#")',
        "  Caller.hangsUp"
      ].join(",\n")
    )
  })
})
