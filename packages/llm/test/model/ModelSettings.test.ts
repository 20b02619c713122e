import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as ModelSettings from "../../src/model/ModelSettings.ts"

describe("ModelSettings", () => {
  it.effect("nothing is set by default", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* ModelSettings.Current, {})
    })
  )

  it.effect("an override within an override falls back to it, field by field", () =>
    Effect.gen(function* () {
      const settings = yield* ModelSettings.Current.pipe(
        ModelSettings.override({ temperature: undefined, topP: 0.5, stop: null }),
        ModelSettings.override({ temperature: 0.1, topP: 0.9, stop: ["X"], seed: 1 })
      )
      assert.deepStrictEqual(settings, { temperature: 0.1, topP: 0.5, stop: null, seed: 1 })
    })
  )

  it.effect("an override of a stream applies to the stream and not after it", () =>
    Effect.gen(function* () {
      const seen = yield* Stream.runCollect(
        Stream.fromEffect(Effect.service(ModelSettings.Current)).pipe(ModelSettings.override({ seed: 1 }))
      )
      assert.deepStrictEqual(seen, [{ seed: 1 }])
      assert.deepStrictEqual(yield* ModelSettings.Current, {})
    })
  )

  it("extra is a single field: it is replaced, not merged", () => {
    assert.deepStrictEqual(ModelSettings.merge({ extra: { a: 1 } }, { extra: { b: 2 } }), { extra: { b: 2 } })
  })
})
