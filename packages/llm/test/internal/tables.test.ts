import * as PgClient from "@effect/sql-pg/PgClient"
import * as Sqlite from "@antiphon/sqlite/Sqlite"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import { randomUUID } from "node:crypto"
import * as Tables from "../../src/internal/tables.ts"
import * as Postgres from "../support/postgres.ts"

const create = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Tables.create(sql, [
    sql`create table if not exists here (id integer primary key)`,
    sql`create index if not exists there on here (id)`
  ])
)

describe("tables", () => {
  it.effect("are made once, and then left alone", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* create
      yield* sql`insert into here (id) values (1)`
      yield* create
      assert.lengthOf(yield* sql`select id from here`, 1)
    }).pipe(Effect.provide(Sqlite.layer({ filename: ":memory:" })))
  )

  it.live.skipIf(!Postgres.isThere)(`processes that start together can all make them${Postgres.note}`, () =>
    Effect.gen(function* () {
      const schema = `antiphon_${randomUUID().replaceAll("-", "")}`
      const url = Redacted.make(process.env["ANTIPHON_TEST_POSTGRES"]!)
      const client = () => Layer.fresh(PgClient.layer({ url, startupParameters: { search_path: schema } }))
      yield* Effect.acquireRelease(
        Effect.provide(
          Effect.flatMap(SqlClient.SqlClient, (sql) => sql`create schema ${sql(schema)}`),
          client()
        ),
        () =>
          Effect.orDie(
            Effect.provide(
              Effect.flatMap(SqlClient.SqlClient, (sql) => sql`drop schema ${sql(schema)} cascade`),
              client()
            )
          )
      )
      yield* Effect.all(
        Array.from({ length: 6 }, () => Effect.provide(create, client())),
        { concurrency: "unbounded" }
      )
    }).pipe(Effect.scoped)
  )
})
