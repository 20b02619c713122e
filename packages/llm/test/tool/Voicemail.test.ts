import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import * as Voicemail from "../../src/tool/Voicemail.ts"
import { test } from "../support/virtualTest.ts"
import { playing, run, shown } from "./calling.ts"

const end = (interruptible: boolean) => ({ _tag: "AgentEndCall", reason: "voicemail_detected", interruptible })

describe("Voicemail", () => {
  it("has no parameters, and tells the model to be silent only if there is a message", () => {
    const silent = shown(Voicemail.make({ message: "Please call back." }))
    assert.deepStrictEqual(silent.parameters, { type: "object", properties: {}, additionalProperties: false })
    assert.isTrue(silent.strict)
    assert.match(silent.description!, /you've reached the voicemail of…"\n- a beep/)
    assert.match(silent.description!, /Do not say anything yourself — no preamble/)
    assert.match(
      shown(Voicemail.make()).description!,
      /\n\nYou may leave a brief message first; this tool ends the call\.$/
    )
    assert.strictEqual(shown(Voicemail.make({ description: "Mine.", message: "m" })).description, "Mine.")
  })

  it.effect("leaves its message and hangs up, whoever speaks", () =>
    Effect.gen(function* () {
      const { values } = yield* run(Voicemail.make({ message: "Please call back." }), {})
      assert.deepStrictEqual(values, [
        { _tag: "AgentSendText", text: "Please call back.", interruptible: false },
        end(false)
      ])
    })
  )

  it.effect("hangs up without a word if there is no message, and can be made interruptible", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* run(Voicemail.make({ message: "" }), {})).values, [end(false)])
      assert.deepStrictEqual((yield* run(Voicemail.make({ interruptible: true }), {})).values, [end(true)])
    })
  )

  test("is offered only for its turns, and a later call is an error the model reads", function* () {
    const model = ScriptedModel.make([
      ScriptedModel.text("Hi!"),
      ScriptedModel.toolCall("voicemail", {}, { id: "c1" }),
      ScriptedModel.text("Who is there?")
    ])
    const call = yield* playing(model, { tools: [Voicemail.make({ activeTurns: 1 })] })
    yield* call.say("hello")
    yield* call.say("who is it")
    const offered = (yield* model.prompts).map(({ tools }) => tools.map(({ name }) => name))
    assert.deepStrictEqual(offered, [["voicemail"], [], []])
    assert.notInclude(call.sent(), "AgentEndCall")
    assert.include((yield* call.prompts)[2]!, 'result c1-0: error: there is no tool "voicemail"')
  })
})
