import { assert, describe, it } from "@effect/vitest"
import * as Event from "../../../src/Event.ts"
import * as Given from "../../../src/internal/call/given.ts"

const tool = { toolCallId: "t", toolName: "look_up", toolArgs: {} }

describe("given", () => {
  const faults: ReadonlyArray<readonly [unknown, string | undefined]> = [
    [{ _tag: "UserTextSent", eventId: "e", content: "a" }, undefined],
    [{ _tag: "CustomHistoryEntry", eventId: "e", role: "system", content: "a" }, undefined],
    [{ _tag: "CustomHistoryEntry", role: "system", content: "a" }, undefined],
    [{ _tag: "AgentToolCalled", ...tool }, undefined],
    [{ _tag: "AgentToolReturned", ...tool, result: 1 }, undefined],
    [null, "the history was given null, which is not an event"],
    ["text", "the history was given text, which is not an event"],
    [{}, "the history was given an object without a _tag"],
    [
      { _tag: "UserTextSent", eventId: "e" },
      "the history was given a UserTextSent whose fields are not those of the event"
    ],
    [Event.sendText("a"), "the history was given a AgentSendText, which is not an event of the history"],
    [{ _tag: "toString" }, "the history was given a toString, which is not an event of the history"]
  ]
  for (const [event, fault] of faults) {
    it(`${JSON.stringify(event)}: ${fault ?? "fits"}`, () => assert.strictEqual(Given.fault(event), fault))
  }

  it("a text is a string", () => {
    assert.strictEqual(Given.textFault(""), undefined)
    assert.strictEqual(Given.textFault(null), "the history was given object as the text of a line")
  })
})
