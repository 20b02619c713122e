import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import * as EndCall from "../../src/tool/EndCall.ts"
import { test } from "../support/virtualTest.ts"
import { playing, run, shown } from "./calling.ts"

const parameters = {
  type: "object",
  properties: { reason: { type: "string", description: "The reason for ending the call" } },
  required: ["reason"],
  additionalProperties: false
}

describe("EndCall", () => {
  it("tells the model when to hang up, and asks it for a reason", () => {
    const { description, ...rest } = shown(EndCall.make())
    assert.deepStrictEqual(rest, { name: "end_call", parameters, strict: true })
    assert.match(description!, /^Ends the conversation and hangs up\.\n\nUse when:\n- User says goodbye/)
    assert.match(description!, /no further communication\nis possible\.$/)
    assert.strictEqual(shown(EndCall.make({ description: "Hang up now." })).description, "Hang up now.")
  })

  it.effect("asks the harness to hang up, without passing on the model's reason", () =>
    Effect.gen(function* () {
      const { values } = yield* run(EndCall.make(), { reason: "said bye" })
      assert.deepStrictEqual(values, [{ _tag: "AgentEndCall", reason: "agent_ended", interruptible: true }])
      const firm = yield* run(EndCall.make({ interruptible: false }), { reason: "r" })
      assert.deepStrictEqual(firm.values, [{ _tag: "AgentEndCall", reason: "agent_ended", interruptible: false }])
    })
  )

  it("tells the model if it gave no reason", () => {
    assert.match(Result.getOrThrow(Result.flip(EndCall.make().decode({}))), /invalid arguments: .*reason/)
  })

  test("ends the turn: the model is not asked again", function* () {
    const model = ScriptedModel.make([
      [ScriptedModel.text("Goodbye!"), ScriptedModel.toolCall("end_call", { reason: "bye" }, { id: "c1" })]
    ])
    const call = yield* playing(model, { tools: [EndCall.make()], toolStyle: "line" })
    yield* call.say("bye")
    assert.deepStrictEqual(call.sent(), ["Goodbye!", "AgentEndCall", "end_call(c1)", 'end_call(c1) = "success"'])
  })
})
