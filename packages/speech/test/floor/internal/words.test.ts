import { assert, describe, it } from "@effect/vitest"
import * as Words from "../../../src/floor/internal/words.ts"

describe("words of a transcript", () => {
  it("are joined as their script joins them, also where a character takes two units", () => {
    for (const [first, second, joined] of [
      ["a table", "for two", "a table for two"],
      ["a table ", "for two", "a table for two"],
      ["a table", ", please", "a table, please"],
      ["명동", "칼국수", "명동 칼국수"],
      ["はい", "お願いします", "はいお願いします"],
      ["吉野家の", "𠮷", "吉野家の𠮷"],
      ["𠮷", "です", "𠮷です"],
      ["ขอ", "น้ำ", "ขอน้ำ"],
      ["ཞལ", "ལས", "ཞལ ལས"],
      ["ᦎᦷᦑ", "ᦺᦖ", "ᦎᦷᦑᦺᦖ"],
      ["你好", "。", "你好。"],
      ["😀", "yes", "😀 yes"],
      ["", "yes", "yes"]
    ] as const) {
      assert.strictEqual(Words.join(first, second), joined)
    }
  })

  it("are counted by their script: two characters without spaces are about a word", () => {
    const count = (text: string) => Words.count(Words.list(text))
    assert.strictEqual(count("A table, please."), 3)
    assert.strictEqual(count("两个人的桌子"), 3)
    assert.strictEqual(count("두 사람 자리"), 3)
  })
})
