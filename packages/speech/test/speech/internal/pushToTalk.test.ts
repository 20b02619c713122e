import { assert, describe, it } from "@effect/vitest"
import * as AudioFormat from "../../../src/AudioFormat.ts"
import type * as AudioFrame from "../../../src/AudioFrame.ts"
import * as AudioTime from "../../../src/AudioTime.ts"
import * as PushToTalk from "../../../src/speech/internal/pushToTalk.ts"

const format = AudioFormat.mulaw8000
const frame = (ms: number): AudioFrame.AudioFrame => ({
  format,
  bytes: new Uint8Array(160).fill(7),
  time: AudioTime.make(ms)
})

describe("pushToTalk", () => {
  it("passes frames while the key is held and 200 ms longer, and silence of the same length otherwise", () => {
    const gate = PushToTalk.gate(format)
    const passes = (ms: number, isHeld: boolean) => {
      const { bytes, time } = gate(frame(ms), isHeld)
      assert.strictEqual(bytes.length, 160)
      assert.strictEqual(time, ms)
      if (bytes[0] === 7) return true
      assert.isTrue(bytes.every((byte) => byte === AudioFormat.silentByte(format)))
      return false
    }
    assert.isFalse(passes(0, false))
    assert.isTrue(passes(20, true))
    assert.isTrue(passes(40, false))
    assert.isTrue(passes(220, false))
    assert.isFalse(passes(240, false))
    assert.isTrue(passes(260, true))
  })
})
