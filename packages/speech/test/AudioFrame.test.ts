import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as AudioFormat from "../src/AudioFormat.ts"
import * as AudioFrame from "../src/AudioFrame.ts"
import * as AudioTime from "../src/AudioTime.ts"

const { mulaw8000, pcm16000, pcm44100, pcm8000 } = AudioFormat
const counted = (format: AudioFormat.AudioFormat, ms: number, time = 0) =>
  Result.getOrThrow(
    AudioFrame.make(
      format,
      Uint8Array.from({ length: AudioFormat.bytesOf(format, ms) }, (_, i) => i),
      AudioTime.make(time)
    )
  )
const reasonOf = (result: Result.Result<unknown, { readonly reason: string }>) =>
  Result.getOrThrow(Result.flip(result)).reason

describe("AudioFrame", () => {
  it("holds whole samples only", () => {
    assert.strictEqual(reasonOf(AudioFrame.make(pcm16000, new Uint8Array(641))), "SplitSample")
    assert.isTrue(Result.isSuccess(AudioFrame.make(mulaw8000, new Uint8Array(161))))
    assert.isTrue(Result.isSuccess(AudioFrame.make(pcm16000, new Uint8Array(0))))
  })

  it("ends where the next one begins", () => {
    const frame = counted(pcm44100, 20, 40)
    assert.strictEqual(AudioFrame.samples(frame), 882)
    assert.strictEqual(AudioFrame.end(frame), 60)
  })

  it("encodes silence according to its format", () => {
    assert.deepStrictEqual(AudioFrame.silence(mulaw8000, 1).bytes, new Uint8Array(8).fill(0xff))
    assert.deepStrictEqual(AudioFrame.silence(pcm8000, 1).bytes, new Uint8Array(16))
  })

  it("slices by the time of the stream, at whole samples", () => {
    const slice = AudioFrame.slice(counted(pcm8000, 20, 100), AudioTime.make(105.03), AudioTime.make(106.1))
    assert.strictEqual(slice.time, 105)
    assert.deepStrictEqual(
      slice.bytes,
      Uint8Array.from({ length: 18 }, (_, i) => 80 + i)
    )
  })

  it("slices nothing outside of itself", () => {
    const frame = counted(pcm8000, 20, 100)
    assert.strictEqual(AudioFrame.slice(frame, AudioTime.zero, AudioTime.make(100)).bytes.length, 0)
    assert.strictEqual(AudioFrame.slice(frame, AudioTime.make(120), AudioTime.make(500)).bytes.length, 0)
    assert.strictEqual(AudioFrame.slice(frame, AudioTime.make(110), AudioTime.make(105)).bytes.length, 0)
    assert.deepStrictEqual(AudioFrame.slice(frame, AudioTime.zero, AudioTime.make(500)), frame)
  })

  for (const format of [pcm8000, pcm16000, pcm44100, mulaw8000]) {
    it(`joined halves of a frame of ${AudioFormat.name(format)} equal the frame, wherever it is divided`, () => {
      const frame = counted(format, 20, 60)
      for (let at = 59; at < 82; at += 0.37) {
        const [before, after] = AudioFrame.split(frame, AudioTime.make(at))
        assert.deepStrictEqual(AudioFrame.join(before, after), Result.succeed(frame))
      }
    })
  }

  it("joins only consecutive frames", () => {
    const [first, second, third] = [counted(pcm16000, 20), counted(pcm16000, 20, 20), counted(pcm16000, 10, 40)]
    const joined = Result.getOrThrow(AudioFrame.join(first, second, third))
    assert.strictEqual(AudioFrame.durationMs(joined), 50)
    assert.strictEqual(joined.bytes[640], 0)
    assert.strictEqual(reasonOf(AudioFrame.join(first, third)), "Gap")
    assert.strictEqual(reasonOf(AudioFrame.join(second, first)), "Gap")
    assert.strictEqual(reasonOf(AudioFrame.join(first, counted(pcm8000, 20, 20))), "WrongFormat")
  })
})
