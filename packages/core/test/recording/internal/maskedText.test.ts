import { assert, describe, it } from "@effect/vitest"
import * as MaskedText from "../../../src/recording/internal/maskedText.ts"

describe("MaskedText", () => {
  it("keeps keys that a program defines, and masks keys that are values", () => {
    for (const name of ["card", "card_number", "$ref", "anthropic/cache", "line-1"]) {
      assert.strictEqual(MaskedText.maskName(name), name)
    }
    assert.deepStrictEqual(["+1555", "Anna Smith", "anna@example.com", "4111"].map(MaskedText.maskName), [
      "+0000",
      "xxxx xxxxx",
      "xxxx@xxxxxxx.xxx",
      "0000"
    ])
  })

  it("masks every kind of value", () => {
    assert.deepStrictEqual(
      MaskedText.maskValue({ text: "Anna", list: [1n, 2, true, null, undefined], "+1555": { deep: "a" } }),
      { text: "xxxx", list: [0, 0, true, null, undefined], "+0000": { deep: "x" } }
    )
    assert.strictEqual(MaskedText.maskValue(Symbol("Anna")), MaskedText.blank)
    assert.strictEqual(
      MaskedText.maskValue(() => "Anna"),
      MaskedText.blank
    )
    assert.strictEqual(MaskedText.maskValue(new Uint8Array([65, 110])), MaskedText.blank)
  })

  it("masks what JSON would write for an object", () => {
    assert.strictEqual(MaskedText.maskValue(new URL("https://anna.example/1")), "xxxxx://xxxx.xxxxxxx/0")
  })

  it("keeps the tag of an unknown value if it looks like a name", () => {
    assert.deepStrictEqual(MaskedText.maskUnknown({ _tag: "UserMoodHeard", mood: "calm" }), {
      _tag: "UserMoodHeard",
      mood: "xxxx"
    })
    assert.deepStrictEqual(MaskedText.maskUnknown({ _tag: "Anna Smith" }), { _tag: "xxxx xxxxx" })
    assert.deepStrictEqual(MaskedText.maskValue({ _tag: "Anna" }), { _tag: "xxxx" })
  })
})
