import { assert, describe, it } from "@effect/vitest"
import type * as Event from "../../../src/Event.ts"
import * as CallerTurn from "../../../src/internal/call/callerTurn.ts"

const said = (eventId: string): Event.UserTextSent => ({ _tag: "UserTextSent", eventId, content: eventId })
const ended = (eventId: string): Event.UserTurnEnded => ({ _tag: "UserTurnEnded", eventId, content: [] })
const ids = ({ events }: CallerTurn.CallerTurn) => [...events].map((item) => ("eventId" in item ? item.eventId : ""))

describe("callerTurn", () => {
  it("keeps late words in the turn that is over, if beginnings are reported", () => {
    const turn = CallerTurn.make()
    CallerTurn.begin(turn)
    for (const event of [said("a"), ended("b"), said("late")]) CallerTurn.join(turn, event)
    assert.deepStrictEqual(ids(turn), ["a", "b", "late"])
    CallerTurn.begin(turn)
    assert.deepStrictEqual(ids(turn), [])
  })

  it("begins the next turn with the first event after an end, if beginnings are not reported", () => {
    const turn = CallerTurn.make()
    for (const event of [said("a"), ended("b"), said("c"), said("d")]) CallerTurn.join(turn, event)
    assert.deepStrictEqual(ids(turn), ["c", "d"])
  })

  it("has no words before a beginning, and none after it was withdrawn", () => {
    const turn = CallerTurn.make()
    assert.strictEqual(turn.content, undefined)
    CallerTurn.begin(turn)
    turn.content!.push(said("a"))
    CallerTurn.join(turn, said("a"))
    CallerTurn.withdraw(turn)
    assert.strictEqual(turn.content, undefined)
    assert.deepStrictEqual(ids(turn), [])
  })
})
