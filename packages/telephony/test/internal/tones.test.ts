import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as AudioTime from "@antiphon/speech/AudioTime"
import * as Pcm from "@antiphon/speech/Pcm"
import { assert, describe, it } from "@effect/vitest"
import * as Tones from "../../src/internal/tones.ts"

/** The strength of a frequency in samples (Goertzel). */
const power = (samples: Int16Array, frequency: number, rate: number): number => {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / rate)
  let [before, last] = [0, 0]
  for (const sample of samples) [before, last] = [last, sample + coefficient * last - before]
  return before * before + last * last - coefficient * before * last
}
const frequencies = [697, 770, 852, 941, 1209, 1336, 1477, 1633]

describe("tones", () => {
  for (const format of [AudioFormat.mulaw8000, AudioFormat.pcm16000]) {
    for (const [key, pair] of [
      ["1", [697, 1209]],
      ["5", [770, 1336]],
      ["#", [941, 1477]],
      ["D", [941, 1633]]
    ] as const) {
      it(`${key} is ${pair.join(" and ")} Hz in ${AudioFormat.name(format)}`, () => {
        const samples = Pcm.decode({ format, bytes: Tones.of(key, format), time: AudioTime.zero })
        const rate = format.sampleRateHz
        assert.strictEqual(samples.length, rate / 5)
        const loudest = frequencies.toSorted((a, b) => power(samples, b, rate) - power(samples, a, rate)).slice(0, 2)
        assert.deepStrictEqual(
          loudest.toSorted((a, b) => a - b),
          [...pair]
        )
      })
    }
  }

  it("pauses at w, and skips characters without a tone", () => {
    assert.lengthOf(Tones.of("w", AudioFormat.mulaw8000), 4000)
    assert.lengthOf(Tones.of("1x2", AudioFormat.mulaw8000), 3200)
    assert.lengthOf(Tones.of("", AudioFormat.mulaw8000), 0)
  })
})
