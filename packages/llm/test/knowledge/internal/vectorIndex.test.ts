import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as VectorIndex from "../../../src/knowledge/internal/vectorIndex.ts"
import { forAll } from "../../support/forAll.ts"

const cosine = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) => {
  const dot = a.reduce((sum, value, at) => sum + value * b[at]!, 0)
  const lengths = Math.hypot(...a) * Math.hypot(...b)
  return lengths === 0 ? 0 : dot / lengths
}

describe("vectorIndex", () => {
  forAll("finds what comparing every vector finds, whatever was put, replaced and removed", (random) =>
    Effect.gen(function* () {
      const dimensions = 1 + Math.floor(random.next() * 9)
      const vector = () => Array.from({ length: dimensions }, () => Math.round(random.next() * 8) - 4)
      const index = VectorIndex.make<string>()
      const known = new Map<string, ReadonlyArray<readonly [string, ReadonlyArray<number>]>>()
      for (let step = 0; step < 60; step++) {
        const group = `g${Math.floor(random.next() * 8)}`
        if (random.next() < 0.35) {
          index.remove(group)
          known.delete(group)
        } else {
          const rows = Array.from(
            { length: Math.floor(random.next() * 4) },
            (_, at) => [`${group}/${step}/${at}`, vector()] as const
          )
          index.put(group, rows)
          known.set(group, rows)
        }
        const query = vector()
        const all = [...known.values()].flat()
        assert.strictEqual(index.size, all.length)
        const hits = yield* index.search(query, { limit: 3, atLeast: -2 })
        const scores = all.map(([, vector]) => cosine(vector, query)).toSorted((a, b) => b - a)
        assert.strictEqual(hits.length, Math.min(3, all.length))
        for (const [at, { row, score }] of hits.entries()) {
          assert.closeTo(score, scores[at]!, 1e-5)
          assert.closeTo(cosine(all.find(([name]) => name === row)![1], query), score, 1e-5)
        }
      }
    })
  )

  it.effect("respects the minimum score, the limit and the filter", () =>
    Effect.gen(function* () {
      const index = VectorIndex.make<string>()
      index.put("a", [
        ["east", [1, 0]],
        ["north east", [1, 1]],
        ["north", [0, 2]]
      ])
      const search = (options: Partial<VectorIndex.Search<string>>) =>
        Effect.map(index.search([3, 0], { limit: 9, atLeast: -1, ...options }), (hits) => hits.map(({ row }) => row))
      assert.deepStrictEqual(yield* search({}), ["east", "north east", "north"])
      assert.deepStrictEqual(yield* search({ atLeast: 0.5 }), ["east", "north east"])
      assert.deepStrictEqual(yield* search({ limit: 1 }), ["east"])
      assert.deepStrictEqual(yield* search({ limit: 0 }), [])
      assert.deepStrictEqual(yield* search({ where: (row) => row.startsWith("north") }), ["north east", "north"])
    })
  )

  it.effect("a search in steps does not find what was added after it began, or a row twice that was moved", () =>
    Effect.gen(function* () {
      const index = VectorIndex.make<number>()
      const dimensions = 512
      const unit = (at: number) => Float32Array.from({ length: dimensions }, (_, i) => (i === at ? 1 : 0))
      for (let row = 0; row < 20_000; row++) index.put(`g${row}`, [[row, unit(row % dimensions)]])
      const search = Effect.forkChild(index.search(unit(7), { limit: 99, atLeast: 0.5 }), { startImmediately: true })
      const searching = yield* search
      assert.isUndefined(searching.pollUnsafe())
      index.put("late", [[-1, unit(7)]])
      // Its page becomes sparse, and what is left of it moves to the end.
      for (let row = 19_800; row < 19_900; row++) if (row % dimensions !== 7) index.remove(`g${row}`)
      const expected = Array.from({ length: 20_000 }, (_, row) => row).filter((row) => row % dimensions === 7)
      const rows = (hits: ReadonlyArray<VectorIndex.Hit<number>>) =>
        hits.map(({ row }) => row).toSorted((a, b) => a - b)
      assert.deepStrictEqual(rows(yield* Fiber.join(searching)), expected)
      assert.deepStrictEqual(rows(yield* Effect.flatMap(search, Fiber.join)), [-1, ...expected])
    })
  )

  it.effect("a search in steps finds what was there when it started, even if rows are removed meanwhile", () =>
    Effect.gen(function* () {
      const index = VectorIndex.make<number>()
      const dimensions = 512
      const rows = 20_000
      index.put(
        "kept",
        Array.from({ length: rows }, (_, row) => {
          const vector = new Float32Array(dimensions)
          vector[row % dimensions] = 1 + row
          return [row, vector] as const
        })
      )
      const query = new Float32Array(dimensions)
      query[7] = 1
      const searching = yield* Effect.forkChild(index.search(query, { limit: 1, atLeast: 0.5 }), {
        startImmediately: true
      })
      assert.isUndefined(searching.pollUnsafe())
      index.remove("kept")
      index.put("other", [[-1, new Float32Array(3).fill(1)]])
      const [hit] = yield* Fiber.join(searching)
      assert.strictEqual(hit?.row, 7)
    })
  )
})
