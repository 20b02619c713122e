import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import * as TransferCall from "../../src/tool/TransferCall.ts"
import { test } from "../support/virtualTest.ts"
import { playing, run, shown } from "./calling.ts"

const transfer = (targetPhoneNumber: string, interruptible = true) => ({
  _tag: "AgentTransferCall",
  targetPhoneNumber,
  interruptible
})

describe("TransferCall", () => {
  it("asks the model for a number, unless the number is fixed", () => {
    const open = shown(TransferCall.make())
    assert.strictEqual(
      open.description,
      "Transfer the call to another phone number (E.164).\nDo not speak a separate line before calling this tool.\nIf the tool was configured with a fixed message at construction,\nthat message is spoken before the transfer.\n"
    )
    assert.deepStrictEqual(open.parameters, {
      type: "object",
      properties: {
        target_phone_number: {
          type: "string",
          description: "The destination phone number in E.164 format (e.g., +14155551234)"
        }
      },
      required: ["target_phone_number"],
      additionalProperties: false
    })
    const pinned = shown(TransferCall.make({ targetPhoneNumber: "+442071838750" }))
    assert.deepStrictEqual(pinned.parameters, { type: "object", properties: {}, additionalProperties: false })
    assert.match(pinned.description!, /^Transfer the call to the preconfigured destination\.\nUse this when/)
  })

  for (const [written, number] of [
    ["+1 (415) 555-2671", "+14155552671"],
    ["+44 20 7183 8750", "+442071838750"],
    ["+49-30-2093-0", "+493020930"]
  ] as const) {
    it.effect(`reads ${written} as ${number}`, () =>
      Effect.gen(function* () {
        const { values, entries } = yield* run(TransferCall.make(), { target_phone_number: written })
        assert.deepStrictEqual(values, [transfer(number)])
        assert.deepStrictEqual(entries, [])
      })
    )
  }

  for (const [written, apology] of [
    ["+1555", "I'm sorry, that phone number appears to be invalid."],
    ["+15550001111", "I'm sorry, that phone number appears to be invalid."],
    ["the manager", "I'm sorry, I couldn't understand that phone number format."],
    ["4155552671", "I'm sorry, I couldn't understand that phone number format."]
  ] as const) {
    it.effect(`apologises for ${written}, and transfers nothing`, () =>
      Effect.gen(function* () {
        const { values } = yield* run(TransferCall.make({ message: "One moment." }), { target_phone_number: written })
        assert.deepStrictEqual(values.slice(0, 1), [{ _tag: "AgentSendText", text: apology }])
        assert.isFalse(values.some((value) => Event.isOutput(value) && value._tag === "AgentTransferCall"))
      })
    )
  }

  it.effect("says its message before the transfer, both as interruptible as configured", () =>
    Effect.gen(function* () {
      const tool = TransferCall.make({
        targetPhoneNumber: "+44 20 7183 8750",
        message: "One moment.",
        interruptible: false
      })
      const { values } = yield* run(tool, {})
      assert.deepStrictEqual(values, [
        { _tag: "AgentSendText", text: "One moment.", interruptible: false },
        transfer("+442071838750", false)
      ])
    })
  )

  it("rejects a fixed number that is not valid", () => {
    assert.throws(() => TransferCall.make({ targetPhoneNumber: "+1555" }), /"\+1555" is not a valid phone number/)
    assert.throws(() => TransferCall.make({ targetPhoneNumber: "sales" }), /"sales" is not a valid phone number/)
  })

  test("records in its outcome that nothing was transferred", function* () {
    const model = ScriptedModel.make([
      ScriptedModel.toolCall("transfer_call", { target_phone_number: "+1555" }, { id: "c1" }),
      ScriptedModel.text("Which number?")
    ])
    const call = yield* playing(model, { tools: [TransferCall.make()] })
    yield* call.say("a human")
    assert.lengthOf(yield* call.prompts, 1)
    yield* call.say("well?")
    const [, later] = yield* call.prompts
    assert.include(later!, 'result c1-0: error: the call was not transferred: "+1555" is not a phone number')
    assert.notInclude(later!.join(), "success")
  })
})
