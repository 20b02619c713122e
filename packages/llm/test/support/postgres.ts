/**
 * PostgreSQL, if a test may use one: `ANTIPHON_TEST_POSTGRES` is the address of a database in which tables come and go.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import { Effect, Layer, Redacted } from "effect"
import * as SqlClient from "effect/sql/SqlClient"

const address = process.env["ANTIPHON_TEST_POSTGRES"]

/** What a title says of it. */
export const note = address === undefined ? " (skipped: ANTIPHON_TEST_POSTGRES is not set)" : ""
export const isThere = address !== undefined

/** A client whose tables of these names are dropped before anything is done. */
export const layer = (...tables: ReadonlyArray<string>) =>
  Layer.effectDiscard(
    Effect.flatMap(SqlClient.SqlClient, (sql) =>
      Effect.forEach(tables, (table) => sql`drop table if exists ${sql(table)}`, { discard: true })
    )
  ).pipe(Layer.provideMerge(PgClient.layer({ url: Redacted.make(address ?? "postgres://nowhere") })))
