/**
 * Stores the documents of a knowledge base, beside the index in memory.
 *
 * A store numbers its changes. An index remembers the last change it has seen, and asks only for later ones, so processes that
 * share a database see each other's changes at their next search.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import * as Tables from "../../internal/tables.ts"
import type { Passage } from "../Document.ts"

/** A document as it is kept. */
export interface Kept {
  readonly id: string
  /** Covers its text, how it was split, and the embeddings. A document with the same hash is not embedded again. */
  readonly hash: string
  readonly title: string | undefined
  readonly url: string | undefined
  readonly metadata: { readonly [name: string]: string }
  readonly passages: ReadonlyArray<readonly [Passage, ArrayLike<number>]>
}

/** A change to a document. */
export type Change =
  | { readonly _tag: "Put"; readonly document: Kept }
  | { readonly _tag: "Removed"; readonly id: string }

/** A document in a list. */
export interface Listed {
  readonly id: string
  readonly hash: string
  readonly title: string | undefined
  readonly passages: number
}

/** What has changed. */
export interface Changes {
  readonly last: number
  readonly changes: ReadonlyArray<Change>
  /** The embeddings whose vectors are kept; undefined if nothing is kept. */
  readonly embeddings: string | undefined
}

/** Keeps documents. `E` is the error of its operations. */
export interface KnowledgeStore<out E> {
  /** The documents with these ids, or all, by id. */
  readonly list: (ids?: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Listed>, E>
  /**
   * Stores documents, all or none, and returns the embeddings whose vectors are kept. If those are others, because
   * another process was first, nothing is stored.
   */
  readonly put: (embeddings: string, documents: ReadonlyArray<Kept>) => Effect.Effect<string, E>
  readonly remove: (ids: ReadonlyArray<string>) => Effect.Effect<void, E>
  /**
   * The next changes after a change, and the number of the last one. There may be more: there are none once it returns
   * none. 0 is before all changes.
   */
  readonly since: (change: number) => Effect.Effect<Changes, E>
}

/** Keeps documents until the process ends. */
export const memory = (): KnowledgeStore<never> => {
  let embeddings: string | undefined
  let last = 0
  const documents = new Map<string, { readonly change: number; readonly document: Kept | undefined }>()
  const kept = () => [...documents.values()].flatMap(({ document }) => document ?? [])
  return {
    list: (ids) =>
      Effect.sync(() =>
        (ids === undefined ? kept() : ids.flatMap((id) => documents.get(id)?.document ?? []))
          .map(listed)
          .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      ),
    put: (name, added) =>
      Effect.sync(() => {
        embeddings = name
        last++
        for (const document of added) documents.set(document.id, { change: last, document })
        return name
      }),
    remove: (ids) =>
      Effect.sync(() => {
        last++
        for (const id of ids) if (documents.has(id)) documents.set(id, { change: last, document: undefined })
      }),
    since: (change) =>
      Effect.sync(() => ({
        last,
        embeddings: kept().length === 0 ? undefined : embeddings,
        changes:
          change === last
            ? []
            : [...documents].flatMap(([id, kept]): ReadonlyArray<Change> => {
                if (kept.change <= change) return []
                const { document } = kept
                return [document === undefined ? { _tag: "Removed", id } : { _tag: "Put", document }]
              })
      }))
  }
}

const listed = ({ hash, id, passages, title }: Kept): Listed => ({ id, hash, title, passages: passages.length })

/** The JSON columns of a row. */
const Details = Schema.fromJsonString(
  Schema.Struct({
    title: Schema.optional(Schema.String),
    url: Schema.optional(Schema.String),
    metadata: Schema.Record(Schema.String, Schema.String)
  })
)
const encodeDetails = Schema.encodeSync(Details)
const decodeDetails = Schema.decodeUnknownResult(Details)
const Headings = Schema.fromJsonString(Schema.Array(Schema.String))
const encodeHeadings = Schema.encodeSync(Headings)
const decodeHeadings = Schema.decodeUnknownResult(Headings)

interface BaseRow {
  readonly last_change: number | string
  readonly embeddings: string
  readonly has_any: number | boolean
}

interface DocumentRow {
  readonly id: string
  readonly hash: string
  readonly details: string
  readonly gone: number
}
interface PassageRow {
  readonly document: string
  readonly position: number
  readonly headings: string
  readonly text: string
  readonly vector: Uint8Array
}

/** Rows to insert, and changes to read, at once. */
const together = 50

/** Keeps documents in the tables `antiphon_knowledge`, `antiphon_documents` and `antiphon_passages`. Creates missing tables. */
export const sql = (
  base: string
): Effect.Effect<KnowledgeStore<SqlError.SqlError>, SqlError.SqlError, SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const bytes = sql.literal(sql.onDialectOrElse({ pg: () => "bytea", orElse: () => "blob" }))
    yield* Tables.create(sql, [
      sql`create table if not exists antiphon_knowledge (
        base varchar(200) primary key, embeddings text not null, last_change bigint not null)`,
      sql`create table if not exists antiphon_documents (
        base varchar(200) not null, id varchar(500) not null, change_number bigint not null, hash text not null,
        details text not null, gone integer not null, primary key (base, id))`,
      sql`create index if not exists antiphon_documents_changes on antiphon_documents (base, change_number)`,
      sql`create table if not exists antiphon_passages (
        base varchar(200) not null, document varchar(500) not null, position integer not null, headings text not null,
        text text not null, vector ${bytes} not null, primary key (base, document, position))`
    ])

