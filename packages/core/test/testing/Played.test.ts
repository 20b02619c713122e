import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Agent from "../../src/Agent.ts"
import * as Event from "../../src/Event.ts"
import * as Caller from "../../src/testing/Caller.ts"
import * as Played from "../../src/testing/Played.ts"
import * as TestCall from "../../src/testing/TestCall.ts"
import type * as Timeline from "../../src/testing/Timeline.ts"

const tool = { toolCallId: "1", toolName: "look", toolArgs: { at: "sky" } }
const agent = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Hello there.")),
    UserTurnEnded: (_, turn) =>
      Stream.concat(
        Stream.make<ReadonlyArray<Event.Output>>({ _tag: "AgentToolCalled", ...tool }),
        Stream.fromEffect(
          Effect.as(Effect.sleep("2 seconds"), { _tag: "AgentToolReturned", ...tool, result: "blue" } as const)
        ).pipe(Stream.concat(Stream.make(Event.sendText(`Blue, in turn ${turn.id}.`))))
      )
  })
)
const played = TestCall.run(agent, [
  Caller.listens(),
  Caller.says("And the sky?"),
  Caller.listens(),
  Caller.pauses("1 second")
])

describe("Played", () => {
  it.effect("knows what was said and heard, and when", () =>
    Effect.gen(function* () {
      const call = yield* played
      assert.strictEqual(Played.heard(call), "Hello there. Blue, in turn 2.")
      assert.strictEqual(Played.said(call), "Hello there. Blue, in turn 2.")
      assert.deepStrictEqual(Played.heardAt(call, "there. Blue"), [375])
      assert.deepStrictEqual(Played.heardAt(call, /e/), [0, 375, 375, 3875])
      assert.deepStrictEqual(Played.heardAt(call, "green"), [])
      assert.deepStrictEqual(Played.saidAt(call, "turn"), [3875])
      assert.deepStrictEqual(Played.transcript(call), [
        { at: 0, who: "agent", text: "Hello there." },
        { at: 750, who: "caller", text: "And the sky?" },
        { at: 3875, who: "agent", text: "Blue, in turn 2." }
      ])
    })
  )

  it.effect("knows what tools did", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(Played.tools(yield* played), [
        { at: 1875, id: "1", name: "look", args: { at: "sky" }, returned: { at: 3875, result: "blue" } }
      ])
    })
  )

  it.effect("knows when events happened", () =>
    Effect.gen(function* () {
      const call = yield* played
      const times = Played.events(call).map((event) => [event._tag, Played.timeOf(call, event.eventId)])
      assert.deepStrictEqual(times.slice(0, 5), [
        ["CallStarted", 0],
        ["AgentTurnStarted", 0],
        ["AgentTextSent", 750],
        ["AgentTurnEnded", 750],
        ["UserTurnStarted", 750]
      ])
      assert.strictEqual(Played.timeOf(call, "of another call"), undefined)
    })
  )

  it.effect("knows how long nobody spoke, and how long the caller waited", () =>
    Effect.gen(function* () {
      const call = yield* played
      assert.deepStrictEqual(Played.silences(call), [
        { from: 1875, to: 3875, after: "caller", before: "agent" },
        { from: 5375, to: 6375, after: "agent", before: "nobody" }
      ])
      assert.strictEqual(Played.longestWait(call), 2000)
    })
  )

  it.effect("counts a wait that never ends", () =>
    Effect.gen(function* () {
      const silent = yield* TestCall.run(
        Agent.make(() => Stream.empty),
        [Caller.says("Hello?"), Caller.pauses("9 seconds")]
      )
      assert.strictEqual(Played.longestWait(silent), 9000)
      const late = yield* TestCall.run(agent, [Caller.pauses("2 seconds"), Caller.hangsUp])
      assert.strictEqual(Played.longestWait(late), 0)
    })
  )

  it.effect("knows who spoke, and when nobody did, if both speak at once", () =>
    Effect.gen(function* () {
      const agent = (from: number, at: number) =>
        ({ _tag: "Spoken", turn: 1, from, at, text: "word ", reported: "word" }) as const
      const caller = (from: number, at: number) => ({ _tag: "Said", from, at, text: "hey" }) as const
      const of = (...entries: ReadonlyArray<Timeline.Entry>): Effect.Effect<Played.Played> =>
        Effect.map(played, (call) => ({
          ...call,
          entries: [...entries, { _tag: "HungUp", at: 2000, by: "caller", reason: undefined }]
        }))
      const over = yield* of(caller(200, 400), agent(0, 1000))
      assert.deepStrictEqual(Played.silences(over), [{ from: 1000, to: 2000, after: "agent", before: "nobody" }])
      const short = yield* of(agent(0, 375), agent(376, 500), agent(500.5, 2000))
      assert.deepStrictEqual(Played.silences(short), [{ from: 375, to: 376, after: "agent", before: "agent" }])
      assert.deepStrictEqual(
        Played.transcript(yield* of(agent(600, 975), caller(500, 2000))).map(({ at }) => at),
        [500, 600]
      )
    })
  )

  it.effect("knows how the call ended", () =>
    Effect.gen(function* () {
      const call = yield* played
      assert.deepStrictEqual(Played.outcome(call), { by: "caller", at: 6375, reason: undefined })
      assert.strictEqual(Played.fibersLeft(call), 0)
      assert.deepStrictEqual(Played.unplayed(call), [])
    })
  )
})
