import { assert, describe, it } from "@effect/vitest"
import * as Script from "../src/Script.ts"

describe("Script", () => {
  for (const text of [
    "漢字",
    "ひらがな",
    "カタカナ",
    "ー",
    "ㄅ",
    "ꀀ",
    "ไทย",
    "ລາວ",
    "ខ្មែរ",
    "မြန်မာ",
    "ᦟᦹᧉ",
    "see 東京 soon"
  ]) {
    it(`finds no spaces between the words of ${text}`, () => assert.isTrue(Script.hasUnspaced(text)))
  }

  for (const text of ["", "English", "Ελληνικά", "हिन्दी", "العربية", "한국어", "😀", "col·lecció", "a。b"]) {
    it(`finds spaces between the words of ${JSON.stringify(text)}`, () => assert.isFalse(Script.hasUnspaced(text)))
  }

  it("never cuts a text inside a character", () => {
    assert.strictEqual(Script.wholeEnd("a😀b", 2), 1)
    assert.strictEqual(Script.wholeEnd("a😀b", 3), 3)
    assert.strictEqual(Script.wholeEnd("a😀"), 3)
    assert.strictEqual(Script.wholeEnd("a\ud83d"), 1)
    assert.strictEqual(Script.wholeEnd(""), 0)
  })
})
