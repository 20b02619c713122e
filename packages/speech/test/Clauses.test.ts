import { assert, describe, it } from "@effect/vitest"
import * as Chance from "@antiphon/core/testing/Chance"
import * as Clauses from "../src/Clauses.ts"

const whole: ReadonlyArray<readonly [text: string, clauses: ReadonlyArray<string>]> = [
  ["Hello. How can I help you today? Tell me.", ["Hello. ", "How can I help you today? ", "Tell me."]],
  [
    "Of course I can, one moment, please. It is done now.",
    ["Of course I can, ", "one moment, please. It is done now."]
  ],
  [
    "Yes, of course I can do that for you. Anything else?",
    ["Yes, of course I can do that for you. ", "Anything else?"]
  ],
  [
    "Good. Dr. Miller sees you at 3.30 p.m. on Monday. Bring e.g. your card, No. 5 please.",
    ["Good. ", "Dr. Miller sees you at 3.30 p.m. on Monday. ", "Bring e.g. your card, No. 5 please."]
  ],
  [
    "Fine. It costs 1,234.56 dollars, see www.example.com. for more of that. Bye now, my friend.",
    ["Fine. ", "It costs 1,234.56 dollars, see www.example.com. for more of that. ", "Bye now, my friend."]
  ],
  [
    "Good. Mr. J. R. Smith of the U.S. Army is here. He waits for you there.",
    ["Good. ", "Mr. J. R. Smith of the U.S. Army is here. ", "He waits for you there."]
  ],
  [
    "Gut. Wir sehen uns am 3. Mai um 15 Uhr. Bis dann, auf Wiederhören.",
    ["Gut. ", "Wir sehen uns am 3. Mai um 15 Uhr. ", "Bis dann, auf Wiederhören."]
  ],
  [
    "Ok. She said “Come in.” Then she left the room again.",
    ["Ok. ", "She said “Come in.” Then she left the room again."]
  ],
  [
    "Wait... what did you say to me? Nothing at all, she said.",
    ["Wait... ", "what did you say to me? ", "Nothing at all, she said."]
  ],
  ["予約ですね。かしこまりました。何名様でしょうか？", ["予約ですね。", "かしこまりました。何名様でしょうか？"]],
  ["你好，欢迎致电我们餐厅。请问您今天想预订几位？", ["你好，欢迎致电我们餐厅。", "请问您今天想预订几位？"]],
  [
    "Sure!\nHere is the first line of it\nand here is the second line",
    ["Sure!\n", "Here is the first line of it\n", "and here is the second line"]
  ],
  ["", []]
]

const stream = (pieces: ReadonlyArray<string>, options?: Clauses.Options): ReadonlyArray<Clauses.Clause> => {
  let self = Clauses.make(options)
  const clauses: Array<Clauses.Clause> = []
  for (const piece of pieces) {
    const [next, found] = Clauses.push(self, piece)
    self = next
    clauses.push(...found)
  }
  return [...clauses, ...Clauses.flush(self)[1]]
}

const cut = (text: string, chance: Chance.Chance): ReadonlyArray<string> => {
  const pieces: Array<string> = []
  for (let at = 0; at < text.length;) {
    const length = chance.int(1, 5)
    pieces.push(text.slice(at, at + length))
    at += length
  }
  return pieces
}

describe("Clauses", () => {
  for (const [text, clauses] of whole) {
    it(JSON.stringify(text), () => assert.deepStrictEqual(Clauses.split(text), clauses))
  }

  it("loses nothing, and knows where each clause stands, however the text is cut into pieces", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const chance = Chance.make(seed)
      const text = chance.many(6, () => chance.pick(whole)[0]).join(" ")
      let at = 0
      for (const clause of stream(cut(text, chance))) {
        assert.strictEqual(clause.from, at)
        assert.strictEqual(clause.text, text.slice(clause.from, clause.to))
        at = clause.to
      }
      assert.strictEqual(at, text.length)
    }
  })

  it("returns the first clause of a long sentence early", () => {
    const [, clauses] = Clauses.push(Clauses.make(), "Well, thank you for calling us, I will look")
    assert.deepStrictEqual(
      clauses.map((clause) => clause.text),
      ["Well, thank you for calling us, "]
    )
  })

  it("returns a sentence as soon as its end is known", () => {
    const [self, none] = Clauses.push(Clauses.make(), "It is open.")
    assert.lengthOf(none, 0)
    assert.deepStrictEqual(
      Clauses.push(self, " Do")[1].map((clause) => clause.text),
      ["It is open. "]
    )
  })

  it("returns a Japanese sentence at once", () => {
    assert.lengthOf(Clauses.push(Clauses.make(), "予約ですね。")[1], 1)
  })

  it("cuts an endless sentence at a comma or a space, and never within a grapheme", () => {
    const words = Clauses.split("word ".repeat(200))
    for (const clause of words) assert.isAtMost(clause.length, 240)
    assert.isTrue(words.every((clause) => clause.endsWith(" ")))
    const family = "👨‍👩‍👧‍👦"
    for (const clause of Clauses.split(family.repeat(60))) assert.strictEqual(clause.length % family.length, 0)
  })

  it("returns the last clause when the text ends, and only once", () => {
    const [self] = Clauses.push(Clauses.make(), "Goodbye")
    const [after, last] = Clauses.flush(self)
    assert.deepStrictEqual(last, [{ text: "Goodbye", from: 0, to: 7 }])
    assert.lengthOf(Clauses.flush(after)[1], 0)
  })
})
