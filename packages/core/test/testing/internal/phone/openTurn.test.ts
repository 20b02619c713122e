import { assert, describe, it } from "@effect/vitest"
import type * as Event from "../../../../src/Event.ts"
import type { Happening } from "../../../../src/testing/internal/time/happening.ts"
import * as OpenTurn from "../../../../src/testing/internal/phone/openTurn.ts"

const event: Event.Input = { _tag: "UserTurnStarted", eventId: "e" }
const history = { entries: [], events: [] } as never
const run: Happening = { _tag: "Decided", event, decision: "Run" }
const cancel: Happening = { _tag: "Decided", event, decision: "Cancel" }
const keep: Happening = { _tag: "Decided", event, decision: "Keep" }
const starts = (turn: number): Happening => ({ _tag: "TurnStarted", turn, trigger: event, triggers: [event], history })
const over = (turn: number): Happening => ({ _tag: "TurnOver", turn })
const entered: Happening = { _tag: "RegionEntered", turn: 1 }
const left: Happening = { _tag: "RegionLeft", turn: 1, how: "Whole" }

const rows: ReadonlyArray<
  readonly [name: string, ReadonlyArray<Happening>, mayRun: number | undefined, isQuiet: boolean]
> = [
  ["at the beginning nothing runs", [], undefined, true],
  ["a turn that is wanted is waited for", [run], undefined, false],
  ["a turn that started may speak", [run, starts(1)], 1, false],
  ["an event that changes nothing leaves it", [run, starts(1), keep], 1, false],
  ["a turn that is over is quiet", [run, starts(1), over(1)], undefined, true],
  ["a turn that is cancelled says nothing more", [run, starts(1), cancel], undefined, true],
  ["a turn that is replaced says nothing more, and the next is waited for", [run, starts(1), run], undefined, false],
  ["a turn in a region speaks on", [run, starts(1), entered, cancel], 1, false],
  [
    "a turn out of its region says nothing more once it is over",
    [run, starts(1), entered, cancel, left, over(1)],
    undefined,
    true
  ],
  ["the end of an earlier turn is not that of the one that runs", [run, starts(1), run, starts(2), over(1)], 2, false]
]

describe("OpenTurn", () => {
  for (const [name, happenings, mayRun, isQuiet] of rows) {
    it(name, () => {
      const turn = OpenTurn.make()
      for (const happening of happenings) turn.follow(happening)
      assert.deepStrictEqual([1, 2].filter(turn.mayRun), mayRun === undefined ? [] : [mayRun])
      assert.strictEqual(turn.isQuiet(), isQuiet)
    })
  }

  it("remembers the turn that started last", () => {
    const turn = OpenTurn.make()
    assert.strictEqual(turn.last(), 0)
    for (const happening of [run, starts(1), over(1)]) turn.follow(happening)
    assert.strictEqual(turn.last(), 1)
  })
})
