import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as FloorPolicy from "../src/FloorPolicy.ts"

const parse = (text: string) => Schema.decodeUnknownResult(FloorPolicy.Settings)(JSON.parse(text))

describe("FloorPolicy", () => {
  for (const [name, preset] of Object.entries(FloorPolicy.presets)) {
    it(`${name} is valid, and survives JSON`, () => {
      const read = Schema.decodeUnknownResult(FloorPolicy.FloorPolicy)(JSON.parse(JSON.stringify(preset)))
      assert.deepStrictEqual(Result.getOrThrow(read), preset)
    })
  }

  it("settings start from a preset and change single values", () => {
    const settings = Result.getOrThrow(
      parse(`{ "preset": "patient", "completeMs": 1200, "languages": ["de-DE", "fr"] }`)
    )
    const policy = Result.getOrThrow(FloorPolicy.fromSettings(settings))
    assert.strictEqual(policy.completeMs, 1200)
    assert.strictEqual(policy.incompleteMs, FloorPolicy.patient.incompleteMs)
    assert.includeMembers([...policy.backchannels], ["genau", "d'accord"])
    assert.notInclude(policy.backchannels, "uh huh")
  })

  it("the default is the telephone preset", () => {
    assert.deepStrictEqual(Result.getOrThrow(FloorPolicy.fromSettings({})), FloorPolicy.telephone)
  })

  it("rejects waits that contradict each other, and invalid values", () => {
    assert.isTrue(Result.isFailure(FloorPolicy.fromSettings({ completeMs: 3000 })))
    assert.isTrue(Result.isFailure(parse(`{ "completeMs": -1 }`)))
    assert.isTrue(Result.isFailure(parse(`{ "preset": "radio" }`)))
  })
})
