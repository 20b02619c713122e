import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as AudioFormat from "../src/AudioFormat.ts"
import * as AudioTime from "../src/AudioTime.ts"
import * as Pcm from "../src/Pcm.ts"

const samples = Int16Array.from([0, 1, -1, 255, -256, 32767, -32768])

describe("Pcm", () => {
  it("writes the low byte first", () => {
    assert.deepStrictEqual(
      Pcm.encode(AudioFormat.pcm16000, Int16Array.from([0x1234, -2])),
      Uint8Array.from([0x34, 0x12, 0xfe, 0xff])
    )
  })

  it("restores the samples, even from bytes at an odd offset", () => {
    const bytes = new Uint8Array(1 + samples.length * 2)
    bytes.set(Pcm.encode(AudioFormat.pcm16000, samples), 1)
    const decoded = Pcm.decodeBytes(AudioFormat.pcm16000, bytes.subarray(1))
    assert.deepStrictEqual(decoded, Result.succeed(samples))
  })

  it("does not share memory with its input", () => {
    const given = samples.slice()
    const bytes = Pcm.encode(AudioFormat.pcm16000, given)
    given.fill(7)
    assert.deepStrictEqual(Pcm.decodeBytes(AudioFormat.pcm16000, bytes), Result.succeed(samples))
  })

  for (const format of [AudioFormat.mulaw8000, AudioFormat.alaw8000]) {
    it(`${AudioFormat.name(format)} is accurate to a quantum`, () => {
      const frame = Pcm.encodeFrame(format, samples, AudioTime.make(20))
      assert.strictEqual(frame.bytes.length, samples.length)
      assert.strictEqual(frame.time, 20)
      const decoded = Pcm.decode(frame)
      samples.forEach((sample, i) => assert.closeTo(decoded[i]!, sample, Math.max(8, Math.abs(sample) / 16)))
    })
  }

  it("rejects half a sample", () => {
    const result = Pcm.decodeBytes(AudioFormat.pcm16000, new Uint8Array(5))
    assert.strictEqual(Result.getOrThrow(Result.flip(result)).reason, "SplitSample")
  })
})
