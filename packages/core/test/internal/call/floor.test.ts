import { assert, describe, it } from "@effect/vitest"
import type * as Event from "../../../src/Event.ts"
import * as Floor from "../../../src/internal/call/floor.ts"

const event = (_tag: Event.Input["_tag"]) => ({ _tag, eventId: "e" }) as unknown as Event.Input
const after = (...tags: ReadonlyArray<Event.Input["_tag"]>): Floor.Floor =>
  tags.map(event).reduce(Floor.step, Floor.silent)

describe("who speaks", () => {
  for (const [tags, isQuiet] of [
    [[], true],
    [["UserTurnStarted"], false],
    [["UserTurnStarted", "UserTextSent"], false],
    [["UserTurnStarted", "UserTurnEnded"], true],
    [["UserTurnStarted", "UserTurnAbandoned"], true],
    [["UserTurnStarted", "UserSilent"], true],
    [["AgentTurnStarted"], false],
    [["AgentTurnStarted", "AgentTextSent"], false],
    [["AgentTurnStarted", "AgentTurnEnded"], true],
    [["AgentTurnStarted", "UserTurnStarted", "AgentTurnEnded"], false],
    [["AgentTurnStarted", "UserTurnStarted", "UserTurnEnded"], false],
    [["AgentTextSent"], true]
  ] as const) {
    it(`${tags.join(", ") || "nothing yet"}: ${isQuiet ? "nobody" : "somebody"}`, () =>
      assert.strictEqual(Floor.isQuiet(after(...tags), false), isQuiet))
  }

  it("the call is not quiet while something said is still unheard", () => {
    assert.isFalse(Floor.isQuiet(Floor.silent, true))
    assert.isFalse(Floor.isQuiet(after("AgentTurnStarted", "AgentTurnEnded"), true))
  })

  it("a harness that has reported no speech for long enough is mute until it reports some", () => {
    const mute = Floor.waitedInVain(Floor.silent)
    assert.isTrue(Floor.isQuiet(mute, true))
    for (const tag of ["AgentTurnStarted", "AgentTextSent"] as const)
      assert.isFalse(Floor.isQuiet(Floor.step(mute, event(tag)), true), tag)
    const spoken = [event("AgentTurnStarted"), event("AgentTurnEnded")].reduce(Floor.step, mute)
    assert.isFalse(Floor.isQuiet(spoken, true))
    const reports = after("AgentTurnStarted", "AgentTurnEnded")
    assert.strictEqual(Floor.waitedInVain(reports), reports)
  })

  it("an event that changes nothing returns the same floor", () => {
    const speaking = after("UserTurnStarted", "AgentTurnStarted")
    for (const tag of [
      "UserTurnStarted",
      "UserTextSent",
      "UserDtmfSent",
      "AgentTextSent",
      "BackgroundReturned"
    ] as const)
      assert.strictEqual(Floor.step(speaking, event(tag)), speaking, tag)
  })
})
