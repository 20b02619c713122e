import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AudioFormat from "../src/AudioFormat.ts"
import type * as AudioFrame from "../src/AudioFrame.ts"
import * as Reframe from "../src/Reframe.ts"

const formats = [AudioFormat.pcm16000, AudioFormat.pcm44100, AudioFormat.mulaw8000, AudioFormat.pcm48000]
const Sizes = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2500 }))).check(
  Schema.isMaxLength(30)
)

/** Pushes one byte after another, counted modulo 251, in chunks of the given sizes. */
const pushed = (format: AudioFormat.AudioFormat, sizes: ReadonlyArray<number>) => {
  let state = Reframe.make(format)
  const frames: Array<AudioFrame.AudioFrame> = []
  let count = 0
  for (const size of sizes) {
    const chunk = Uint8Array.from({ length: size }, (_, i) => (count + i) % 251)
    const [next, full] = Reframe.push(state, chunk)
    state = next
    frames.push(...full)
    count += size
    // The network may reuse its buffer.
    chunk.fill(0)
  }
  return { state, frames, count }
}

describe("Reframe", () => {
  for (const format of formats) {
    it.effect.prop(
      `turns chunks of any size into frames of 20 ms of ${AudioFormat.name(format)}, and loses no byte`,
      { sizes: Sizes },
      ({ sizes }) =>
        Effect.sync(() => {
          const { count, frames, state } = pushed(format, sizes)
          const frameBytes = AudioFormat.bytesOf(format, 20)
          assert.strictEqual(frames.length, Math.floor(count / frameBytes))
          frames.forEach((frame, i) => {
            assert.strictEqual(frame.time, i * 20)
            assert.strictEqual(frame.bytes.length, frameBytes)
          })
          const all = [...frames.flatMap(({ bytes }) => [...bytes]), ...state.remainder]
          assert.deepStrictEqual(
            all,
            Array.from({ length: count }, (_, i) => i % 251)
          )
        }),
      { arbitrary: { runs: 100, seed: 7 } }
    )
  }

  it("keeps exact time over a day", () => {
    const start = Reframe.make(AudioFormat.pcm44100)
    const day: Reframe.Reframe = { ...start, samples: 44100 * 86_400 }
    const [, [frame]] = Reframe.push(day, new Uint8Array(1764))
    assert.strictEqual(frame?.time, 86_400_000)
  })

  it("pads the last frame with silence", () => {
    const { state } = pushed(AudioFormat.mulaw8000, [170])
    const [frame, ...others] = Result.getOrThrow(Reframe.flush(state))
    assert.deepStrictEqual(others, [])
    assert.strictEqual(frame?.time, 20)
    assert.strictEqual(frame?.bytes.length, 160)
    assert.deepStrictEqual(frame?.bytes.subarray(9, 12), Uint8Array.from([169, 0xff, 0xff]))
  })

  it("has nothing left if the last frame was full", () => {
    assert.deepStrictEqual(Reframe.flush(pushed(AudioFormat.pcm16000, [640]).state), Result.succeed([]))
  })

  it("rejects a stream that ends within a sample", () => {
    const result = Reframe.flush(pushed(AudioFormat.pcm16000, [641]).state)
    assert.strictEqual(Result.getOrThrow(Result.flip(result)).reason, "SplitSample")
  })

  it("never makes a frame shorter than a sample", () => {
    const [, frames] = Reframe.push(Reframe.make(AudioFormat.pcm16000, 0), new Uint8Array(5))
    assert.deepStrictEqual(
      frames.map(({ bytes }) => bytes.length),
      [2, 2]
    )
  })
})
