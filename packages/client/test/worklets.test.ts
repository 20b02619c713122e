import { assert, beforeAll, describe, it } from "@effect/vitest"

/** What a browser's audio thread offers to a worklet, as far as these need it. */
class Processor {
  readonly posted: Array<Record<string, unknown>> = []
  readonly port = {
    onmessage: (_: { readonly data: unknown }) => {},
    postMessage: (message: Record<string, unknown>) => void this.posted.push(message)
  }
}

interface Worklet extends Processor {
  readonly process: (inputs: ReadonlyArray<ReadonlyArray<Float32Array>>, outputs: Array<Array<Float32Array>>) => boolean
}
type Constructor = new (options: { readonly processorOptions: object }) => Worklet

const worklets = new Map<string, Constructor>()
beforeAll(async () => {
  Object.assign(globalThis, {
    AudioWorkletProcessor: Processor,
    registerProcessor: (name: string, constructor: Constructor) => worklets.set(name, constructor)
  })
  await import(new URL("../src/capture.worklet.js", import.meta.url).href)
  await import(new URL("../src/play.worklet.js", import.meta.url).href)
})

const make = (name: string, processorOptions: object) => new (worklets.get(name)!)({ processorOptions })
const sine = (hz: number, rateHz: number, length: number) =>
  Float32Array.from({ length }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / rateHz))

const capture = (input: Float32Array, contextRateHz: number) => {
  const worklet = make("antiphon-capture", { contextRateHz, sampleRateHz: 16000 })
  for (let at = 0; at < input.length; at += 128) worklet.process([[input.subarray(at, at + 128)]], [])
  return worklet.posted.map(({ level, samples }) => ({
    level: level as number,
    samples: new Int16Array(samples as ArrayBuffer)
  }))
}

describe("capture", () => {
  it("cuts frames of 20 ms, unchanged at the call's own rate", () => {
    const input = sine(440, 16000, 1000)
    const frames = capture(input, 16000)
    assert.deepStrictEqual(
      frames.map(({ samples }) => samples.length),
      [320, 320, 320]
    )
    const expected = Array.from(input.subarray(0, 960), (sample) => Math.round(sample * 32767) + 0)
    assert.deepStrictEqual(
      frames.flatMap(({ samples }) => [...samples]),
      expected
    )
    assert.closeTo(frames[1]!.level, 0.5 / Math.SQRT2, 0.01)
  })

  it("clips audio that is too loud", () => {
    const [frame] = capture(
      Float32Array.from({ length: 320 }, (_, i) => (i % 2 === 0 ? 2 : -2)),
      16000
    )
    assert.deepStrictEqual([...new Set(frame!.samples)], [32767, -32767])
  })

  for (const rateHz of [48000, 44100]) {
    it(`converts ${rateHz} Hz to 16000 Hz: keeps speech, and drops what would alias`, () => {
      const levelOf = (hz: number) => {
        const frames = capture(sine(hz, rateHz, rateHz), rateHz)
        assert.closeTo(frames.length, 50, 1)
        return frames[25]!.level
      }
      assert.closeTo(levelOf(1000), 0.5 / Math.SQRT2, 0.01)
      assert.closeTo(levelOf(5000), 0.5 / Math.SQRT2, 0.02)
      assert.isBelow(levelOf(11000), 0.002)
    })
  }
})

const ramp = (from: number, length: number) => Int16Array.from({ length }, (_, i) => from + i).buffer
const one = { generation: 1, stream: 0 }
const two = { generation: 1, stream: 1 }

const player = () => {
  const worklet = make("antiphon-play", { sampleRateHz: 16000 })
  const heard: Array<number> = []
  return {
    heard,
    tell: (data: object) => worklet.port.onmessage({ data }),
    run: (quanta: number) => {
      for (let i = 0; i < quanta; i++) {
        const output = new Float32Array(128)
        worklet.process([], [[output]])
        heard.push(...Array.from(output, (sample) => sample * 32768).filter((sample) => sample !== 0))
      }
    },
    played: () => worklet.posted.map(({ played }) => played),
    last: () => worklet.posted.at(-1)?.["played"]
  }
}

describe("play", () => {
  it("plays in order, and counts to the sample", () => {
    const { heard, last, run, tell } = player()
    tell({ stream: one })
    tell({ samples: ramp(1, 100) })
    tell({ samples: ramp(101, 200) })
    run(4)
    assert.deepStrictEqual(
      heard,
      Array.from({ length: 300 }, (_, i) => i + 1)
    )
    assert.deepStrictEqual(last(), { ...one, samples: 300, cleared: false })
  })

  it("answers a clear with exactly what was played, and plays nothing more of it", () => {
    const { heard, last, run, tell } = player()
    tell({ stream: one })
    tell({ samples: ramp(1, 1000) })
    run(3)
    tell({ clear: one })
    assert.deepStrictEqual(last(), { ...one, samples: 384, cleared: true })
    run(10)
    assert.strictEqual(heard.length, 384)
    tell({ stream: two })
    tell({ samples: ramp(5000, 200) })
    run(3)
    assert.deepStrictEqual(
      heard.slice(384),
      Array.from({ length: 200 }, (_, i) => 5000 + i)
    )
    assert.deepStrictEqual(last(), { ...two, samples: 200, cleared: false })
  })

  it("answers a clear for a stream that has not played, and for one that is over", () => {
    const { last, run, tell } = player()
    tell({ stream: one })
    tell({ samples: ramp(1, 50) })
    run(1)
    tell({ clear: two })
    assert.deepStrictEqual(last(), { ...two, samples: 0, cleared: true })
    tell({ clear: one })
    assert.deepStrictEqual(last(), { ...one, samples: 50, cleared: true })
  })

  it("reports the first sample, then every 60 ms, and when nothing is left", () => {
    const { played, run, tell } = player()
    tell({ stream: one })
    tell({ samples: ramp(1, 2000) })
    run(20)
    assert.deepStrictEqual(
      played().map((report) => (report as { readonly samples: number }).samples),
      [128, 1152, 2000]
    )
  })

  it("counts the same at any volume", () => {
    const { heard, last, run, tell } = player()
    tell({ gain: 0 })
    tell({ stream: one })
    tell({ samples: ramp(1, 100) })
    run(1)
    assert.deepStrictEqual(heard, [])
    assert.deepStrictEqual(last(), { ...one, samples: 100, cleared: false })
  })
})
