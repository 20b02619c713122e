import * as Sqlite from "@antiphon/sqlite/Sqlite"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import * as DatabaseReason from "../../src/internal/databaseReason.ts"
import * as Postgres from "../support/postgres.ts"

const failing = Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.flip(sql`select secret from secrets`))

describe("databaseReason", () => {
  it.effect("has SQLite's name of the failure, and not its message", () =>
    Effect.gen(function* () {
      assert.strictEqual(DatabaseReason.of(yield* failing), "UnknownError (SQL logic error)")
    }).pipe(Effect.provide(Sqlite.layer({ filename: ":memory:" })))
  )

  it.live.skipIf(!Postgres.isThere)(`has PostgreSQL's code${Postgres.note}`, () =>
    Effect.gen(function* () {
      assert.strictEqual(DatabaseReason.of(yield* failing), "SqlSyntaxError (SQLSTATE 42P01)")
    }).pipe(Effect.provide(Postgres.layer), Effect.scoped)
  )

  it("has the kind alone if there is nothing else", () => {
    const error = { reason: { _tag: "ConnectionError", cause: new Error("no secret here") } }
    assert.strictEqual(DatabaseReason.of(error as unknown as SqlError.SqlError), "ConnectionError")
  })
})
