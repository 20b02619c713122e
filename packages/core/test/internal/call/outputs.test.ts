import { assert, describe, it } from "@effect/vitest"
import * as Event from "../../../src/Event.ts"
import * as Outputs from "../../../src/internal/call/outputs.ts"
import { started } from "../../quietTurn.ts"

const all = "a😀b👨‍👩‍👧c\u{20000}d"

describe("outputs", () => {
  it("are whole characters wherever their text is cut", () => {
    for (let i = 0; i <= all.length; i++) {
      for (let j = i; j <= all.length; j++) {
        const half: Outputs.Half = { text: "" }
        const pieces = [all.slice(0, i), all.slice(i, j), all.slice(j)].flatMap((text) => {
          const output = Outputs.prepare(Event.sendText(text), started, half)
          return output?._tag === "AgentSendText" ? [output.text] : []
        })
        assert.isTrue(
          pieces.every((piece) => piece.isWellFormed()),
          `${i} ${j}`
        )
        assert.strictEqual(pieces.join(""), all, `${i} ${j}`)
      }
    }
  })

  it("name the event they respond to, unless they already do", () => {
    const half: Outputs.Half = { text: "" }
    assert.strictEqual(Outputs.prepare(Event.endCall(), started, half)?.respondingTo, "e1")
    assert.strictEqual(
      Outputs.prepare(Event.sendText("a", { respondingTo: "own" }), started, half)?.respondingTo,
      "own"
    )
  })

  it("count as noticed if the caller hears or feels any of them", () => {
    const isNoticed = (output: Event.Output) => Outputs.isNoticed(output)
    assert.isTrue([Event.sendText("a"), Event.endCall()].every(isNoticed))
    assert.isFalse([Event.sendText(""), Event.sendText(" \n"), Event.logMetric("a", 1)].some(isNoticed))
  })

  const faults: ReadonlyArray<readonly [unknown, string | undefined]> = [
    [Event.sendText("a"), undefined],
    [null, "the agent has sent null, which is not an event"],
    ["text", "the agent has sent text, which is not an event"],
    [{}, "the agent has sent an object without a _tag"],
    [{ _tag: "AgentSendText" }, "the agent has sent an AgentSendText whose fields are not those of the event"],
    [{ _tag: "Nothing" }, "the agent has sent Nothing, which is not an output event"],
    [{ _tag: "toString" }, "the agent has sent toString, which is not an output event"]
  ]
  for (const [output, fault] of faults) {
    it(`${JSON.stringify(output)}: ${fault ?? "fit"}`, () => assert.strictEqual(Outputs.fault(output), fault))
  }
})