    /** Counts a change. The row is locked until the transaction ends, so that changes become visible in their order. */
    const change = Effect.gen(function* () {
      yield* sql`insert into antiphon_knowledge ${sql.insert({ base, embeddings: "", last_change: 0 })}
          on conflict (base) do nothing`
      yield* sql`update antiphon_knowledge set last_change = last_change + 1 where base = ${base}`
      const [row] = yield* sql<{ readonly last_change: number | string }>`
          select last_change from antiphon_knowledge where base = ${base}`
      return Number(row?.last_change ?? 0)
    })

    const clear = (ids: ReadonlyArray<string>) =>
      sql`delete from antiphon_passages where base = ${base} and document in ${sql.in(ids)}`

    const putOne = (number: number, { hash, id, metadata, passages, title, url }: Kept) =>
      Effect.gen(function* () {
        const details = encodeDetails({
          ...(title === undefined ? undefined : { title }),
          ...(url === undefined ? undefined : { url }),
          metadata
        })
        yield* sql`insert into antiphon_documents ${sql.insert({ base, id, change_number: number, hash, details, gone: 0 })}
          on conflict (base, id) do update set change_number = ${number}, hash = ${hash}, details = ${details}, gone = 0`
        const rows = passages.map(([{ headings, position, text }, vector]) => ({
          base,
          document: id,
          position,
          headings: encodeHeadings(headings),
          text,
          vector: toBytes(vector)
        }))
        for (const some of Arr.chunksOf(rows, together)) {
          yield* sql`insert into antiphon_passages ${sql.insert(some)}`
        }
      })

    const inForce = Effect.map(
      sql<{ readonly embeddings: string }>`select embeddings from antiphon_knowledge where base = ${base}
        and exists (select 1 from antiphon_documents where base = ${base} and gone = 0)`,
      ([row]) => row?.embeddings || undefined
    )

