import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as AudioFormat from "../src/AudioFormat.ts"
import * as Level from "../src/Level.ts"
import * as Resample from "../src/Resample.ts"

const rates = AudioFormat.SampleRateHz.literals
const pairs = rates.flatMap((from) => rates.filter((to) => to !== from).map((to) => [from, to] as const))

const tone = (hz: number, rateHz: number, samples: number, amplitude = 16384) =>
  Int16Array.from({ length: samples }, (_, i) => Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / rateHz)))
const noise = (samples: number, seed = 1) => {
  let state = seed
  return Int16Array.from({ length: samples }, () => (state = (state * 1103515245 + 12345) & 0x7fffffff) >> 15)
}
const middle = (samples: Int16Array) => samples.subarray(samples.length >> 2, -(samples.length >> 2))
const difference = (a: Int16Array, b: Int16Array) => a.map((sample, i) => sample - b[i]!)

describe("Resample", () => {
  for (const [from, to] of pairs) {
    const lower = Math.min(from, to) / 2

    it(`${from} to ${to} Hz keeps a tone unchanged and in place`, () => {
      for (const hz of [200, 0.4 * lower, 0.8 * lower]) {
        const output = Resample.all(tone(hz, from, from / 4), from, to)
        const error = difference(middle(output), middle(tone(hz, to, to / 4)))
        // 8 of 16384, in the middle and at the worst sample.
        assert.isAtMost(Level.measure(error).peakDbfs, -72, `${hz} Hz`)
      }
    })

    if (to < from) {
      it(`${from} to ${to} Hz removes what the lower rate cannot represent`, () => {
        for (const hz of [1.01 * lower, 1.1 * lower, Math.min(1.9 * lower, 0.98 * (from / 2))]) {
          const output = Resample.all(tone(hz, from, from / 4), from, to)
          assert.isAtMost(Level.measure(middle(output)).rmsDbfs, -9 - 70, `${hz} Hz`)
        }
      })
    } else {
      it(`${from} to ${to} Hz adds nothing above what the lower rate contained`, () => {
        const output = Resample.all(noise(from / 4), from, to)
        const back = Resample.all(Resample.all(output, to, from), from, to)
        const lost = difference(middle(output), middle(back))
        assert.isAtMost(Level.measure(lost).rmsDbfs, Level.measure(output).rmsDbfs - 16)
      })
    }

    it(`${from} to ${to} Hz returns as many samples as fit the duration`, () => {
      for (const length of [0, 1, 7, 160, from / 50, 4096, 10_001]) {
        assert.strictEqual(Resample.all(noise(length), from, to).length, Math.ceil((length * to) / from), `${length}`)
      }
    })

    it(`${from} to ${to} Hz lags by a few milliseconds and never falls behind`, () => {
      const resampler = Resample.make(from, to)
      let given = 0
      for (let frame = 1; frame <= 200; frame++) {
        given += resampler.push(new Int16Array(from / 50)).length
        assert.isAtLeast(given, (to / 50) * frame - to * 0.0045)
      }
    })
  }

  const Chunks = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 900 }))).check(
    Schema.isMaxLength(12)
  )
  for (const [from, to] of [
    [8000, 16000],
    [44100, 16000],
    [48000, 44100],
    [24000, 8000]
  ] as const) {
    it.effect.prop(
      `${from} to ${to} Hz returns the same samples however the stream is cut`,
      { chunks: Chunks },
      ({ chunks }) =>
        Effect.sync(() => {
          const input = noise(
            chunks.reduce((sum, size) => sum + size, 0),
            3
          )
          const resampler = Resample.make(from, to)
          let at = 0
          const output = chunks.flatMap((size) => [...resampler.push(input.subarray(at, (at += size)))])
          output.push(...resampler.flush())
          assert.deepStrictEqual(output, [...Resample.all(input, from, to)])
        }),
      { arbitrary: { runs: 60, seed: 11 } }
    )
  }

  it("keeps streams of the same rates separate", () => {
    const [a, b] = [Resample.make(8000, 16000), Resample.make(8000, 16000)]
    const input = noise(800)
    const alone = Resample.all(input, 8000, 16000)
    const outputs: Array<number> = []
    for (let at = 0; at < 800; at += 160) {
      outputs.push(...a.push(input.subarray(at, at + 160)))
      b.push(tone(440, 8000, 160))
    }
    assert.deepStrictEqual([...outputs, ...a.flush()], [...alone])
  })

  it("starts over after the end of a stream", () => {
    const resampler = Resample.make(44100, 16000)
    const once = () => [...resampler.push(noise(4410)), ...resampler.flush()]
    assert.deepStrictEqual(once(), once())
  })

  it("saturates, and keeps full scale", () => {
    const square = Int16Array.from({ length: 800 }, (_, i) => ((i >> 4) % 2 === 0 ? 32767 : -32768))
    const output = Resample.all(square, 8000, 48000)
    output.forEach((sample, i) => {
      // Away from the edges it has the sign of the input. A sum that wrapped around would have the other one.
      const phase = (i / 6) % 16
      if (phase > 2 && phase < 14 && i > 200 && i < 4600) assert.strictEqual(sample > 0, (Math.floor(i / 96) & 1) === 0)
    })
    assert.deepStrictEqual(
      [...middle(Resample.all(new Int16Array(2000).fill(-32768), 16000, 8000))].slice(0, 3),
      [-32768, -32768, -32768]
    )
  })

  it("copies if the rates are the same", () => {
    const resampler = Resample.make(16000, 16000)
    const input = noise(320)
    const output = resampler.push(input)
    assert.deepStrictEqual(output, input)
    assert.notStrictEqual(output.buffer, input.buffer)
    assert.strictEqual(resampler.flush().length, 0)
  })
})
