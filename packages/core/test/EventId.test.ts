import { assert, describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import * as EventId from "../src/EventId.ts"

const draw = (count: number, seed: string) =>
  Effect.map(EventId.make, (next) => Array.from({ length: count }, next)).pipe(Random.withSeed(seed))

describe("EventId", () => {
  it.effect("draws UUIDs of version 4", () =>
    Effect.gen(function* () {
      for (const id of yield* draw(1000, "a")) {
        assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      }
    })
  )

  it.effect("draws the same ids from the same seed, and different ones from another", () =>
    Effect.gen(function* () {
      const ids = yield* draw(3, "a")
      assert.deepStrictEqual(yield* draw(3, "a"), ids)
      assert.notDeepEqual(yield* draw(3, "b"), ids)
    })
  )

  it.effect("never draws an id twice", () =>
    Effect.gen(function* () {
      assert.strictEqual(new Set(yield* draw(20_000, "a")).size, 20_000)
    })
  )

  it.effect("draws every character an id can contain", () =>
    Effect.gen(function* () {
      const ids = yield* draw(2000, "a")
      for (let place = 0; place < 36; place++) {
        const seen = new Set(ids.map((id) => id[place])).size
        const expected = [8, 13, 18, 23, 14].includes(place) ? 1 : place === 19 ? 4 : 16
        assert.strictEqual(seen, expected, `at ${place}`)
      }
    })
  )
})
