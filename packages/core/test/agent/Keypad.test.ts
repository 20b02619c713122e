import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Agent from "../../src/Agent.ts"
import * as Event from "../../src/Event.ts"
import * as History from "../../src/History.ts"
import * as Keypad from "../../src/agent/Keypad.ts"
import * as Caller from "../../src/testing/Caller.ts"
import * as TestCall from "../../src/testing/TestCall.ts"

const key = (button: string): History.Item => ({ _tag: "UserDtmfSent", eventId: `k${button}`, button })
const said: History.Item = { _tag: "UserTextSent", eventId: "u", content: "wait" }
const asked: History.Item = Event.sendText("Your number, please.")
const keys = (pressed: string) => [...pressed].map(key)

const entered = (items: ReadonlyArray<History.Item>, options?: Keypad.Options) => {
  const entries = items.map((item, i): History.Entry => ({ key: i, turn: "eventId" in item ? 0 : 1, item }))
  const { complete, keys } = Keypad.entered(
    History.make(() => entries),
    options
  )
  return [keys.map(({ button }) => button).join(""), complete] as const
}

describe("Keypad", () => {
  it("collects the keys since the caller spoke or the agent asked", () => {
    assert.deepStrictEqual(entered([asked, ...keys("47")]), ["47", false])
    assert.deepStrictEqual(entered([...keys("9"), asked, ...keys("47")]), ["47", false])
    assert.deepStrictEqual(entered([...keys("9"), said, ...keys("47")]), ["47", false])
    assert.deepStrictEqual(entered([]), ["", false])
  })

  it("is complete with the terminator, which it leaves out, or with the last key", () => {
    assert.deepStrictEqual(entered(keys("4711#")), ["4711", true])
    assert.deepStrictEqual(entered(keys("4711*"), { terminator: "*" }), ["4711", true])
    assert.deepStrictEqual(entered(keys("471"), { length: 4 }), ["471", false])
    assert.deepStrictEqual(entered(keys("4711"), { length: 4 }), ["4711", true])
  })

  it("starts a new answer after a complete one", () => {
    assert.deepStrictEqual(entered(keys("4711#08")), ["08", false])
    assert.deepStrictEqual(entered(keys("471108"), { length: 4 }), ["08", false])
  })

  /** The events that reached an agent behind a keypad, with their times. */
  const answers = (steps: ReadonlyArray<Caller.Step>, options?: Keypad.Options) =>
    Effect.gen(function* () {
      const seen: Array<readonly [number, string]> = []
      const inner: Agent.Agent = (event) =>
        event._tag === "UserTurnEnded"
          ? Stream.fromEffectDrain(
              Effect.clockWith((clock) =>
                Effect.sync(() => seen.push([clock.currentTimeMillisUnsafe(), Event.text(event)]))
              )
            )
          : Stream.empty
      yield* TestCall.run(Agent.make(Keypad.agent(inner, options), { run: Keypad.run }), steps)
      return seen
    })

  it.effect("gives the agent the pressed keys as one answer, a while after the last key", () =>
    Effect.gen(function* () {
      const seen = yield* answers([Caller.presses("471", { every: "600 millis" }), Caller.pauses("10 seconds")])
      assert.deepStrictEqual(
        seen.map(([, keys]) => keys),
        ["[4] [7] [1]"]
      )
    })
  )

  it.effect("does not wait once the answer has its full length", () =>
    Effect.gen(function* () {
      const steps = [Caller.presses("4711", { every: "100 millis" }), Caller.pauses("10 seconds")]
      const [waited] = yield* answers(steps, { timeout: "5 seconds" })
      const [counted] = yield* answers(steps, { timeout: "5 seconds", length: 4 })
      assert.strictEqual(counted![1], "[4] [7] [1] [1]")
      assert.strictEqual(waited![0] - counted![0], 5000)
    })
  )

  it.effect("passes words through unchanged, and does not ask again about keys pressed before them", () =>
    Effect.gen(function* () {
      const seen = yield* answers([Caller.presses("47"), Caller.says("it is 47"), Caller.pauses("10 seconds")])
      assert.strictEqual(seen.length, 1)
      assert.include(seen[0]![1], "it is 47")
    })
  )
})
