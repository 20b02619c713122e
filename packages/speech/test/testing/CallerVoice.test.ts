import { assert, describe, it } from "@effect/vitest"
import * as Chance from "@antiphon/core/testing/Chance"
import * as Effect from "effect/Effect"
import * as AudioFormat from "../../src/AudioFormat.ts"
import * as Tones from "../../src/provider/tones/Tones.ts"
import * as Vad from "../../src/Vad.ts"
import * as CallerVoice from "../../src/testing/CallerVoice.ts"

/** The share of windows that Silero takes for speech. */
const speechShare = (samples: Int16Array) =>
  Effect.gen(function* () {
    const detector = yield* Effect.flatMap(Vad.Vad, (vad) => vad.make)
    const silence = new Int16Array(16_000)
    let [speech, count] = [0, 0]
    for (const [part, counts] of [
      [silence, false],
      [samples, true]
    ] as const) {
      for (let at = 0; at + detector.windowSamples <= part.length; at += detector.windowSamples) {
        const isSpeech = detector.probability(part.subarray(at, at + detector.windowSamples)) >= 0.5
        if (!counts) continue
        count++
        if (isSpeech) speech++
      }
    }
    return speech / count
  }).pipe(Effect.scoped, Effect.provide(Vad.silero))

describe("CallerVoice", () => {
  it("says the same words the same way, and differently with another seed", () => {
    const say = (seed: number) => CallerVoice.made({ seed }).say("A table for two", 160).samples
    assert.deepStrictEqual(say(1), say(1))
    assert.notDeepEqual(say(1), say(2))
  })

  it("says each word in its time, followed by a pause", () => {
    const { samples, words } = CallerVoice.made().say("A table for two", 120)
    assert.strictEqual(samples.length, 16_000 * 2)
    assert.deepStrictEqual(
      words.map(({ from, text }) => [text, from]),
      [
        ["A", 0],
        ["table", 500],
        ["for", 1000],
        ["two", 1500]
      ]
    )
    const loudest = (from: number, to: number) => Math.max(...samples.slice(from * 16, to * 16).map(Math.abs))
    assert.isAbove(loudest(500, 900), 3000)
    assert.isBelow(loudest(930, 1000), 300)
  })

  it.effect("sounds like speech to a voice detector, and a cough does briefly", () =>
    Effect.gen(function* () {
      for (const seed of [1, 2, 3]) {
        const { samples } = CallerVoice.made({ seed }).say("Somebody may leave a memory on Monday evening", 160)
        assert.isAbove(yield* speechShare(samples), 0.5)
      }
      const cough = yield* speechShare(CallerVoice.cough(Chance.make(1)))
      assert.isAbove(cough, 0.1)
      assert.isBelow(cough, 0.8)
    })
  )

  it("places the words of a recording where there is sound", () => {
    const samples = new Int16Array(16_000)
    samples.fill(5000, 4000, 12_000)
    assert.deepStrictEqual(CallerVoice.timed("two words", samples).words, [
      { text: "two", from: 250, to: 500 },
      { text: "words", from: 500, to: 750 }
    ])
  })

  it.effect("a real voice synthesises texts beforehand, at 16 kHz whatever its own rate", () =>
    Effect.gen(function* () {
      const voice = yield* CallerVoice.spoken("tones", ["a b"], (text) =>
        Tones.speak(text, { format: AudioFormat.pcm24000 })
      )
      const { samples, words } = voice.say("a b", 160)
      assert.strictEqual(samples.length, 8000)
      assert.deepStrictEqual(
        words.map(({ from, text }) => [text, from]),
        [
          ["a", 0],
          ["b", 250]
        ]
      )
      assert.throws(() => voice.say("c", 160), /no recording of “c”/)
    })
  )
})
