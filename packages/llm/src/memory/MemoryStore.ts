/**
 * Stores memory between calls: one row per caller and field, with its expiry time.
 *
 * The store does not interpret fields; `Memory` does. Expired rows are never returned, and are deleted by `expire`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import * as DatabaseReason from "../internal/databaseReason.ts"
import * as Tables from "../internal/tables.ts"

/** One value about a caller. Times are in milliseconds since 1970. */
export interface Row {
  readonly field: string
  /** JSON. */
  readonly value: string
  readonly writtenAt: number
  readonly keptUntil: number
  /** The call in which it was learned. */
  readonly callId: string
}

/** Selects rows to delete: those that match all given conditions. */
export interface Forgetting {
  readonly caller?: string | undefined
  readonly fields?: ReadonlyArray<string> | undefined
  /** Written before this time, in milliseconds since 1970. */
  readonly writtenBefore?: number | undefined
  /** Expired at this time, in milliseconds since 1970. */
  readonly keptUntil?: number | undefined
}

/**
 * Memory could not be read or written.
 *
 * - `InvalidCaller`: the name of a caller that a database cannot keep. Nothing was written.
 * - `Value`: a value does not match its field. Nothing was written.
 * - `Store`: the database failed; `cause` says how, and holds no values.
 */
export class MemoryError extends Schema.TaggedError<MemoryError>()("MemoryError", {
  reason: Schema.Literals(["InvalidCaller", "Value", "Store"]),
  description: Schema.String,
  cause: Schema.optional(Schema.Defect())
}) {
  override get message() {
    return this.description
  }
}

/** The current store. */
export class MemoryStore extends Context.Service<
  MemoryStore,
  {
    /** Returns the rows of a caller that have not expired at a time, by field. */
    readonly read: (caller: string, now: number) => Effect.Effect<ReadonlyArray<Row>, MemoryError>
    /**
     * Writes rows and deletes fields, all or nothing. A row is never replaced by an older one, so that of two calls the
     * later one counts.
     */
    readonly write: (
      caller: string,
      change: { readonly rows: ReadonlyArray<Row>; readonly deleted: ReadonlyArray<string> }
    ) => Effect.Effect<void, MemoryError>
    /** Deletes matching rows, and returns their number. Without conditions, deletes everything. */
    readonly forget: (what: Forgetting) => Effect.Effect<number, MemoryError>
    /** Returns the callers with memory and the time of their last write, most recent first. */
    readonly callers: (
      limit: number
    ) => Effect.Effect<ReadonlyArray<{ readonly caller: string; readonly writtenAt: number }>, MemoryError>
  }
