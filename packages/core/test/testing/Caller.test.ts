import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Caller from "../../src/testing/Caller.ts"

const says = (text: string, more: object = {}) => ({
  _tag: "Says",
  text,
  wordsPerMinute: 160,
  transcripts: "final",
  endpointing: 0,
  ...more
})

describe("Caller", () => {
  const scripts: ReadonlyArray<readonly [string, Caller.Script, ReadonlyArray<object>]> = [
    ["says", [Caller.says("Hi")], [says("Hi")]],
    [
      "says, in a manner",
      [Caller.says("Hi", { wordsPerMinute: 200, transcripts: "words", endpointing: "300 millis" })],
      [says("Hi", { wordsPerMinute: 200, transcripts: "words", endpointing: 300 })]
    ],
    [
      "barges in at a time",
      [Caller.bargesIn("No", { at: "137 millis" })],
      [{ _tag: "WaitsUntil", at: 137 }, says("No")]
    ],
    [
      "barges in after a time",
      [Caller.bargesIn("No", { after: "1 second" })],
      [{ _tag: "Hears", words: 0 }, { _tag: "Pauses", ms: 1000 }, says("No")]
    ],
    [
      "barges in after words",
      [Caller.bargesIn("No", { afterWords: 3 }, { endpointing: 20 })],
      [{ _tag: "Hears", words: 3 }, says("No", { endpointing: 20 })]
    ],
    [
      "hears",
      [Caller.hears(2), Caller.hears("eight")],
      [
        { _tag: "Hears", words: 2 },
        { _tag: "HearsText", text: "eight" }
      ]
    ],
    [
      "listens",
      [Caller.listens(), Caller.listens({ atMost: "2 seconds" })],
      [
        { _tag: "Listens", atMost: Infinity },
        { _tag: "Listens", atMost: 2000 }
      ]
    ],
    ["presses", [Caller.presses("12#")], [{ _tag: "Presses", keys: "12#", every: 200 }]],
    ["sends", [Caller.sends({ a: 1 })], [{ _tag: "Sends", metadata: { a: 1 } }]],
    ["goes", [Caller.hangsUp, Caller.losesConnection], [{ _tag: "HangsUp" }, { _tag: "LosesConnection" }]],
    ["nests", [[[Caller.hangsUp], []], Caller.says("x")], [{ _tag: "HangsUp" }, says("x")]]
  ]
  for (const [name, script, expected] of scripts) {
    it(`describes a caller who ${name}`, () => assert.deepStrictEqual<unknown>(Caller.steps(script), expected))
  }

  it.effect("fromScript returns one step after the other, and knows the rest", () =>
    Effect.gen(function* () {
      const script: Caller.Script = [Caller.hears(0), [Caller.says("Hi"), Caller.hangsUp]]
      const caller = Caller.fromScript(script)
      const view = {} as Caller.View
      assert.deepStrictEqual(yield* caller.next(view), Caller.hears(0))
      assert.deepStrictEqual(caller.rest?.(), [Caller.says("Hi"), Caller.hangsUp])
      assert.deepStrictEqual(yield* caller.next(view), Caller.says("Hi"))
      assert.deepStrictEqual(yield* caller.next(view), Caller.hangsUp)
      assert.deepStrictEqual(caller.rest?.(), [])
      assert.strictEqual(yield* caller.next(view), undefined)
      assert.strictEqual(yield* caller.next(view), undefined)
      assert.deepStrictEqual(caller.rest?.(), [])
    })
  )

  const told: { readonly [T in Caller.Step["_tag"]]: readonly [Caller.Step, string] } = {
    Says: [Caller.says("Hi"), "says “Hi”"],
    Presses: [Caller.presses("12#"), "presses 12#"],
    Pauses: [Caller.pauses("1500 millis"), "pauses for 1.5 s"],
    WaitsUntil: [Caller.waitsUntil("137 millis"), "waits until 0.137 s"],
    Hears: [Caller.hears(3), "waits for 3 words of the agent"],
    HearsText: [Caller.hears(/eight/), "waits for /eight/"],
    Listens: [Caller.listens({ atMost: "30 seconds" }), "listens for at most 30 s"],
    Sends: [Caller.sends({ a: 1 }), 'sends {"a": 1}'],
    Reports: [Caller.reports({ _tag: "UserTurnStarted" }), "has the harness report UserTurnStarted"],
    Repeats: [
      { _tag: "Repeats", report: { _tag: "UserTurnStarted" }, eventId: "e1" },
      "has the harness repeat UserTurnStarted"
    ],
    HangsUp: [Caller.hangsUp, "hangs up"],
    LosesConnection: [Caller.losesConnection, "loses the connection"]
  }
  for (const [step, text] of Object.values(told)) {
    it(`describes a step: ${text}`, () => assert.strictEqual(Caller.describe(step), text))
  }
})
