import { assert, describe, it } from "@effect/vitest"
import * as Characters from "../../src/internal/characters.ts"

describe("characters", () => {
  it("treats a surrogate pair as one character, and a lone surrogate as another", () => {
    assert.strictEqual(Characters.characterAt("a😀b", 0), "a")
    assert.strictEqual(Characters.characterAt("a😀b", 1), "😀")
    assert.strictEqual(Characters.characterAt("a\ud83d", 1), "\ud83d")
    assert.strictEqual(Characters.characterBefore("a😀", 3), 1)
    assert.strictEqual(Characters.characterBefore("a😀", 1), 0)
  })
})
