import { assert, describe, it } from "@effect/vitest"
import { wholeAt } from "../../src/internal/wholeText.ts"

describe("a position at which a text is cut", () => {
  it("is never inside a character", () => {
    const text = "a👋b"
    assert.deepStrictEqual(
      [0, 1, 2, 3, 4, 5].map((at) => wholeAt(text, at)),
      [0, 1, 1, 3, 4, 5]
    )
  })
})
