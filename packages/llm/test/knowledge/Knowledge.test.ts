import * as Sqlite from "@antiphon/sqlite/Sqlite"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem, Layer, Logger, Result } from "effect"
import * as EmbeddingModel from "effect/ai/EmbeddingModel"
import * as SqlClient from "effect/sql/SqlClient"
import { join } from "node:path"
import type * as Document from "../../src/knowledge/Document.ts"
import * as Knowledge from "../../src/knowledge/Knowledge.ts"
import * as Embeddings from "../../src/model/Embeddings.ts"
import * as HashEmbeddings from "../../src/testing/HashEmbeddings.ts"
import * as Postgres from "../support/postgres.ts"

const documents: ReadonlyArray<Document.Document> = [
  {
    id: "hours",
    title: "Opening hours",
    url: "https://shop.test/hours",
    text: "The opening hours are nine to five.",
    metadata: { lang: "en" }
  },
  { id: "returns", text: "# Returns\nGoods can be returned within thirty days." },
  { id: "horaires", text: "The opening hours, in French: neuf heures.", metadata: { lang: "fr" } }
]

type Base = Knowledge.Knowledge["Service"]

const contract = (
  name: string,
  layer: (options?: Knowledge.Options) => Layer.Layer<Knowledge.Knowledge, unknown, EmbeddingModel.EmbeddingModel>,
  is = true
) => {
  const run = <A, E>(
    test: (base: Base, asked: ReadonlyArray<ReadonlyArray<string>>) => Effect.Effect<A, E>,
    options: Knowledge.Options = {}
  ) => {
    const asked: Array<ReadonlyArray<string>> = []
    const embeddings = HashEmbeddings.layer({ onRequest: (inputs) => Effect.sync(() => asked.push(inputs)) })
    return Effect.provide(
      Effect.flatMap(Knowledge.Knowledge, (base) => test(base, asked)),
      Layer.provide(Layer.fresh(layer(options)), embeddings)
    )
  }

  const describing = is ? describe : describe.skip
  describing(`Knowledge, ${name}`, () => {
    it.effect("finds similar passages, with their sources", () =>
      run((base) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* base.search("opening hours"), [])
          yield* base.add(documents)
          const [first, second] = yield* base.search("what are the opening hours?")
          assert.strictEqual(first?.document, "hours")
          assert.deepInclude(first, {
            title: "Opening hours",
            url: "https://shop.test/hours",
            position: 0,
            text: "The opening hours are nine to five."
          })
          assert.strictEqual(second?.document, "horaires")
          assert.isAbove(first!.score, second!.score)
          const [returns] = yield* base.search("can goods be returned?", { limit: 1 })
          assert.deepStrictEqual(returns?.headings, ["Returns"])
          assert.deepStrictEqual(yield* base.search("  "), [])
          assert.deepStrictEqual(yield* base.search("opening hours", { atLeast: 0.99 }), [])
          const french = yield* base.search("opening hours", { metadata: { lang: "fr" } })
          assert.deepStrictEqual(
            french.map(({ document }) => document),
            ["horaires"]
          )
        })
      )
    )

    it.effect("embeds only what has changed, and deletes what was removed", () =>
      run((base, asked) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* base.add(documents), { embedded: 3, unchanged: 0 })
          assert.deepStrictEqual(yield* base.add(documents), { embedded: 0, unchanged: 3 })
          assert.lengthOf(asked, 1)
          const changed = { ...documents[0]!, text: "The opening hours are ten to six." }
          assert.deepStrictEqual(yield* base.add([documents[0]!, changed]), { embedded: 1, unchanged: 0 })
          assert.strictEqual((yield* base.search("opening hours"))[0]?.text, changed.text)
          yield* base.remove(["hours", "nothing of this name"])
          assert.deepStrictEqual(yield* base.list, [
            { id: "horaires", title: undefined, passages: 1 },
            { id: "returns", title: undefined, passages: 1 }
          ])
          assert.notInclude(
            (yield* base.search("opening hours")).map(({ document }) => document),
            "hours"
          )
          // A removed document counts as new when it returns.
          assert.deepStrictEqual(yield* base.add([documents[0]!]), { embedded: 1, unchanged: 0 })
        })
      )
    )

    for (const [what, id] of [
      ["no characters", ""],
      ["too many characters", "x".repeat(501)],
      ["a NUL", "a\0b"],
      ["half of a character", "a\ud83d"],
      ["no text", 7 as unknown as string]
    ] as const) {
      it.effect(`says that an id with ${what} is invalid, and adds nothing`, () =>
        run((base) =>
          Effect.gen(function* () {
            const error = yield* Effect.flip(base.add([documents[0]!, { id, text: "Another text." }]))
            assert.strictEqual(error._tag === "KnowledgeError" && error.reason, "InvalidId")
            assert.include(error.message, "the id of a document must have 1 to 500 characters")
            assert.deepStrictEqual(yield* base.list, [])
            yield* base.add([{ ...documents[0]!, id: "🙂".repeat(250) }])
            yield* base.remove([id])
            assert.lengthOf(yield* base.list, 1)
          })
        )
      )
    }

    it.effect("limits its passages, and counts replaced ones once", () =>
      run(
        (base) =>
          Effect.gen(function* () {
            yield* base.add(documents)
            yield* base.add([{ ...documents[1]!, text: "Another text." }])
            const error = yield* Effect.flip(base.add([{ id: "more", text: "Too much." }]))
            assert.strictEqual(error._tag === "KnowledgeError" && error.reason, "Full")
            assert.lengthOf(yield* base.list, 3)
          }),
        { maxPassages: 3 }
      )
    )

    for (const [what, vector] of [
      ["of zeros", [0, 0]],
      ["of huge numbers", [1e200, 1]],
      ["of no numbers", []]
    ] as const) {
      it.effect(`a vector ${what} is an error, and not a passage that nobody finds`, () => {
        const embeddings = Layer.effect(
          EmbeddingModel.EmbeddingModel,
          EmbeddingModel.make({
            embedMany: ({ inputs }) =>
              Effect.succeed({ results: inputs.map(() => [...vector]), usage: { inputTokens: 0 } })
          })
        )
        return Effect.gen(function* () {
          const base = yield* Knowledge.Knowledge
          const error = yield* Effect.flip(base.add(documents))
          assert.strictEqual(error._tag === "KnowledgeError" && error.reason, "InvalidVector")
          assert.deepStrictEqual(yield* base.list, [])
        }).pipe(Effect.provide(Layer.provide(Layer.fresh(layer()), embeddings)))
      })
    }

    it.effect("logs which documents have no text to find them by", () =>
      run((base) => {
        const logged: Array<string> = []
        const logger = Logger.make<unknown, void>(({ message }) => void logged.push(String(message)))
        return Effect.gen(function* () {
          yield* base.add([documents[0]!, { id: "e\nmpty", text: " " }, { id: "heading", text: "# Alone" }])
          assert.deepStrictEqual(logged, [
            "the knowledge base cannot find documents without text: e\\u000ampty, heading"
          ])
        }).pipe(Effect.provide(Logger.layer([logger])))
      })
    )

    it.effect("keeps nothing of documents that could not be embedded", () =>
      run((base) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* base.list).length, 0)
          const failing = Knowledge.Knowledge.use((base) => base.add(documents)).pipe(
            Effect.provide(
              Layer.provide(
                Layer.fresh(layer()),
                Layer.effect(
                  EmbeddingModel.EmbeddingModel,
                  EmbeddingModel.make({
                    embedMany: ({ inputs }) =>
                      Effect.succeed({
                        results: inputs.map((_, at) => (at === 2 ? [1] : [1, 0])),
                        usage: { inputTokens: undefined }
                      })
                  })
                )
              )
            ),
            Effect.flip
          )
          assert.include(String(yield* failing), "dimensions")
        })
      )
    )
  })
}

