import { assert, describe, it } from "@effect/vitest"
import * as Joined from "../../src/internal/joined.ts"

describe("joined", () => {
  it("keeps the order of the pieces, and has a buffer of its own", () => {
    const all = Joined.bytes([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)])
    assert.deepStrictEqual(all, Uint8Array.of(1, 2, 3))
    assert.strictEqual(all.buffer.byteLength, 3)
  })

  it("joins samples as samples, not as bytes", () => {
    assert.deepStrictEqual(
      Joined.samples([Int16Array.of(-1, 300), Int16Array.of(-32768)]),
      Int16Array.of(-1, 300, -32768)
    )
  })

  it("of nothing is empty", () => assert.lengthOf(Joined.bytes([]), 0))
})
