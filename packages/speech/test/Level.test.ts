import { assert, describe, it } from "@effect/vitest"
import * as Level from "../src/Level.ts"

describe("Level", () => {
  it("a full-scale sine has a peak of 0 and an RMS of -3 dBFS", () => {
    const sine = Int16Array.from({ length: 1600 }, (_, i) => 32767 * Math.sin((2 * Math.PI * i) / 16))
    const level = Level.measure(sine)
    assert.closeTo(level.peakDbfs, 0, 0.01)
    assert.closeTo(level.rmsDbfs, -3.01, 0.01)
  })

  it("a tenth of the amplitude is 20 dB less, whatever the sign", () => {
    const level = Level.measure(new Int16Array(10).fill(-3277))
    assert.closeTo(level.rmsDbfs, -20, 0.01)
    assert.closeTo(level.peakDbfs, -20, 0.01)
    assert.strictEqual(Level.measure(new Int16Array(10).fill(-32768)).rmsDbfs, 0)
  })

  it("silence and empty audio are -Infinity dBFS", () => {
    for (const samples of [new Int16Array(320), new Int16Array(0)]) {
      assert.deepStrictEqual(Level.measure(samples), { rmsDbfs: -Infinity, peakDbfs: -Infinity })
    }
  })

  it("gain converts decibels to a factor", () => {
    assert.strictEqual(Level.gain(0), 1)
    assert.closeTo(Level.gain(-20), 0.1, 1e-12)
    assert.strictEqual(Level.gain(-Infinity), 0)
  })
})
