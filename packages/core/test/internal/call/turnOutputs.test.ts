import { assert, describe, it } from "@effect/vitest"
import * as Event from "../../../src/Event.ts"
import type * as History from "../../../src/History.ts"
import * as TurnOutputs from "../../../src/internal/call/turnOutputs.ts"

const text: Event.Output = Event.sendText("hello")
const tool: Event.Output = { _tag: "AgentToolCalled", toolCallId: "t", toolName: "look", toolArgs: {} }
const line = (key: number, turn: number, item: Event.Output): TurnOutputs.Line => ({ key, turn, item })
const ended = (eventId: string): Event.UserTurnEnded => ({ _tag: "UserTurnEnded", eventId, content: [] })
const keys = (lines: ReadonlyArray<History.Entry>) => lines.map(({ key }) => key)

const queueOf = (...lines: ReadonlyArray<TurnOutputs.Line>) => {
  const outputs = TurnOutputs.make()
  outputs.queued.push(...lines)
  return outputs
}

describe("turnOutputs", () => {
  it("releases lines in any order, each once", () => {
    const [first, second, third] = [line(0, 1, text), line(1, 1, text), line(2, 1, text)]
    const outputs = queueOf(first, second, third)
    assert.isTrue(TurnOutputs.release(outputs, second))
    assert.isTrue(TurnOutputs.release(outputs, first))
    assert.deepStrictEqual(keys(outputs.queued), [2])
  })

  it("keeps the tools of a stopped turn that counts, whose lines are not recorded again when they are released", () => {
    const called = line(1, 1, tool)
    const outputs = queueOf(line(0, 1, text), called, line(2, 2, tool))
    assert.deepStrictEqual(TurnOutputs.stop(outputs, 1, true), [called])
    assert.deepStrictEqual(keys(outputs.queued), [2])
    assert.isTrue(outputs.stopped.has(1))
    assert.isFalse(TurnOutputs.release(outputs, called))
    assert.isTrue(TurnOutputs.release(outputs, called))
  })

  it("keeps nothing of a stopped turn that does not count", () => {
    const outputs = queueOf(line(0, 1, text), line(1, 1, tool))
    assert.deepStrictEqual(TurnOutputs.stop(outputs, 1, false), [])
    assert.deepStrictEqual(outputs.queued, [])
  })

  it("knows where a text begins in everything that its turn says", () => {
    const outputs = TurnOutputs.make()
    const says = [
      [1, "abc"],
      [2, "de"],
      [1, "f"],
      [1, "g"]
    ] as const
    assert.deepStrictEqual(
      says.map(([turn, words]) => TurnOutputs.say(outputs, turn, words)),
      [0, 0, 3, 4]
    )
  })

  it("finds the turns that respond to events, of the latest 64", () => {
    const outputs = TurnOutputs.make()
    for (let turn = 0; turn <= 64; turn++) TurnOutputs.began(outputs, turn, ended(`e${turn}`))
    const answering = TurnOutputs.answering(outputs, ["e0", "e1", "e64", "other"].map(ended))
    assert.deepStrictEqual([...answering], [1, 64])
  })
})
