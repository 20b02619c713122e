import { assert, describe, it } from "@effect/vitest"
import * as Printable from "../src/Printable.ts"

const attacks = [
  "\u001b]52;c;ZXZpbA==\u0007",
  "\u001b[2J",
  "\u009b2J",
  "\u0000",
  "\u007f",
  "\r",
  "\u2028",
  "\u2029",
  "\u202eexe.txt\u202c",
  "\u2066x\u2069"
]
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

describe("Printable", () => {
  for (const attack of attacks) {
    it(`leaves nothing in ${JSON.stringify(attack)} that a terminal interprets`, () => {
      const text = `before ${attack}\nafter`
      for (const shown of [Printable.line(text), Printable.block(text), Printable.escaped(text)]) {
        assert.notMatch(shown, control)
        assert.match(shown, /^before .*after$/s)
      }
      assert.notInclude(Printable.line(text), "\n")
      assert.notInclude(Printable.escaped(text), "\n")
      assert.strictEqual(Printable.block(text).split("\n").length, 2)
      assert.strictEqual(Printable.escaped(text, { keepLines: true }).split("\n").length, 2)
    })
  }

  it("leaves words of every script unchanged", () => {
    for (const text of ["plain words", "Grüße, 你好 😀", "שלום\u200f", "مرحبا", "a\u200bb"]) {
      for (const show of [Printable.line, Printable.block, Printable.escaped]) assert.strictEqual(show(text), text)
    }
  })

  it("loses nothing when it escapes", () => {
    assert.strictEqual(Printable.escaped("a\n\u001b[2J\u2028"), "a\\u000a\\u001b[2J\\u2028")
  })
})
