/**
 * A knowledge base over your own embeddings: documents are split into passages, embedded, and searched by meaning.
 *
 * Vectors are searched in memory, exactly. `layerMemory` keeps everything in memory; `layerSql` keeps documents in a
 * database, so that a restarted process embeds nothing twice, and several processes can share a base.
 *
 * @since 0.1.0
 */
import * as Printable from "@antiphon/core/Printable"
import type * as AiError from "effect/ai/AiError"
import * as EmbeddingModel from "effect/ai/EmbeddingModel"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import * as DatabaseReason from "../internal/databaseReason.ts"
import * as StoredName from "../internal/storedName.ts"
import * as Embeddings from "../model/Embeddings.ts"
import type * as Document from "./Document.ts"
import { embeddedText } from "./internal/embeddedText.ts"
import * as KnowledgeStore from "./internal/knowledgeStore.ts"
import * as Splitting from "./internal/splitting.ts"
import * as VectorIndex from "./internal/vectorIndex.ts"

/**
 * A knowledge base failed.
 *
 * - `OtherEmbeddings`: the stored documents were embedded by another model. Remove them, or use that model.
 * - `OtherDimensions`: the length of the vectors has changed.
 * - `InvalidVector`: a vector of zeros, or of numbers too large to compare.
 * - `Full`: more passages than `maxPassages`.
 * - `InvalidId`: the id of a document, or the name of a base, that a database cannot keep. Nothing was added.
 * - `Store`: the database failed; `cause` says how.
 */
export class KnowledgeError extends Schema.TaggedError<KnowledgeError>()("KnowledgeError", {
  reason: Schema.Literals(["OtherEmbeddings", "OtherDimensions", "InvalidVector", "Full", "InvalidId", "Store"]),
  description: Schema.String,
  cause: Schema.optional(Schema.Defect())
}) {
  override get message() {
    return this.description
  }
}

/** A passage found by a search. */
export interface Found extends Document.Passage {
  /** Similarity to the query: the cosine, from -1 to 1. */
  readonly score: number
}

/** Options of a search. */
export interface Search {
  /** Maximum number of passages. 5 by default. */
  readonly limit?: number | undefined
  /** Minimum score. 0.25 by default: with common models, passages below it have little to do with the query. */
  readonly atLeast?: number | undefined
  /** Required metadata of a passage's document. */
  readonly metadata?: { readonly [name: string]: string } | undefined
}

/** A document in the base. */
export interface Listed {
  readonly id: string
  readonly title: string | undefined
  readonly passages: number
}

/** Options of a base. */
export interface Options extends Document.Cut {
  /** Maximum number of passages. 100,000 by default: 600 MB of vectors with 1536 dimensions. */
  readonly maxPassages?: number | undefined
}

/** The current knowledge base. */
export class Knowledge extends Context.Service<
  Knowledge,
  {
    /**
     * Adds documents, and replaces those with the same id. Unchanged documents are not embedded again. Documents are
     * stored in batches: those stored before a failure stay.
     */
    readonly add: (
      documents: Iterable<Document.Document>
    ) => Effect.Effect<{ readonly embedded: number; readonly unchanged: number }, AiError.AiError | KnowledgeError>
    /** Removes documents. Ignores unknown ids. */
    readonly remove: (ids: Iterable<string>) => Effect.Effect<void, KnowledgeError>
    readonly list: Effect.Effect<ReadonlyArray<Listed>, KnowledgeError>
    /** Finds the passages nearest to a text, nearest first. Embeds the text first, which waits for the provider. */
    readonly search: (
      text: string,
      options?: Search
    ) => Effect.Effect<ReadonlyArray<Found>, AiError.AiError | KnowledgeError>
  }
>()("@antiphon/llm/knowledge/Knowledge") {}

const most = 100_000

const ofStore = (cause: SqlError.SqlError) =>
  new KnowledgeError({
    reason: "Store",
    description: `the store of the knowledge base failed: ${DatabaseReason.of(cause)}`,
    cause
  })

