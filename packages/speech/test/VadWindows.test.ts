import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as AudioFormat from "../src/AudioFormat.ts"
import * as AudioFrame from "../src/AudioFrame.ts"
import * as AudioTime from "../src/AudioTime.ts"
import * as Pcm from "../src/Pcm.ts"
import * as Reframe from "../src/Reframe.ts"
import * as Resample from "../src/Resample.ts"
import * as Vad from "../src/Vad.ts"
import * as VadWindows from "../src/VadWindows.ts"
import * as Sounds from "./support/sounds.ts"

const framesOf = (format: AudioFormat.AudioFormat, samples: Int16Array) =>
  Reframe.push(Reframe.make(format), Pcm.encode(format, samples))[1]
const listening = (format: AudioFormat.AudioFormat, frames: ReadonlyArray<AudioFrame.AudioFrame>) =>
  Vad.Vad.use(({ make }) =>
    Effect.map(make, (detector) => {
      const windows = VadWindows.make(detector, format)
      return frames.flatMap((frame) => Result.getOrThrow(windows.push(frame)))
    })
  ).pipe(Effect.scoped, Effect.provide(Vad.silero))
const counting = (): Vad.Detector & { readonly seen: Array<Int16Array> } => {
  const seen: Array<Int16Array> = []
  return {
    seen,
    sampleRateHz: 16000,
    windowSamples: 512,
    probability: (window) => seen.push(window.slice()) / 1000,
    reset: () => {}
  }
}
const reasonOf = (result: Result.Result<unknown, { readonly reason: string }>) =>
  Result.getOrThrow(Result.flip(result)).reason

describe("VadWindows", () => {
  it("cuts frames of 20 ms into windows of 32 ms, and loses no sample", () => {
    const samples = Sounds.noise(16000)
    const detector = counting()
    const windows = VadWindows.make(detector, AudioFormat.pcm16000)
    const found = framesOf(AudioFormat.pcm16000, samples).flatMap((frame) => Result.getOrThrow(windows.push(frame)))
    assert.deepStrictEqual(Sounds.concat(...detector.seen), samples.slice(0, 31 * 512))
    assert.strictEqual(found.length, 31)
    found.forEach(({ from, probability, to }, i) => {
      assert.deepStrictEqual(
        [from, to, probability],
        [AudioTime.make(i * 32), AudioTime.make((i + 1) * 32), (i + 1) / 1000]
      )
    })
  })

  it("accepts frames longer than several windows, and empty ones", () => {
    const windows = VadWindows.make(counting(), AudioFormat.pcm16000)
    const frame = (ms: number, time: number) => AudioFrame.silence(AudioFormat.pcm16000, ms, AudioTime.make(time))
    assert.strictEqual(Result.getOrThrow(windows.push(frame(1000, 0))).length, 31)
    assert.strictEqual(Result.getOrThrow(windows.push(frame(0, 1000))).length, 0)
    assert.strictEqual(Result.getOrThrow(windows.push(frame(24, 1000))).length, 1)
  })

  it("counts time from the first frame", () => {
    const windows = VadWindows.make(counting(), AudioFormat.pcm16000)
    const [first] = Result.getOrThrow(windows.push(AudioFrame.silence(AudioFormat.pcm16000, 40, AudioTime.make(500))))
    assert.strictEqual(first?.from, 500)
  })

  for (const format of [AudioFormat.mulaw8000, AudioFormat.pcm24000, AudioFormat.pcm44100, AudioFormat.pcm48000]) {
    it.effect(`hears in ${AudioFormat.name(format)} what it hears at 16000 Hz`, () =>
      Effect.gen(function* () {
        const utterance = Sounds.utterance()
        const same = yield* listening(AudioFormat.pcm16000, framesOf(AudioFormat.pcm16000, utterance))
        const other = yield* listening(format, framesOf(format, Resample.all(utterance, 16000, format.sampleRateHz)))
        assert.isAtMost(same.length - other.length, 1)
        const differing = other.filter(({ probability }, i) => Math.abs(probability - same[i]!.probability) > 0.5)
        assert.isAtMost(differing.length, 0.05 * other.length)
        other.forEach(({ from }, i) => assert.strictEqual(from, same[i]!.from))
      })
    )
  }

  it("rejects other formats and gaps, and continues with the right frame", () => {
    const detector = counting()
    const windows = VadWindows.make(detector, AudioFormat.pcm16000)
    const push = (format: AudioFormat.AudioFormat, time: number) =>
      windows.push(AudioFrame.silence(format, 20, AudioTime.make(time)))
    assert.isTrue(Result.isSuccess(push(AudioFormat.pcm16000, 0)))
    assert.strictEqual(reasonOf(push(AudioFormat.pcm8000, 20)), "WrongFormat")
    assert.strictEqual(reasonOf(push(AudioFormat.mulaw8000, 20)), "WrongFormat")
    assert.strictEqual(reasonOf(push(AudioFormat.pcm16000, 0)), "Gap")
    assert.strictEqual(reasonOf(push(AudioFormat.pcm16000, 40)), "Gap")
    const odd = { format: AudioFormat.pcm16000, bytes: new Uint8Array(639), time: AudioTime.make(20) }
    assert.strictEqual(reasonOf(windows.push(odd)), "SplitSample")
    assert.strictEqual(detector.seen.length, 0)
    assert.strictEqual(Result.getOrThrow(push(AudioFormat.pcm16000, 20)).length, 1)
  })
})
