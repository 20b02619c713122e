import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AudioFormat from "../src/AudioFormat.ts"
import * as Level from "../src/Level.ts"
import * as Pcm from "../src/Pcm.ts"
import * as Resample from "../src/Resample.ts"
import * as Transcode from "../src/Transcode.ts"
import * as Sounds from "./support/sounds.ts"

const { alaw8000, mulaw8000, pcm16000, pcm44100, pcm8000 } = AudioFormat
const formats = [mulaw8000, alaw8000, pcm8000, pcm16000, pcm44100]
const speech = Sounds.utterance().subarray(20_000, 28_000)

describe("Transcode", () => {
  for (const from of formats) {
    for (const to of formats) {
      it(`${AudioFormat.name(from)} to ${AudioFormat.name(to)} and back is the same sound`, () => {
        const samples = Resample.all(speech, 16000, from.sampleRateHz)
        const there = Result.getOrThrow(Transcode.all(Pcm.encode(from, samples), from, to))
        const back = Result.getOrThrow(Transcode.all(there, to, from))
        const decoded = Result.getOrThrow(Pcm.decodeBytes(from, back))
        assert.isAtMost(Math.abs(decoded.length - samples.length), from.sampleRateHz / to.sampleRateHz)
        const length = Math.min(decoded.length, samples.length)
        const error = decoded.subarray(0, length).map((sample, i) => sample - samples[i]!)
        // Everything above 4 kHz is lost on the way through 8000 Hz, and G.711 has a signal-to-noise ratio of 38 dB.
        assert.isBelow(Level.measure(error).rmsDbfs, Level.measure(samples).rmsDbfs - 15)
      })
    }
  }

  const Sizes = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 700 }))).check(
    Schema.isMaxLength(12)
  )
  for (const [from, to] of [
    [pcm16000, mulaw8000],
    [pcm44100, pcm16000],
    [pcm16000, pcm16000]
  ] as const) {
    it.effect.prop(
      `${AudioFormat.name(from)} to ${AudioFormat.name(to)} returns the same bytes however the stream is cut`,
      { sizes: Sizes },
      ({ sizes }) =>
        Effect.sync(() => {
          const length = sizes.reduce((sum, size) => sum + size, 0)
          const bytes = Pcm.encode(from, Sounds.noise(Math.ceil(length / 2))).subarray(0, length - (length % 2))
          const transcoder = Transcode.make(from, to)
          let at = 0
          const output = sizes.flatMap((size) => [...transcoder.push(bytes.subarray(at, (at += size)))])
          output.push(...Result.getOrThrow(transcoder.flush()))
          assert.deepStrictEqual(output, [...Result.getOrThrow(Transcode.all(bytes, from, to))])
        }),
      { arbitrary: { runs: 50, seed: 9 } }
    )
  }

  it("keeps every byte if the formats are the same, even the second zero of mu-law", () => {
    const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i)
    assert.deepStrictEqual(Transcode.all(everyByte, mulaw8000, mulaw8000), Result.succeed(everyByte))
  })

  it("rejects a stream that ends within a sample, and starts over", () => {
    const transcoder = Transcode.make(pcm16000, pcm8000)
    transcoder.push(new Uint8Array(641))
    assert.strictEqual(Result.getOrThrow(Result.flip(transcoder.flush())).reason, "SplitSample")
    transcoder.push(new Uint8Array(640))
    assert.isTrue(Result.isSuccess(transcoder.flush()))
  })
})
