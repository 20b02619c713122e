import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Sequence from "../../src/internal/sequence.ts"

const piece = (chunk: number) => Uint8Array.of(chunk & 255)

/** What comes out of a sequence of numbers: numbers of pieces, and gaps as negative lengths. */
const play = (chunks: ReadonlyArray<number | undefined>, mostHeld = 0) => {
  let state = Sequence.make(mostHeld)
  const out: Array<number> = []
  for (const chunk of chunks) {
    const [next, pieces] = Sequence.step(state, piece(chunk ?? 0), chunk)
    state = next
    for (const each of pieces) out.push(typeof each === "number" ? -each : each[0]!)
  }
  return out
}

describe("sequence", () => {
  it("passes on what is in order, wherever it begins", () => {
    assert.deepStrictEqual(play([7, 8, 9]), [7, 8, 9])
  })

  it("tells a gap of what is missing, at once if nothing may wait", () => {
    assert.deepStrictEqual(play([1, 2, 5, 6]), [1, 2, -2, 5, 6])
  })

  it("drops what comes twice or too late", () => {
    assert.deepStrictEqual(play([1, 2, 2, 1, 3]), [1, 2, 3])
  })

  it("puts in order what may wait, and waits no longer than that", () => {
    assert.deepStrictEqual(play([1, 3, 2, 4], 2), [1, 2, 3, 4])
    assert.deepStrictEqual(play([1, 3, 4, 5, 6], 2), [1, -1, 3, 4, 5, 6])
  })

  it("goes on if the carrier counts anew, or does not count at all", () => {
    assert.deepStrictEqual(play([5, 6, 1000, 1001, 1, 2]), [5, 6, 1000 & 255, 1001 & 255, 1, 2])
    assert.deepStrictEqual(play([undefined, undefined]), [0, 0])
    const stuck = Array.from({ length: 20 }, () => 1)
    assert.isAtLeast(play(stuck).length, 10)
  })

  it.effect.prop(
    "every piece that came once comes out once, in order, whatever order they came in",
    { order: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 }))) },
    ({ order }) =>
      Effect.sync(() => {
        const out = play([0, ...order], 3).filter((each) => each > 0)
        assert.deepStrictEqual(
          out,
          [...new Set(out)].toSorted((a, b) => a - b)
        )
      }),
    { arbitrary: { runs: 300, seed: Number(process.env["ANTIPHON_SEED"] ?? 1) } }
  )
})
