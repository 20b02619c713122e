import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Wav from "../src/Wav.ts"

const wav: Wav.Wav = { sampleRateHz: 8000, channels: [Int16Array.of(1, -2, 3), Int16Array.of(-32768, 32767, 0)] }
const failure = (bytes: Uint8Array) => Result.match(Wav.decode(bytes), { onFailure: String, onSuccess: () => "" })

describe("Wav", () => {
  it("reads what it writes", () => {
    assert.deepStrictEqual(Result.getOrThrow(Wav.decode(Wav.encode(wav))), wav)
  })

  it("pads the shorter channel", () => {
    const uneven = Wav.encode({ ...wav, channels: [Int16Array.of(1, 2), Int16Array.of(7)] })
    assert.deepStrictEqual(Result.getOrThrow(Wav.decode(uneven)).channels, [Int16Array.of(1, 2), Int16Array.of(7, 0)])
  })

  it("reads a file whose writer was killed, up to the last whole samples", () => {
    const bytes = Wav.encode(wav)
    for (const count of [0, 0xffff_ffff, 1000]) {
      const killed = bytes.slice(0, bytes.length - 1)
      new DataView(killed.buffer).setUint32(40, count, true)
      assert.deepStrictEqual(Result.getOrThrow(Wav.decode(killed)).channels[0], Int16Array.of(1, -2))
    }
  })

  it("skips unknown chunks", () => {
    const bytes = Wav.encode(wav)
    const list = Uint8Array.of(...[..."LIST"].map((letter) => letter.charCodeAt(0)), 3, 0, 0, 0, 1, 2, 3, 0)
    const more = Uint8Array.of(...bytes.subarray(0, 36), ...list, ...bytes.subarray(36))
    assert.deepStrictEqual(Result.getOrThrow(Wav.decode(more)), wav)
  })

  it("explains what is wrong with another file", () => {
    const bytes = Wav.encode(wav)
    const changed = (at: number, value: number) => {
      const copy = bytes.slice()
      new DataView(copy.buffer).setUint16(at, value, true)
      return copy
    }
    assert.match(failure(new Uint8Array(3)), /no WAV file/)
    assert.match(failure(bytes.slice(0, 40)), /no samples/)
    assert.match(failure(changed(34, 24)), /other samples/)
    assert.match(failure(changed(24, 11025)), /11025 Hz/)
  })
})
