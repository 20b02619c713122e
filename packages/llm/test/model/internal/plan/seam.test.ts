import { assert, describe, it } from "@effect/vitest"
import * as Seam from "../../../../src/model/internal/plan/seam.ts"

describe("split", () => {
  const cases: ReadonlyArray<readonly [text: string, ready: string, held: string]> = [
    ["", "", ""],
    ["Hello", "", "Hello"],
    ["Hello ", "Hello", " "],
    ["Hello wor", "Hello", " wor"],
    ["Hello\n\nwor", "Hello", "\n\nwor"],
    ["3.14", "", "3.14"],
    ["Great👍🏽", "", "Great👍🏽"],
    ["Great👍🏽 ", "Great👍🏽", " "],
    ["你好", "你好", ""],
    ["我用 Pyth", "我用", " Pyth"],
    ["我用Pyth", "我用", "Pyth"],
    ["Python很", "Python很", ""],
    ["สวัสดี", "สวัสดี", ""],
    ["안녕하세요 여", "안녕하세요", " 여"]
  ]
  for (const [text, ready, held] of cases) {
    it(`of ${JSON.stringify(text)} lets ${JSON.stringify(ready)} leave`, () => {
      assert.deepStrictEqual(Seam.split(text), [ready, held])
    })
  }

  it("lets a run that is too long for a word leave, but never half a character", () => {
    const run = "x".repeat(80)
    assert.deepStrictEqual(Seam.split(run), [run, ""])
    assert.deepStrictEqual(Seam.split(run + "\ud83d"), [run, "\ud83d"])
  })

  it("does not depend on how the text is cut into pieces", () => {
    const text = "Hello  there,\n👩‍👩‍👧 你好 Python很好 ok"
    let held = ""
    let ready = ""
    for (const unit of text.split("")) {
      const [leaving, waiting] = Seam.split(held + unit)
      ready += leaving
      held = waiting
    }
    assert.deepStrictEqual([ready, held], Seam.split(text))
  })
})

describe("gap", () => {
  it("is the white space that the reply showed", () => {
    assert.strictEqual(Seam.gap("The quick", " bro"), " ")
    assert.strictEqual(Seam.gap("The quick", "\n\nbro"), "\n\n")
    assert.strictEqual(Seam.gap("我用", "Pyth"), "")
  })

  it("is a space after a block of text that was complete", () => {
    assert.strictEqual(Seam.gap("Hello.", ""), " ")
    assert.strictEqual(Seam.gap("你好。", ""), "")
    assert.strictEqual(Seam.gap("Hello.\n", ""), "")
  })
})

const fox = "The quick brown fox"

describe("join", () => {
  const cases: ReadonlyArray<readonly [name: string, spoken: string, gap: string, next: string, said: string]> = [
    ["continues to the letter", fox, " ", " jumps over", " jumps over"],
    ["leaves the space out", fox, " ", "jumps over", " jumps over"],
    ["goes on with punctuation", fox, " ", ", which jumps", ", which jumps"],
    ["goes on with a suffix", "That", " ", "’s fine", "’s fine"],
    ["opens a quotation", "He said", " ", "'sure'", " 'sure'"],
    ["marks that it continues", fox, " ", "...jumps over", " jumps over"],
    ["starts a paragraph", fox, " ", "\n\nNext", "\n\nNext"],
    ["repeats the last word", fox, " ", "fox jumps", " jumps"],
    ["repeats the last words", fox, " ", "brown fox jumps", " jumps"],
    ["repeats the last words after a mark", fox, " ", "… brown fox jumps", " jumps"],
    ["repeats in other case", fox, " ", "Brown fox jumps", " jumps"],
    ["repeats with another apostrophe", "I don’t know", " ", "don't know why", " why"],
    ["repeats with new punctuation", fox, " ", "fox, which jumps", ", which jumps"],
    ["repeats with the same punctuation", "Well, hello,", " ", "hello, Ann", " Ann"],
    ["repeats without the punctuation", "Well, hello,", " ", "hello Ann", " Ann"],
    ["repeats with other punctuation", "Well, hello,", " ", "hello! Ann", " Ann"],
    ["starts over", fox, " ", "The quick brown fox jumps", " jumps"],
    ["starts over after a line", fox, " ", "\nThe quick brown fox jumps", " jumps"],
    ["starts over in other white space", "The quick\nbrown fox", " ", "The quick brown fox jumps", " jumps"],
    ["starts over after a single word", "The", " ", "The quick", " quick"],
    ["starts over where a word recurs", "no, the no", " ", "no, the no way", " way"],
    ["begins with a longer word", "The", " ", "Then he", " Then he"],
    ["begins with the end of a word", "I ate a banana", " ", "nana says", " nana says"],
    ["doubles a word to the letter", "It was very", " ", " very good", " very good"],
    ["doubles a digit", "It is 5 5", " ", "5 1 2", " 5 1 2"],
    ["repeats digits with a word", "It is 5 5", " ", "is 5 5 5 1 2", " 5 1 2"],
    ["doubles a spelled letter", "That is W I L", " ", "L I A M S", " L I A M S"],
    ["continues without spaces", "您好，谢", "", "谢您", "谢您"],
    ["repeats without spaces", "您好，谢谢您的来电", "", "您的来电。请问", "。请问"],
    ["starts over without spaces", "您好，谢", "", "您好，谢谢您", "谢您"],
    ["follows white space", "Hello.\n", "", " Next", "Next"],
    ["follows nothing but white space", " \n", "", " Next", "Next"]
  ]
  for (const [name, spoken, gap, next, said] of cases) {
    it(`a text that ${name}`, () => {
      assert.strictEqual(Seam.join(spoken, gap)(next, true), said)
    })
  }

  it("waits while the text only repeats, and decides with the first new word", () => {
    const join = Seam.join(fox, " ")
    assert.isUndefined(join("The", false))
    assert.isUndefined(join("The quick brown", false))
    assert.strictEqual(join("The quick brown fox", false), "")
    assert.strictEqual(join("The quick red", false), " The quick red")
  })

  it("waits for the longer of two overlaps", () => {
    const join = Seam.join("no way, no", " ")
    assert.isUndefined(join("no", false))
    assert.strictEqual(join("no way, no chance", false), " chance")
    assert.strictEqual(join("no chance", false), " chance")
  })

  it("decides at once where nothing is repeated", () => {
    assert.strictEqual(Seam.join(fox, " ")("jumps", false), " jumps")
  })

  it("drops a text that ends inside of its repetition", () => {
    assert.strictEqual(Seam.join(fox, " ")("The quick", true), "")
    assert.strictEqual(Seam.join(fox, " ")("quick brown", true), "")
  })

  it("says nothing where nothing came", () => {
    assert.strictEqual(Seam.join(fox, " ")("", true), "")
    assert.strictEqual(Seam.join(fox, " ")("…", true), "")
  })
})
