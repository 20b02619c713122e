import { assert, describe, it } from "@effect/vitest"
import * as Alignment from "../../../../src/provider/flite/internal/alignment.ts"
import type * as Engine from "../../../../src/provider/flite/internal/engine.ts"
import * as Synthesis from "../../../../src/provider/flite/internal/synthesis.ts"

/**
 * Each letter is a sound of 100 ms, and a comma within is a pause of the same length, between 200 ms of silence on both
 * sides. The value of a sample is its own number.
 */
const spelling = (): Engine.Engine & { readonly asked: Array<string> } => {
  const asked: Array<string> = []
  const soundsOf = (text: string) => text.toLowerCase().match(/[a-z]/g) ?? []
  return {
    asked,
    synthesize: (text) => {
      const spoken = (text.toLowerCase().match(/[a-z]|,(?=.)/g) ?? []).map((letter) =>
        letter === "," ? "pau" : letter
      )
      const sounds = ["pau", "pau", ...spoken, "pau", "pau"]
      return {
        samples: Int16Array.from({ length: sounds.length * 1600 }, (_, i) => i),
        sampleRateHz: 16000,
        segments: Alignment.parse(sounds.map((symbol, i) => `${symbol}:${((i + 1) / 10).toFixed(3)}`).join(" "))
      }
    },
    pronounce: (text) => {
      asked.push(text)
      return text.split(/[.\s-]+/).flatMap((word) => (word === "" ? [] : [soundsOf(word)]))
    }
  }
}
const request = (words: ReadonlyArray<string>, pauseMs = 300) => ({ words, pauseMs, voice: "slt", stretch: 1 })
const timesOf = (said: Synthesis.Said) =>
  said.words.map(({ end, start, text }) => [text, Number(start.toFixed(3)), Number(end.toFixed(3))])

describe("synthesis", () => {
  it("times words from 20 ms before the first sound", () => {
    const said = Synthesis.make(spelling())(request(["ab", "c."]))
    assert.deepStrictEqual(timesOf(said), [
      ["ab", 0.02, 0.22],
      ["c.", 0.22, 0.32]
    ])
    assert.strictEqual(said.samples[0], 180 * 16)
  })

  it("starts a word at its first sound, not at the pause before it", () => {
    assert.deepStrictEqual(timesOf(Synthesis.make(spelling())(request(["ab,", "c"]))), [
      ["ab,", 0.02, 0.22],
      ["c", 0.32, 0.42]
    ])
  })

  it("ends with the pause: the sound's own, and then silence", () => {
    const said = Synthesis.make(spelling())(request(["ab"], 300))
    assert.strictEqual(said.samples.length, (20 + 200 + 300) * 16)
    assert.strictEqual(said.samples[(20 + 200 + 200) * 16 - 1], 600 * 16 - 1)
    assert.strictEqual(said.samples[(20 + 200 + 200) * 16], 0)
    assert.strictEqual(Synthesis.make(spelling())(request(["ab"], 0)).samples.length, 220 * 16)
  })

  it("gives no time to unreadable words, and is silent if there are no others", () => {
    const say = Synthesis.make(spelling())
    assert.deepStrictEqual(timesOf(say(request(["\u{1f600}", "a", "\u2014", "b"]))), [
      ["\u{1f600}", 0.02, 0.02],
      ["a", 0.02, 0.12],
      ["\u2014", 0.12, 0.12],
      ["b", 0.12, 0.22]
    ])
    const nothing = say(request(["\u{1f600}", "..."]))
    assert.strictEqual(nothing.samples.length, 0)
    assert.deepStrictEqual(timesOf(nothing), [
      ["\u{1f600}", 0, 0],
      ["...", 0, 0]
    ])
  })

  it("asks once how a word is pronounced, with all new words in one request", () => {
    const engine = spelling()
    const say = Synthesis.make(engine)
    say(request(["ab,", "cd", "ab."]))
    say(request(["cd", "ef", "ab"]))
    assert.deepStrictEqual(engine.asked, ["ab.\n\ncd.", "ef."])
  })

  it("asks for each word separately if one contains a pause", () => {
    const engine = spelling()
    const said = Synthesis.make(engine)(request(["ab", "c-d", "e"]))
    assert.deepStrictEqual(engine.asked, ["ab.\n\nc-d.\n\ne.", "ab", "c-d", "e"])
    assert.deepStrictEqual(
      said.words.map(({ segments }) => segments.map(({ symbol }) => symbol).join("")),
      ["ab", "cd", "e"]
    )
  })
})
