import { assert, describe, it } from "@effect/vitest"
import { bins, frameSamples } from "../../../src/vad/internal/sileroLayout.ts"
import * as Spectrum from "../../../src/vad/internal/spectrum.ts"

/** The definition: a sum for each bin. */
const plain = (samples: Float32Array, window: Float32Array) =>
  Array.from({ length: bins }, (_, bin) => {
    let [re, im] = [0, 0]
    samples.forEach((sample, i) => {
      const angle = (2 * Math.PI * bin * i) / frameSamples
      re += sample * window[i]! * Math.cos(angle)
      im -= sample * window[i]! * Math.sin(angle)
    })
    return Math.hypot(re, im)
  })

describe("spectrum", () => {
  it("has the magnitudes of two overlapping windows", () => {
    const samples = Float32Array.from({ length: 400 }, (_, i) => Math.sin(i * i * 0.003) + (i % 7) / 10)
    const window = Float32Array.from({ length: frameSamples }, (_, i) => Math.sin((Math.PI * i) / frameSamples) ** 2)
    const out = new Float32Array(2 * bins + 2)
    Spectrum.make(window)(samples, 5, 133, out, 1)
    const expected = [5, 133].flatMap((from) => plain(samples.subarray(from, from + frameSamples), window))
    expected.forEach((magnitude, i) => assert.closeTo(out[i + 1]!, magnitude, 1e-4, `bin ${i}`))
    assert.strictEqual(out[0], 0)
    assert.strictEqual(out[2 * bins + 1], 0)
  })
})
