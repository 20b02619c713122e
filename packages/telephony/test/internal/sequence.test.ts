import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Sequence from "../../src/internal/sequence.ts"

const piece = (chunk: number) => Uint8Array.of(chunk & 255)

/** The output of a sequence of numbers: numbers of pieces, and gaps as negative lengths. */
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
  it("passes on chunks in order, from whatever number they start", () => {
    assert.deepStrictEqual(play([7, 8, 9]), [7, 8, 9])
  })

  it("reports a gap for missing chunks, at once if nothing may wait", () => {
    assert.deepStrictEqual(play([1, 2, 5, 6]), [1, 2, -2, 5, 6])
  })

  it("drops duplicate and late chunks", () => {
    assert.deepStrictEqual(play([1, 2, 2, 1, 3]), [1, 2, 3])
  })

  it("reorders chunks within the allowed wait", () => {
    assert.deepStrictEqual(play([1, 3, 2, 4], 2), [1, 2, 3, 4])
    assert.deepStrictEqual(play([1, 3, 4, 5, 6], 2), [1, -1, 3, 4, 5, 6])
  })

  it("continues if the carrier restarts its numbers, or has none", () => {
    assert.deepStrictEqual(play([5, 6, 1000, 1001, 1, 2]), [5, 6, 1000 & 255, 1001 & 255, 1, 2])
    assert.deepStrictEqual(play([undefined, undefined]), [0, 0])
    const stuck = Array.from({ length: 20 }, () => 1)
    assert.isAtLeast(play(stuck).length, 10)
  })

  it.effect.prop(
    "every chunk comes out once, in order, whatever order they arrive in",
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
