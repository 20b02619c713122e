import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as EmbeddingModel from "effect/ai/EmbeddingModel"
import * as Embeddings from "../../src/model/Embeddings.ts"
import * as HashEmbeddings from "../../src/testing/HashEmbeddings.ts"

const cosine = (a: string, b: string) => {
  const other = HashEmbeddings.vector(b)
  return HashEmbeddings.vector(a).reduce((sum, value, at) => sum + value * other[at]!, 0)
}

describe("HashEmbeddings", () => {
  it("maps a text to the same vector always, of length 1", () => {
    assert.deepStrictEqual(HashEmbeddings.vector("Hello, world"), HashEmbeddings.vector("hello world!"))
    for (const text of ["opening hours", "", "!?", "a".repeat(1000)]) {
      assert.closeTo(Math.hypot(...HashEmbeddings.vector(text)), 1, 1e-9)
    }
  })

  it("puts texts that share words near each other", () => {
    const hours = "The opening hours are nine to five."
    assert.isAbove(cosine("what are your opening hours", hours), cosine("how much is delivery", hours))
    assert.isAbove(cosine("opening hours", hours), 0.4)
  })

  it.effect("is a named model that reports its requests", () =>
    Effect.gen(function* () {
      const asked: Array<number> = []
      const layer = HashEmbeddings.layer({
        dimensions: 16,
        onRequest: (inputs) => Effect.sync(() => asked.push(inputs.length))
      })
      yield* Effect.gen(function* () {
        const model = yield* EmbeddingModel.EmbeddingModel
        assert.lengthOf((yield* model.embed("one")).vector, 16)
        assert.lengthOf((yield* model.embedMany(["one", "two"])).embeddings, 2)
        assert.strictEqual(yield* Embeddings.Name, "hash/16")
      }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(asked, [1, 2])
    })
  )
})
