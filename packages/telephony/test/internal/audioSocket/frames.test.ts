import * as AudioFormat from "@antiphon/speech/AudioFormat"
import { assert, describe, it } from "@effect/vitest"
import * as Frames from "../../../src/internal/audioSocket/frames.ts"

const uuid = Buffer.from("40325ec25efd4bd3805f53576e581d13", "hex")

describe("frames of AudioSocket", () => {
  const frames = [
    Frames.encode(Frames.kinds.uuid, uuid),
    Frames.encode(
      0x10,
      Uint8Array.from({ length: 320 }, (_, index) => index & 255)
    ),
    Frames.encode(Frames.kinds.dtmf, Buffer.from("5")),
    Frames.encode(Frames.kinds.hangUp)
  ]

  it("start with a kind and a length, high byte first", () => {
    assert.deepStrictEqual([...frames[1]!.subarray(0, 3)], [0x10, 1, 64])
    assert.deepStrictEqual([...frames[3]!], [0, 0, 0])
  })

  for (const size of [1, 2, 3, 50, 1000]) {
    it(`are the same in pieces of ${size} bytes`, () => {
      const all = Buffer.concat(frames)
      let rest: Uint8Array = new Uint8Array(0)
      const found: Array<Uint8Array> = []
      for (let at = 0; at < all.length; at += size) {
        const [after, some] = Frames.split(rest, all.subarray(at, at + size))
        rest = after
        found.push(...some)
      }
      assert.lengthOf(rest, 0)
      assert.deepStrictEqual(
        found.map((frame) => [...frame]),
        frames.map((frame) => [...frame])
      )
    })
  }

  it("decode to events", () => {
    const [first, audio, key, end] = frames.map((frame) => Frames.decode(AudioFormat.pcm8000)(frame))
    assert.isTrue(first?._tag === "Started" && first.started.callId === "40325ec2-5efd-4bd3-805f-53576e581d13")
    assert.isTrue(audio?._tag === "Media" && audio.bytes.length === 320)
    assert.deepStrictEqual(key, { _tag: "Dtmf", digit: "5" })
    assert.deepStrictEqual(end, { _tag: "Stopped" })
  })

  it("are invalid with another rate or kind", () => {
    const decode = Frames.decode(AudioFormat.pcm8000)
    for (const frame of [Frames.encode(0x12), Frames.encode(0x77), Frames.encode(1), Frames.encode(0xff)]) {
      assert.strictEqual(decode(frame)._tag, "Wrong")
    }
    assert.strictEqual(Frames.decode(AudioFormat.pcm16000)(Frames.encode(0x12))._tag, "Media")
    assert.strictEqual(Frames.kindOf(AudioFormat.pcm48000), 0x16)
    assert.isUndefined(Frames.kindOf(AudioFormat.mulaw8000))
  })
})
