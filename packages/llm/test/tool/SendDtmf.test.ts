import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as SendDtmf from "../../src/tool/SendDtmf.ts"
import { run, shown } from "./calling.ts"

describe("SendDtmf", () => {
  it("shows the model the twelve keys", () => {
    assert.deepStrictEqual(shown(SendDtmf.make()), {
      name: "send_dtmf",
      description: "Send a DTMF tone. Use when the voice system asks you to press a button.",
      parameters: {
        type: "object",
        properties: {
          button: {
            type: "string",
            enum: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"],
            description: "The DTMF button to send (0-9, *, or #)"
          }
        },
        required: ["button"],
        additionalProperties: false
      },
      strict: true
    })
  })

  for (const button of ["5", "*", "#", "A"]) {
    it.effect(`sends ${button} exactly as the model gave it`, () =>
      Effect.gen(function* () {
        const { values } = yield* run(SendDtmf.make(), { button })
        assert.deepStrictEqual(values, [{ _tag: "AgentSendDtmf", button }])
      })
    )
  }

  for (const args of [{}, { button: 5 }, "5", null]) {
    it.effect(`rejects ${JSON.stringify(args)}, which names no key`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(run(SendDtmf.make(), args))
        assert.match(String(error), /button must be a string/)
      })
    )
  }
})
