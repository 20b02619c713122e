import { assert, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import * as G711 from "../src/G711.ts"

const digest = (array: Uint8Array | Int16Array) =>
  createHash("sha256")
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest("hex")
const everySample = Int16Array.from({ length: 65536 }, (_, i) => i - 32768)
const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i)

describe("G711", () => {
  // Recorded from two implementations that agree: `audioop` of Python 3.11, and the npm package `alawmulaw` 6.0.0.
  it("decodes all 256 codes as other implementations do", () => {
    assert.strictEqual(
      digest(G711.decodeMulaw(everyByte)),
      "3dab54339e520bb2c924826e3b72a917a2b612e9fd12fc867500f1d983a75827"
    )
    assert.strictEqual(
      digest(G711.decodeAlaw(everyByte)),
      "e04788d110e58ff8c70c93b8480190d973e3b67876b6119abbaec766cc75c174"
    )
  })

  // The two differ for negative samples on the border of two codes. Mu-law is as in `alawmulaw`, A-law as in `audioop`.
  it("encodes all 65,536 samples as other implementations do", () => {
    assert.strictEqual(
      digest(G711.encodeMulaw(everySample)),
      "5ee7cf5f273f842d2234121e4cb0c98d6b20a99ac29026f94e05b36955b195be"
    )
    assert.strictEqual(
      digest(G711.encodeAlaw(everySample)),
      "38488f6fd710f4686360edc4d38639f96c491595ef93f8eb8d62d5e07ca6ce7b"
    )
  })

  // ITU-T G.711, tables 1a to 2b, in the bits of the line.
  for (const [name, decode, rows] of [
    [
      "mu-law",
      G711.decodeMulaw,
      [
        [0xff, 0],
        [0x7f, 0],
        [0x80, 32124],
        [0x00, -32124],
        [0xfe, 8],
        [0xef, 132]
      ]
    ],
    [
      "A-law",
      G711.decodeAlaw,
      [
        [0xd5, 8],
        [0x55, -8],
        [0xaa, 32256],
        [0x2a, -32256],
        [0xd4, 24],
        [0xc5, 264]
      ]
    ]
  ] as const) {
    it(`${name} matches the values of the recommendation`, () => {
      assert.deepStrictEqual(
        [...decode(Uint8Array.from(rows.map(([code]) => code)))],
        rows.map(([, value]) => value)
      )
    })
  }

  it("restores every code except the second zero of mu-law", () => {
    assert.deepStrictEqual(G711.encodeAlaw(G711.decodeAlaw(everyByte)), everyByte)
    const again = G711.encodeMulaw(G711.decodeMulaw(everyByte))
    assert.strictEqual(again[0x7f], 0xff)
    again[0x7f] = 0x7f
    assert.deepStrictEqual(again, everyByte)
  })

  it("reads samples and bytes at an offset in a larger buffer", () => {
    assert.deepStrictEqual(G711.decodeMulaw(everyByte.subarray(3, 5)), G711.decodeMulaw(everyByte).slice(3, 5))
    assert.strictEqual(G711.encodeMulaw(everySample.subarray(1)).length, 65535)
    assert.strictEqual(G711.encodeAlaw(new Int16Array(0)).length, 0)
  })
})