>()("@antiphon/llm/memory/MemoryStore") {
  /** Keeps memory until the process ends. */
  static readonly layerMemory: Layer.Layer<MemoryStore> = Layer.sync(MemoryStore, () => {
    const callers = new Map<string, Map<string, Row>>()
    const all = () => [...callers].flatMap(([caller, rows]) => [...rows.values()].map((row) => ({ caller, row })))
    return MemoryStore.of({
      read: (caller, now) =>
        Effect.sync(() =>
          [...(callers.get(caller)?.values() ?? [])].filter(({ keptUntil }) => keptUntil > now).toSorted(byField)
        ),
      write: (caller, { deleted, rows }) =>
        Effect.sync(() => {
          const kept = callers.get(caller) ?? new Map<string, Row>()
          for (const field of deleted) kept.delete(field)
          for (const row of rows) if ((kept.get(row.field)?.writtenAt ?? 0) <= row.writtenAt) kept.set(row.field, row)
          if (kept.size > 0) callers.set(caller, kept)
          else callers.delete(caller)
        }),
      forget: ({ caller, fields, keptUntil, writtenBefore }) =>
        Effect.sync(() => {
          const gone = all().filter(
            (kept) =>
              (caller === undefined || kept.caller === caller) &&
              (fields === undefined || fields.includes(kept.row.field)) &&
              (writtenBefore === undefined || kept.row.writtenAt < writtenBefore) &&
              (keptUntil === undefined || kept.row.keptUntil <= keptUntil)
          )
          for (const { caller, row } of gone) {
            const rows = callers.get(caller)
            rows?.delete(row.field)
            if (rows?.size === 0) callers.delete(caller)
          }
          return gone.length
        }),
      callers: (limit) =>
        Effect.sync(() =>
          [...callers]
            .map(([caller, rows]) => ({
              caller,
              writtenAt: Math.max(...[...rows.values()].map(({ writtenAt }) => writtenAt))
            }))
            .toSorted((a, b) => b.writtenAt - a.writtenAt || (a.caller < b.caller ? -1 : 1))
            .slice(0, limit)
        )
    })
  })

  /**
   * Keeps memory in the table `antiphon_memory` of an SQLite or PostgreSQL database. Creates the table if it is
   * missing.
   */
  static readonly layerSql: Layer.Layer<MemoryStore, MemoryError, SqlClient.SqlClient> = Layer.effect(
    MemoryStore,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const checked = <A>(effect: Effect.Effect<A, SqlError.SqlError>) =>
        effect.pipe(
          Effect.retry({ times: 2, while: ({ reason }) => reason._tag === "DeadlockError" }),
          Effect.mapError(ofStore)
        )
      const table = sql`create table if not exists antiphon_memory (
        caller varchar(300) not null, field varchar(100) not null, value text not null, written_at bigint not null,
        kept_until bigint not null, call_id varchar(300) not null, primary key (caller, field))`
      yield* checked(Tables.create(sql, [table]))

      const put = (caller: string, { callId, field, keptUntil, value, writtenAt }: Row) =>
        sql`insert into antiphon_memory ${sql.insert({
          caller,
          field,
          value,
          written_at: writtenAt,
          kept_until: keptUntil,
          call_id: fitting(callId)
        })} on conflict (caller, field) do update
          set value = ${value}, written_at = ${writtenAt}, kept_until = ${keptUntil}, call_id = ${fitting(callId)}
          where antiphon_memory.written_at <= ${writtenAt}`

      return MemoryStore.of({
        read: (caller, now) =>
          checked(
            Effect.map(
              sql<SqlRow>`select * from antiphon_memory where caller = ${caller} and kept_until > ${now} order by field`,
              (rows) => rows.map(toRow)
            )
          ),
        write: (caller, { deleted, rows }) =>
          deleted.length + rows.length === 0
            ? Effect.void
            : checked(
                sql.withTransaction(
                  Effect.gen(function* () {
                    // In one order, so that two calls of the same caller never wait for each other.
                    const changes = new Map<string, Row | undefined>([
                      ...deleted.map((field) => [field, undefined] as const),
                      ...rows.map((row) => [row.field, row] as const)
                    ])
                    for (const [field, row] of [...changes].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
                      if (row !== undefined) yield* put(caller, row)
                      else yield* sql`delete from antiphon_memory where caller = ${caller} and field = ${field}`
                    }
                  })
                )
              ),
        forget: ({ caller, fields, keptUntil, writtenBefore }) =>
          Effect.suspend(() => {
            if (fields?.length === 0) return Effect.succeed(0)
            const where = sql.and([
              ...(caller === undefined ? [] : [sql`caller = ${caller}`]),
              ...(fields === undefined ? [] : [sql`field in ${sql.in(fields)}`]),
              ...(writtenBefore === undefined ? [] : [sql`written_at < ${writtenBefore}`]),
              ...(keptUntil === undefined ? [] : [sql`kept_until <= ${keptUntil}`])
            ])
            return checked(
              Effect.map(sql`delete from antiphon_memory where ${where} returning field`, ({ length }) => length)
            )
          }),
        callers: (limit) =>
          checked(
            Effect.map(
              sql<{ readonly caller: string; readonly written: number | string }>`
                select caller, max(written_at) as written from antiphon_memory group by caller
                order by written desc, caller limit ${limit}`,
              (rows) => rows.map(({ caller, written }) => ({ caller, writtenAt: Number(written) }))
            )
          )
      })
    })
  )
}

/** An id of a platform, as long as its column, and without what PostgreSQL refuses in a text. */
const fitting = (id: string): string => id.slice(0, 300).toWellFormed().replaceAll("\0", "")

const ofStore = (cause: SqlError.SqlError) =>
  new MemoryError({
    reason: "Store",
    description: `the store of the memory failed: ${DatabaseReason.of(cause)}`,
    cause
  })

interface SqlRow {
  readonly field: string
  readonly value: string
  readonly written_at: number | string
  readonly kept_until: number | string
  readonly call_id: string
}

const toRow = ({ call_id: callId, field, kept_until: keptUntil, value, written_at: writtenAt }: SqlRow): Row => ({
  field,
  value,
  writtenAt: Number(writtenAt),
  keptUntil: Number(keptUntil),
  callId
})

const byField = (a: Row, b: Row): number => (a.field < b.field ? -1 : 1)
