import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../../src/AudioFormat.ts"
import * as AudioFrame from "../../../src/AudioFrame.ts"
import * as Level from "../../../src/Level.ts"
import * as Pcm from "../../../src/Pcm.ts"
import * as Tones from "../../../src/provider/tones/Tones.ts"

describe("Tones", () => {
  it.effect("plays a tone for each word, in sequence", () =>
    Effect.gen(function* () {
      const parts = [...(yield* Stream.runCollect(Tones.speak("one  two,\nthree")))]
      assert.deepStrictEqual(
        parts.map(({ audio, words }) => [audio.time, AudioFrame.end(audio), words]),
        [
          [0, 250, [{ text: "one", start: 0, end: 200 }]],
          [250, 500, [{ text: "two,", start: 250, end: 450 }]],
          [500, 750, [{ text: "three", start: 500, end: 700 }]]
        ] as never
      )
    })
  )

  it("has the pitch of the word while it lasts, and silence afterwards", () => {
    const [part] = Tones.parts("hello")
    const samples = Pcm.decode(part!.audio)
    assert.deepStrictEqual(samples.subarray(3200), new Int16Array(800))
    const tone = samples.subarray(0, 3200)
    assert.closeTo(Level.measure(tone).rmsDbfs, -15.3, 0.3)
    const rising = tone.filter((sample, i) => i > 0 && tone[i - 1]! < 0 && sample >= 0).length
    assert.closeTo(rising / 0.2, Tones.pitchHz("hello"), 5)
    assert.notStrictEqual(Tones.pitchHz("hello"), Tones.pitchHz("hell"))
  })

  it("speaks in any format, with the configured length", () => {
    const [first, second] = Tones.parts("a b", { format: AudioFormat.mulaw8000, wordMs: 100, gapMs: 0 })
    assert.strictEqual(first!.audio.bytes.length, 800)
    assert.strictEqual(second!.audio.time, 100)
    assert.strictEqual(second!.words[0]!.end, 200)
  })

  it("is the same each time, and empty without words", () => {
    assert.deepStrictEqual(Tones.parts("again"), Tones.parts("again"))
    assert.deepStrictEqual(Tones.parts(" "), [])
  })
})
