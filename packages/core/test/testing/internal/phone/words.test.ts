import { assert, describe, it } from "@effect/vitest"
import * as Words from "../../../../src/testing/internal/phone/words.ts"

const pieces = [
  { at: 0, turn: 1, text: "One " },
  { at: 5, turn: 1, text: "two." },
  { at: 9, turn: 2, text: "One" },
  { at: 12, turn: 2, text: " more" }
]

describe("Words", () => {
  it("joins pieces of one turn, and separates the words of two", () => {
    assert.strictEqual(Words.all(pieces), "One two. One more")
    assert.strictEqual(Words.all([]), "")
  })

  it("finds the pieces in which words begin", () => {
    assert.deepStrictEqual(Words.times(pieces, "One"), [0, 9])
    assert.deepStrictEqual(Words.times(pieces, "ne t"), [0])
    assert.deepStrictEqual(Words.times(pieces, /two|more/), [5, 12])
    assert.deepStrictEqual(Words.times(pieces, "three"), [])
  })

  it("matches a global pattern from the start each time", () => {
    const sticky = /two/gy
    assert.isTrue(Words.areIn("One two", sticky))
    assert.isTrue(Words.areIn("One two", sticky))
  })
})