    return {
      list: (ids) =>
        Effect.map(
          sql<DocumentRow & { readonly passages: number | string }>`
          select id, hash, details, (select count(*) from antiphon_passages p where p.base = d.base and p.document = d.id) as passages
          from antiphon_documents d
          where ${sql.and([sql`base = ${base}`, sql`gone = 0`, ...(ids === undefined ? [] : [sql.in("id", ids)])])} order by id`,
          (rows) =>
            rows.map(({ details, hash, id, passages }): Listed => ({
              id,
              hash,
              title: detailsOf(details).title,
              passages: Number(passages)
            }))
        ),
      put: (embeddings, documents) =>
        sql.withTransaction(
          Effect.gen(function* () {
            const number = yield* change
            const before = yield* inForce
            if (before !== undefined && before !== embeddings) return before
            yield* sql`update antiphon_knowledge set embeddings = ${embeddings} where base = ${base}`
            yield* clear(documents.map(({ id }) => id))
            for (const document of documents) yield* putOne(number, document)
            return embeddings
          })
        ),
      remove: (ids) =>
        ids.length === 0
          ? Effect.void
          : sql
              .withTransaction(
                Effect.gen(function* () {
                  const number = yield* change
                  yield* clear(ids)
                  yield* sql`update antiphon_documents set change_number = ${number}, hash = '', details = '{"metadata":{}}', gone = 1
                    where base = ${base} and id in ${sql.in(ids)}`
                })
              )
              .pipe(Effect.asVoid),
      since: (known) =>
        Effect.gen(function* () {
          const [row] = yield* sql<BaseRow>`select last_change, embeddings, exists (
              select 1 from antiphon_documents where base = ${base} and gone = 0) as has_any
            from antiphon_knowledge where base = ${base}`
          const last = Number(row?.last_change ?? 0)
          const embeddings = row !== undefined && Number(row.has_any) === 1 ? row.embeddings : undefined
          if (last === known) return { last, embeddings, changes: [] }
          // Within a transaction, so that passages are those of their documents.
          return yield* sql.withTransaction(
            Effect.gen(function* () {
              const next = yield* sql<{ readonly change: number | string }>`
                select distinct change_number as change from antiphon_documents
                where base = ${base} and change_number > ${known} order by change_number limit ${together}`
              const upTo = Number(next.at(-1)?.change ?? known)
              const documents = yield* sql<DocumentRow>`select id, hash, details, gone from antiphon_documents
                where base = ${base} and change_number > ${known} and change_number <= ${upTo}`
              const passages = yield* sql<PassageRow>`select p.document, p.position, p.headings, p.text, p.vector
                from antiphon_passages p join antiphon_documents d on d.base = p.base and d.id = p.document
                where p.base = ${base} and d.change_number > ${known} and d.change_number <= ${upTo} and d.gone = 0
                order by p.document, p.position`
              const byDocument = Map.groupBy(passages, ({ document }) => document)
              return {
                embeddings,
                last: next.length < together ? Math.max(last, upTo) : upTo,
                changes: documents.map((row) => toChange(row, byDocument.get(row.id) ?? []))
              }
            })
          )
        })
    }
  })

const detailsOf = (details: string) =>
  Result.getOrElse(decodeDetails(details), () => ({ metadata: {} }) as typeof Details.Type)

const toChange = ({ details, gone, hash, id }: DocumentRow, rows: ReadonlyArray<PassageRow>): Change => {
  if (Number(gone) === 1) return { _tag: "Removed", id }
  const { metadata, title, url } = detailsOf(details)
  const passages = rows.map(({ headings, position, text, vector }): readonly [Passage, Float32Array] => [
    {
      document: id,
      ...(title === undefined ? undefined : { title }),
      ...(url === undefined ? undefined : { url }),
      metadata,
      position: Number(position),
      headings: Result.getOrElse(decodeHeadings(headings), (): ReadonlyArray<string> => []),
      text
    },
    fromBytes(vector)
  ])
  return { _tag: "Put", document: { id, hash, title, url, metadata, passages } }
}

const toBytes = (vector: ArrayLike<number>): Uint8Array => {
  const view = new DataView(new ArrayBuffer(vector.length * 4))
  for (let at = 0; at < vector.length; at++) view.setFloat32(at * 4, vector[at]!, true)
  return new Uint8Array(view.buffer)
}

const fromBytes = (bytes: Uint8Array): Float32Array => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const vector = new Float32Array(bytes.byteLength / 4)
  for (let at = 0; at < vector.length; at++) vector[at] = view.getFloat32(at * 4, true)
  return vector
}
