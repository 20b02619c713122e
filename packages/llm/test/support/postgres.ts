/**
 * PostgreSQL, if tests may use one: `ANTIPHON_TEST_POSTGRES` is the address of a database in which tables come and go.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import { Duration, Effect, Layer, Redacted } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import { randomUUID } from "node:crypto"

const address = process.env["ANTIPHON_TEST_POSTGRES"]

/** The words for it in a test's title. */
export const note = address === undefined ? " (skipped: ANTIPHON_TEST_POSTGRES is not set)" : ""
export const isThere = address !== undefined

/**
 * A client with a schema of its own, which is dropped with the scope, so that concurrent tests do not interfere.
 * Connecting has no deadline, because it takes real time, and a test that moves its clock by hours would miss any.
 */
export const layer = Layer.suspend(() => {
  const schema = `antiphon_${randomUUID().replaceAll("-", "")}`
  const client = PgClient.layer({
    url: Redacted.make(address ?? "postgres://nowhere"),
    connectTimeout: Duration.infinity,
    startupParameters: { search_path: schema }
  })
  const ofSchema = Layer.effectDiscard(
    Effect.flatMap(SqlClient.SqlClient, (sql) =>
      Effect.acquireRelease(sql`create schema ${sql(schema)}`, () =>
        Effect.orDie(sql`drop schema ${sql(schema)} cascade`)
      )
    )
  )
  return Layer.provideMerge(ofSchema, client)
})