/** Makes a base over a store. */
const make = <E>(store: KnowledgeStore.KnowledgeStore<E>, fail: (error: E) => KnowledgeError, options: Options) =>
  Effect.gen(function* () {
    const model = yield* EmbeddingModel.EmbeddingModel
    const embeddings = yield* Embeddings.Name
    const index = VectorIndex.make<Document.Passage>()
    const { maxPassages = most } = options
    const oneAtATime = yield* Semaphore.make(1)
    /** The last change in the index, and the embeddings in force. */
    let seen = 0
    let kept: string | undefined
    /** How many readings of changes have begun, and the last one that was completed. */
    let begun = 0
    let completed = 0
    const checked = <A>(effect: Effect.Effect<A, E>) => Effect.mapError(effect, fail)

    const same = (kept: string | undefined) =>
      kept === undefined || kept === embeddings
        ? Effect.void
        : Effect.fail(
            new KnowledgeError({
              reason: "OtherEmbeddings",
              description: `the knowledge base was embedded with ${kept}, and the embeddings in force are ${embeddings}: ${anew}`
            })
          )

    /** Applies the next changes to the index, until there are none. Vectors of other embeddings do not belong there. */
    const follow: Effect.Effect<void, KnowledgeError> = Effect.suspend(() =>
      Effect.flatMap(checked(store.since(seen)), ({ changes, embeddings: now, last }) => {
        kept = now
        if (kept !== undefined && kept !== embeddings) return Effect.void
        for (const change of changes) {
          if (change._tag === "Removed") index.remove(change.id)
          else index.put(change.document.id, change.document.passages)
        }
        seen = last
        return changes.length === 0 ? Effect.void : Effect.andThen(Effect.yieldNow, follow)
      })
    )

    /** Brings the index up to the last change. Searches that wait for each other share what one of them reads. */
    const refresh = Effect.suspend(() => {
      const before = begun
      const read = Effect.suspend(() => {
        if (completed > before) return Effect.void
        const number = ++begun
        return Effect.map(follow, () => void (completed = number))
      })
      return oneAtATime.withPermit(read)
    })
    const current = Effect.flatMap(refresh, () => same(kept))

    const comparable = <A extends ArrayLike<number>>(vectors: ReadonlyArray<A>) => {
      const dimensions = index.dimensions ?? vectors[0]?.length
      const other = vectors.find(({ length }) => length !== dimensions)
      if (other !== undefined) return Effect.fail(otherDimensions(dimensions, other.length))
      return vectors.every(VectorIndex.hasDirection) ? Effect.succeed(vectors) : Effect.fail(invalidVector)
    }

    const embed = (passages: ReadonlyArray<Document.Passage>) =>
      Effect.flatMap(model.embedMany(passages.map(embeddedText)), ({ embeddings }) =>
        comparable(embeddings.map(({ vector }) => vector))
      )

    const addSome = (
      documents: ReadonlyArray<readonly [Document.Document, string]>,
      known: ReadonlyMap<string, KnowledgeStore.Listed>
    ) =>
      Effect.gen(function* () {
        const cut = yield* Effect.forEach(documents, ([document, hash]) =>
          Effect.map(split(document, options), (passages) => ({ document, hash, passages }))
        )
        const empty = cut.filter(({ passages }) => passages.length === 0)
        if (empty.length > 0) {
          const ids = empty.map(({ document }) => Printable.escaped(document.id.slice(0, 60))).join(", ")
          yield* Effect.logWarning(`the knowledge base cannot find documents without text: ${ids}`)
        }
        const total = cut.reduce(
          (sum, { document, passages }) => sum + passages.length - (known.get(document.id)?.passages ?? 0),
          index.size
        )
        if (total > maxPassages) {
          return yield* new KnowledgeError({
            reason: "Full",
            description: `the knowledge base would hold ${total} passages; maxPassages is ${maxPassages}`
          })
        }
        const vectors = yield* embed(cut.flatMap(({ passages }) => passages))
        let at = 0
        const kept = cut.map(({ document, hash, passages }): KnowledgeStore.Kept => ({
          id: document.id,
          hash,
          title: document.title,
          url: document.url,
          metadata: document.metadata ?? {},
          passages: passages.map((passage) => [passage, vectors[at++]!])
        }))
        yield* Effect.flatMap(checked(store.put(embeddings, kept)), same)
        yield* refresh
      })

    yield* refresh
    const add: Knowledge["Service"]["add"] = (given) =>
      Effect.gen(function* () {
        const all = [...given]
        yield* Effect.forEach(all, ({ id }) => keepable("the id of a document", id, longestId), { discard: true })
        yield* current
        // Of several documents with the same id, the last counts.
        const documents = [...new Map(all.map((document) => [document.id, document])).values()]
        const listed = yield* Effect.forEach(Arr.chunksOf(documents, inQuery), (some) =>
          checked(store.list(some.map(({ id }) => id)))
        )
        const known = new Map(listed.flat().map((listed) => [listed.id, listed]))
        const hashed = yield* Effect.forEach(documents, (document) =>
          Effect.map(hashOf(document, embeddings, options), (hash) => [document, hash] as const)
        )
        const changed = hashed.filter(([{ id }, hash]) => known.get(id)?.hash !== hash)
        for (let at = 0; at < changed.length; at += together) yield* addSome(changed.slice(at, at + together), known)
        return { embedded: changed.length, unchanged: documents.length - changed.length }
      }).pipe(Effect.withSpan("Knowledge.add"))

    const search: Knowledge["Service"]["search"] = (text, { atLeast = 0.25, limit = 5, metadata } = {}) =>
      Effect.gen(function* () {
        if (text.trim() === "") return []
        yield* current
        if (index.size === 0) return []
        const { vector } = yield* model.embed(text)
        yield* comparable([vector])
        const wanted = metadata === undefined ? undefined : Object.entries(metadata)
        const where =
          wanted === undefined
            ? undefined
            : (passage: Document.Passage) => wanted.every(([name, value]) => passage.metadata[name] === value)
        const hits = yield* index.search(vector, { limit, atLeast, where })
        return hits.map(({ row, score }): Found => ({ ...row, score }))
      }).pipe(Effect.withSpan("Knowledge.search"))

    return Knowledge.of({
      add,
      search,
      remove: (ids) =>
        Effect.gen(function* () {
          // No document has any other id.
          const all = [...ids].filter((id) => StoredName.isStorable(id, longestId))
          for (const some of Arr.chunksOf(all, inQuery)) yield* checked(store.remove(some))
          yield* refresh
        }),
      list: Effect.map(checked(store.list()), (all) => all.map(({ id, passages, title }) => ({ id, title, passages })))
    })
  })

