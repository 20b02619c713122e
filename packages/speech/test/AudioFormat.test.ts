import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AudioFormat from "../src/AudioFormat.ts"

const all = AudioFormat.Encoding.literals.flatMap((encoding) =>
  AudioFormat.SampleRateHz.literals.map((rate) => AudioFormat.make(encoding, rate))
)

describe("AudioFormat", () => {
  it("uses the names of the Calls API", () => {
    assert.deepStrictEqual(
      [AudioFormat.mulaw8000, AudioFormat.pcm16000, AudioFormat.pcm24000, AudioFormat.pcm44100].map(AudioFormat.name),
      ["mulaw_8000", "pcm_16000", "pcm_24000", "pcm_44100"]
    )
  })

  it("parses every name it prints", () => {
    assert.strictEqual(all.length, 15)
    for (const format of all) {
      assert.deepStrictEqual(AudioFormat.fromName(AudioFormat.name(format)), Result.succeed(format))
    }
  })

  for (const text of ["", "pcm", "pcm_", "pcm_22050", "pcm_s16le_16000", "PCM_16000", "opus_48000", " pcm_16000"]) {
    it(`rejects ${JSON.stringify(text)}`, () => {
      const error = Result.getOrThrow(Result.flip(AudioFormat.fromName(text)))
      assert.strictEqual(error.reason, "UnknownFormat")
      assert.strictEqual(error.actual, text)
      assert.include(error.message, "pcm_16000")
    })
  }

  it("is a schema from its name, or from its fields", () => {
    const byName = Schema.Struct({ input: AudioFormat.FromName })
    const decoded = Schema.decodeUnknownSync(byName)({ input: "alaw_8000" })
    assert.deepStrictEqual(decoded, { input: AudioFormat.alaw8000 })
    assert.deepStrictEqual(Schema.encodeSync(byName)(decoded), { input: "alaw_8000" })
    assert.isTrue(Result.isFailure(Schema.decodeUnknownResult(byName)({ input: "pcm_11025" })))
    const ofFields = Schema.decodeUnknownResult(AudioFormat.AudioFormat)
    assert.isTrue(Result.isSuccess(ofFields({ encoding: "mulaw", sampleRateHz: 8000, channels: 1 })))
    assert.isTrue(Result.isFailure(ofFields({ encoding: "mulaw", sampleRateHz: 8000, channels: 2 })))
    assert.isTrue(Result.isFailure(ofFields({ encoding: "mulaw", sampleRateHz: 22050, channels: 1 })))
  })

  // Bytes of a frame of 20 ms, as the telephone and speech services count them.
  for (const [name, bytes] of [
    ["mulaw_8000", 160],
    ["alaw_8000", 160],
    ["pcm_8000", 320],
    ["pcm_16000", 640],
    ["pcm_24000", 960],
    ["pcm_44100", 1764],
    ["pcm_48000", 1920]
  ] as const) {
    it(`20 ms of ${name} are ${bytes} bytes`, () => {
      const format = Result.getOrThrow(AudioFormat.fromName(name))
      assert.strictEqual(AudioFormat.bytesOf(format, 20), bytes)
      assert.strictEqual(AudioFormat.durationMs(format, bytes), 20)
      assert.closeTo(AudioFormat.bytesPerMs(format) * 20, bytes, 1e-9)
    })
  }

  it("counts whole samples only", () => {
    assert.strictEqual(AudioFormat.durationMs(AudioFormat.pcm16000, 641), 20)
    assert.strictEqual(AudioFormat.bytesOf(AudioFormat.pcm44100, 1) % 2, 0)
  })
})
