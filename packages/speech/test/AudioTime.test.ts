import { assert, describe, it } from "@effect/vitest"
import * as AudioTime from "../src/AudioTime.ts"

describe("AudioTime", () => {
  it("counts samples without drift", () => {
    const frames = 50 * 60 * 60 * 24
    assert.strictEqual(AudioTime.fromSamples(882 * frames, 44100), frames * 20)
    assert.strictEqual(AudioTime.fromSamples(512, 16000), 32)
  })

  it("finds the sample at each time", () => {
    for (const rate of [8000, 16000, 24000, 44100, 48000]) {
      for (const sample of [0, 1, 159, 882, 12_345_679, 44100 * 86_400]) {
        assert.strictEqual(AudioTime.toSamples(AudioTime.fromSamples(sample, rate), rate), sample)
      }
    }
  })

  it("adds and compares", () => {
    const time = AudioTime.plus(AudioTime.zero, 120)
    assert.strictEqual(AudioTime.elapsed(time, AudioTime.plus(time, 32)), 32)
    assert.strictEqual(AudioTime.plus(time, -20), 100)
  })
})
