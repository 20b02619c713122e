import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../../../src/AudioFormat.ts"
import * as AudioFrame from "../../../../src/AudioFrame.ts"
import * as Speech from "../../../../src/provider/flite/internal/speech.ts"
import type * as Synthesis from "../../../../src/provider/flite/internal/synthesis.ts"

/** Says each clause in 100 ms, all of it its first word. */
const saying = () => {
  const asked: Array<string> = []
  const say = ({ words }: Synthesis.Request): Effect.Effect<Synthesis.Said> =>
    Effect.sync(() => {
      asked.push(words.join(" "))
      const segments = [{ symbol: "a", start: 0.05, end: 0.075 }]
      const said = { text: words[0]!, start: 0.05, end: 0.075, segments }
      return { samples: new Int16Array(1600), sampleRateHz: 16000, words: [said] }
    })
  return { asked, say }
}
const manner = { format: AudioFormat.pcm44100, voice: "slt", stretch: 1 }

describe("speech", () => {
  it.effect("requests a clause only when it is pulled", () =>
    Effect.gen(function* () {
      const { asked, say } = saying()
      const speech = Speech.speak(say, "One. Two. Three. Four.", manner)
      assert.deepStrictEqual(asked, [])
      yield* Stream.runDrain(Stream.take(speech, 2))
      assert.deepStrictEqual(asked, ["One.", "Two."])
    })
  )

  it.effect("concatenates clauses in the requested format, each time from the start", () =>
    Effect.gen(function* () {
      const speech = Speech.speak(saying().say, "One. Two.", manner)
      for (const parts of [yield* Stream.runCollect(speech), yield* Stream.runCollect(speech)]) {
        const [first, second] = parts
        assert.strictEqual(first!.audio.time, 0)
        assert.strictEqual(AudioFrame.samples(first!.audio), 4410)
        assert.strictEqual(second!.audio.time, 100)
        const [word] = second!.words
        assert.deepStrictEqual([word!.text, word!.start, word!.end], ["Two.", 150, 175] as never)
        assert.deepStrictEqual(word!.phonemes, [{ symbol: "a", start: 150, end: 175 }] as never)
      }
    })
  )
})