/** The longest id of a document, and the longest name of a base, in UTF-16 code units: what the tables hold. */
const longestId = 500
const longestName = 200

const keepable = (what: string, text: string, longest: number): Effect.Effect<void, KnowledgeError> =>
  StoredName.isStorable(text, longest)
    ? Effect.void
    : Effect.fail(
        new KnowledgeError({
          reason: "InvalidId",
          description: `${what} must have 1 to ${longest} characters, none of them NUL or half of a character: ${Printable.escaped(String(text).slice(0, 60))}`
        })
      )

/** Splits a document in steps: it takes processor time in which no call should wait for long. */
const split = (document: Document.Document, options: Document.Cut) =>
  Effect.gen(function* () {
    const passages: Array<Document.Passage> = []
    yield* Effect.yieldNow
    for (const passage of Splitting.passages(document, options)) {
      if (passages.push(passage) % 100 === 0) yield* Effect.yieldNow
    }
    return passages
  })

/** Number of ids in one query. */
const inQuery = 500

/** Number of documents to embed and store together. */
const together = 20

const anew = "give the base another name, or remove its documents and add them again"

const otherDimensions = (before: number | undefined, now: number | undefined) =>
  new KnowledgeError({
    reason: "OtherDimensions",
    description: `the embeddings gave a vector of ${now} dimensions after ones of ${before}: if another model has the name now, ${anew}`
  })

const invalidVector = new KnowledgeError({
  reason: "InvalidVector",
  description: "the embeddings gave a vector of zeros, or of numbers too large to compare"
})

const hashOf = (
  document: Document.Document,
  embeddings: string,
  { overlap, size }: Document.Cut
): Effect.Effect<string> => {
  const { id, metadata = {}, text, title = null, url = null } = document
  const told = JSON.stringify([id, text, title, url, Object.entries(metadata).toSorted(), embeddings, overlap, size])
  return Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(told))),
    (digest) => Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")
  )
}

/** Layer of a base in memory. */
export const layerMemory = (
  options: Options = {}
): Layer.Layer<Knowledge, KnowledgeError, EmbeddingModel.EmbeddingModel> =>
  Layer.effect(
    Knowledge,
    Effect.suspend(() => make<never>(KnowledgeStore.memory(), (error) => error, options))
  )

/**
 * Layer of a named base in an SQLite or PostgreSQL database. Creates its tables if they are missing.
 *
 * ```ts
 * const Base = Knowledge.layerSql({ name: "manuals" }).pipe(
 *   Layer.provide([Embeddings.fromString("openai/text-embedding-3-small"), Sqlite.layer({ filename: "knowledge.db" })])
 * )
 * ```
 */
export const layerSql = ({
  name = "default",
  ...options
}: Options & { readonly name?: string | undefined } = {}): Layer.Layer<
  Knowledge,
  KnowledgeError,
  EmbeddingModel.EmbeddingModel | SqlClient.SqlClient
> =>
  Layer.effect(
    Knowledge,
    Effect.gen(function* () {
      yield* keepable("the name of a knowledge base", name, longestName)
      const store = yield* Effect.mapError(KnowledgeStore.sql(name), ofStore)
      return yield* make(store, ofStore, options)
    })
  )

/** Adds documents when the layer is built. */
export const layerDocuments = (
  documents: Iterable<Document.Document>
): Layer.Layer<never, AiError.AiError | KnowledgeError, Knowledge> =>
  Layer.effectDiscard(Effect.flatMap(Knowledge, (knowledge) => knowledge.add(documents)))
