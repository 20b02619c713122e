import { assert, describe, it } from "@effect/vitest"
import * as WordPlaces from "../../../src/tts/internal/wordPlaces.ts"

const text = "That is a cat, isn't it? 5 cats. 猫と犬"
const found = (word: string, from = 0) => {
  const place = WordPlaces.find(text, word, from)
  return place === undefined ? undefined : [place.from, text.slice(place.from, place.to)]
}

describe("WordPlaces", () => {
  it("finds a word, in any case and with its punctuation, and never a part of another word", () => {
    assert.deepStrictEqual(found("that"), [0, "That"])
    assert.deepStrictEqual(found("a"), [8, "a"])
    assert.deepStrictEqual(found("cat,"), [10, "cat,"])
    assert.deepStrictEqual(found("it?"), [21, "it?"])
    assert.deepStrictEqual(found("cat", 14), undefined)
    assert.deepStrictEqual(found("sn"), undefined)
    assert.deepStrictEqual(found("five"), undefined)
  })

  it("finds characters of a script without spaces", () => {
    assert.deepStrictEqual(found("と"), [34, "と"])
    assert.deepStrictEqual(found("猫と"), [33, "猫と"])
  })

  it("looks ahead no further than a voice skips words", () => {
    const long = `${"x ".repeat(60)}end`
    assert.isUndefined(WordPlaces.find(long, "end", 0))
    assert.isDefined(WordPlaces.find(long, "end", 60))
  })
})
