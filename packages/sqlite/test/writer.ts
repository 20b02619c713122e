/** Writes a hundred rows, each in a transaction, or begins one and never ends it. */
import { Effect } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import * as Sqlite from "../src/Sqlite.ts"

const [filename = "", name = "", times = ""] = process.argv.slice(2)

await Effect.runPromise(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`create table if not exists t (name text, at integer)`
    const add = (at: number) => sql`insert into t values (${name}, ${at})`
    if (times === "hang") {
      yield* sql.withTransaction(
        Effect.andThen(
          Effect.forEach([1, 2, 3], add),
          Effect.andThen(
            Effect.sync(() => process.stdout.write("within\n")),
            Effect.never
          )
        )
      )
    }
    for (let at = 0; at < Number(times); at++) yield* sql.withTransaction(add(at))
  }).pipe(Effect.provide(Sqlite.layer({ filename })))
)