contract("in memory", (options) => Knowledge.layerMemory(options))
contract("in SQLite", (options) =>
  Layer.provide(Knowledge.layerSql(options), Layer.fresh(Sqlite.layer({ filename: ":memory:" })))
)

contract(
  `in PostgreSQL${Postgres.note}`,
  (options) => Layer.provide(Knowledge.layerSql(options), Layer.fresh(Postgres.layer)),
  Postgres.isThere
)

it.effect("a base with a name that the tables cannot hold is not opened", () =>
  Effect.gen(function* () {
    const base = Knowledge.layerSql({ name: "x".repeat(201) })
    const error = yield* Effect.flip(
      Effect.scoped(
        Layer.build(Layer.provide(base, [HashEmbeddings.layer(), Layer.fresh(Sqlite.layer({ filename: ":memory:" }))]))
      )
    )
    assert.include(String(error), "the name of a knowledge base must have 1 to 200 characters")
  })
)

const onFile = <A, E>(test: (filename: string) => Effect.Effect<A, E, never>) =>
  Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped()).pipe(
    Effect.flatMap((folder) => test(join(folder, "knowledge.db"))),
    Effect.scoped,
    Effect.provide(NodeServices.layer)
  )

const open = (filename: string, embeddings: Layer.Layer<EmbeddingModel.EmbeddingModel> = HashEmbeddings.layer()) =>
  Effect.flatMap(
    Layer.build(
      Layer.provide(Layer.fresh(Knowledge.layerSql()), [embeddings, Layer.fresh(Sqlite.layer({ filename }))])
    ),
    (context) => Effect.provide(Knowledge.Knowledge, context)
  )

