import { assert, describe, it } from "@effect/vitest"
import * as Handset from "../../src/testing/internal/handset.ts"

describe("handset", () => {
  it("plays a frame at a time, and returns a mark once everything before it was played", () => {
    const handset = Handset.make(160)
    handset.push({ bytes: new Uint8Array(200) }, 0)
    handset.push({ mark: "a" }, 0)
    handset.push({ bytes: new Uint8Array(160) }, 0)
    assert.deepStrictEqual(handset.play(20), [])
    assert.deepStrictEqual(handset.play(40), ["a"])
    assert.deepStrictEqual(handset.play(60), [])
    assert.strictEqual(
      handset.played.reduce((sum, { bytes }) => sum + bytes.length, 0),
      360
    )
  })

  it("drops unplayed audio at a clear, and returns all marks at once", () => {
    const handset = Handset.make(160)
    for (const mark of ["a", "b"]) {
      handset.push({ bytes: new Uint8Array(160) }, 0)
      handset.push({ mark }, 0)
    }
    assert.deepStrictEqual(handset.play(20), ["a"])
    assert.deepStrictEqual(handset.clear(25), ["b"])
    assert.deepStrictEqual(handset.clears, [{ at: 25, playedBytes: 160, droppedBytes: 160 }])
    assert.deepStrictEqual(handset.play(40), [])
  })

  it("returns a mark at once if nothing waits before it", () => {
    const handset = Handset.make(160)
    handset.push({ mark: "a" }, 0)
    assert.deepStrictEqual(handset.play(20), ["a"])
  })
})
