import { assert, describe, it } from "@effect/vitest"
import * as Event from "../../../src/Event.ts"
import * as OutputFields from "../../../src/internal/call/outputFields.ts"

/** An output whose fields are all inherited. */
const inherited = (output: Event.Output): Event.Output => {
  class Inherited {}
  for (const [name, value] of Object.entries(output))
    Object.defineProperty(Inherited.prototype, name, { get: () => value })
  return new Inherited() as Event.Output
}

const tool = { toolCallId: "t", toolName: "look_up", toolArgs: { city: "Bonn" } }
const outputs: { readonly [Tag in Event.Output["_tag"]]: Event.OutputOf<Tag> } = {
  AgentSendText: Event.sendText("Hello", { interruptible: false, respondingTo: "own" }),
  AgentSendDtmf: Event.sendDtmf("5"),
  AgentEndCall: Event.endCall({ reason: "done" }),
  AgentTransferCall: Event.transferCall("+49228"),
  AgentToolCalled: { _tag: "AgentToolCalled", ...tool },
  AgentToolReturned: { _tag: "AgentToolReturned", ...tool, result: ["rain"] },
  AgentUpdateCall: Event.updateCall({ language: "de" }),
  AgentSendCustom: Event.sendCustom({ a: { b: 1 } }),
  LogMetric: Event.logMetric("m", undefined),
  LogMessage: Event.logMessage("n", "m", { metadata: { c: 2 } })
}

describe("outputFields", () => {
  for (const output of Object.values(outputs)) {
    it(`copies an ${output._tag} with every field, even inherited ones`, () => {
      const expected = { ...output, respondingTo: output.respondingTo ?? "e1" }
      for (const given of [output, inherited(output)]) {
        const copy = OutputFields.copy(given, "e1")
        assert.deepStrictEqual({ ...copy }, expected)
        assert.notStrictEqual(copy, given)
      }
    })
  }

  it("copies the fields that a record inherits, from the nearest class", () => {
    class Base {
      get a() {
        return 1
      }
      get b() {
        return 1
      }
    }
    class Derived extends Base {
      own = 3
      override get b() {
        return 2
      }
      method() {}
    }
    const copy = OutputFields.copy(Event.sendCustom(new Derived() as never), "e1")
    assert.deepStrictEqual<unknown>({ ...copy }, { ...Event.sendCustom({ own: 3, b: 2, a: 1 }), respondingTo: "e1" })
  })

  it("leaves a plain record alone, and one that writes itself as JSON", () => {
    class Written {
      toJSON() {
        return { a: 1 }
      }
    }
    for (const record of [{ a: 1 }, Object.assign(Object.create(null), { a: 1 }), new Written()]) {
      const copy = OutputFields.copy(Event.sendCustom(record), "e1")
      assert.strictEqual(copy._tag === "AgentSendCustom" && copy.metadata, record)
    }
  })

  it("leaves a result alone, whatever it is", () => {
    const result = new Map([[1, 2]])
    const output: Event.Output = { _tag: "AgentToolReturned", ...tool, result }
    assert.strictEqual(OutputFields.faulty(output), undefined)
    const copy = OutputFields.copy(output, "e1")
    assert.strictEqual(copy._tag === "AgentToolReturned" && copy.result, result)
  })

  for (const record of [new Map([["a", 1]]), new Set([1]), [1], new Error("no")]) {
    it(`finds a record that is a ${record.constructor.name}`, () => {
      assert.strictEqual(OutputFields.faulty(Event.sendCustom(record as never)), "metadata")
      assert.strictEqual(
        OutputFields.faulty({ _tag: "AgentToolCalled", ...tool, toolArgs: record as never }),
        "toolArgs"
      )
    })
  }
})