describe("Knowledge in a database", () => {
  it.live("survives a restart, and embeds nothing twice", () =>
    onFile((filename) =>
      Effect.gen(function* () {
        yield* Effect.scoped(Effect.flatMap(open(filename), (base) => base.add(documents)))
        const asked: Array<ReadonlyArray<string>> = []
        const counted = HashEmbeddings.layer({ onRequest: (inputs) => Effect.sync(() => asked.push(inputs)) })
        yield* Effect.gen(function* () {
          const base = yield* open(filename, counted)
          assert.deepStrictEqual(yield* base.add(documents), { embedded: 0, unchanged: 3 })
          assert.deepStrictEqual(asked, [])
          const [first] = yield* base.search("what are the opening hours?")
          assert.deepInclude(first, { document: "hours", url: "https://shop.test/hours", metadata: { lang: "en" } })
        }).pipe(Effect.scoped)
      })
    )
  )

  it.live("two processes see each other's changes at their next search", () =>
    onFile((filename) =>
      Effect.gen(function* () {
        const one = yield* open(filename)
        const other = yield* open(filename)
        yield* one.add(documents)
        assert.strictEqual((yield* other.search("opening hours"))[0]?.document, "hours")
        yield* other.remove(["hours"])
        yield* other.add([{ id: "new", text: "Parking is free." }])
        assert.deepStrictEqual(
          (yield* one.search("opening hours")).map(({ document }) => document),
          ["horaires"]
        )
        assert.strictEqual((yield* one.search("is parking free"))[0]?.document, "new")
      }).pipe(Effect.scoped)
    )
  )

  it.live("searches at once share what they read, and each finds what was stored before it began", () =>
    onFile((filename) =>
      Effect.gen(function* () {
        const one = yield* open(filename)
        const other = yield* open(filename)
        const search = (word: string) => other.search(word, { limit: 1, atLeast: 0.9 })
        for (let at = 0; at < 10; at++) {
          const earlier = yield* Effect.forkChild(Effect.all(Array.from({ length: 5 }, () => search("noise"))))
          yield* one.add([{ id: `d${at}`, text: `word${at}` }])
          const found = yield* Effect.all(
            Array.from({ length: 10 }, () => search(`word${at}`)),
            { concurrency: "unbounded" }
          )
          assert.isTrue(found.every(([first]) => first?.document === `d${at}`))
          yield* Fiber.interrupt(earlier)
        }
      }).pipe(Effect.scoped)
    )
  )

  it.live("refuses to compare vectors of two models until it is empty", () =>
    onFile((filename) =>
      Effect.gen(function* () {
        yield* Effect.scoped(Effect.flatMap(open(filename), (base) => base.add(documents)))
        const base = yield* open(filename, HashEmbeddings.layer({ dimensions: 32 }))
        const error = yield* Effect.flip(base.search("opening hours"))
        assert.strictEqual(error._tag === "KnowledgeError" && error.reason, "OtherEmbeddings")
        assert.include(error.message, "hash/256")
        yield* base.remove(documents.map(({ id }) => id))
        yield* base.add(documents)
        assert.strictEqual((yield* base.search("what are the opening hours?"))[0]?.document, "hours")
      }).pipe(Effect.scoped)
    )
  )

  it.live("of two models that start on an empty base at once, one is refused", () =>
    onFile((filename) =>
      Effect.gen(function* () {
        const slow = { delay: "50 millis" } as const
        const one = yield* open(filename, HashEmbeddings.layer(slow))
        const other = yield* open(filename, HashEmbeddings.layer({ ...slow, dimensions: 32 }))
        const outcomes = yield* Effect.forEach([one, other], (base) => Effect.result(base.add(documents)), {
          concurrency: "unbounded"
        })
        const errors = outcomes.flatMap((outcome) => (Result.isFailure(outcome) ? [outcome.failure] : []))
        assert.deepStrictEqual(
          errors.map((error) => error._tag === "KnowledgeError" && error.reason),
          ["OtherEmbeddings"]
        )
        assert.include(errors[0]?.message, "give the base another name")
        assert.lengthOf(yield* one.list, 3)
      }).pipe(Effect.scoped)
    )
  )

  it.live("a process that missed many changes has them all at its next search", () =>
    onFile((filename) =>
      Effect.gen(function* () {
        const one = yield* open(filename)
        const other = yield* open(filename)
        for (let at = 0; at < 120; at++) yield* one.add([{ id: `d${at}`, text: `word${at}` }])
        yield* one.remove(["d0", "d119"])
        for (const base of [other, yield* open(filename)]) {
          for (let at = 0; at < 120; at++) {
            const [found] = yield* base.search(`word${at}`, { limit: 1, atLeast: 0.9 })
            assert.strictEqual(found?.document, at === 0 || at === 119 ? undefined : `d${at}`)
          }
        }
      }).pipe(Effect.scoped)
    )
  )

  it.live("reports a failure of the database without the query", () =>
    onFile((filename) =>
      Effect.gen(function* () {
        const base = yield* open(filename)
        const sql = yield* Effect.provide(
          SqlClient.SqlClient,
          yield* Layer.build(Layer.fresh(Sqlite.layer({ filename })))
        )
        yield* sql`drop table antiphon_knowledge`
        const error = yield* Effect.flip(base.search("a secret question"))
        assert.strictEqual(error._tag === "KnowledgeError" && error.reason, "Store")
        assert.notInclude(JSON.stringify(error) + error.message, "secret")
      }).pipe(Effect.scoped)
    )
  )

  it.effect("adds documents when its layer is built", () =>
    Effect.gen(function* () {
      const layer = Knowledge.layerDocuments(documents).pipe(
        Layer.provideMerge(Knowledge.layerMemory()),
        Layer.provide(HashEmbeddings.layer())
      )
      assert.lengthOf(
        yield* Effect.provide(
          Knowledge.Knowledge.use((base) => base.list),
          layer
        ),
        3
      )
      assert.strictEqual(yield* Embeddings.Name, "unnamed")
    })
  )
})
