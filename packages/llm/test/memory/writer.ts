/** Keeps memory of many callers and of one that other processes write too, or begins a write and never ends it. */
import * as Sqlite from "@antiphon/sqlite/Sqlite"
import { Effect, Layer, Schema } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import * as Memory from "../../src/memory/Memory.ts"
import { MemoryStore } from "../../src/memory/MemoryStore.ts"

const [filename = "", name = "", times = ""] = process.argv.slice(2)

const Guest = Memory.declare({
  name: Memory.field(Schema.String, { purpose: "to greet the guest", keptFor: "30 days" }),
  visits: Memory.field(Schema.Int, { purpose: "to know a regular", keptFor: "10 days" })
})

await Effect.runPromise(
  Effect.gen(function* () {
    if (times === "hang") {
      const sql = yield* SqlClient.SqlClient
      const saying = Effect.sync(() => process.stdout.write("within\n"))
      yield* sql.withTransaction(
        Effect.andThen(Memory.keep(Guest, "both", { name: "Eve", visits: 1 }), Effect.andThen(saying, Effect.never))
      )
    }
    for (let at = 0; at < Number(times); at++) {
      yield* Memory.keep(Guest, `${name}${at}`, { name, visits: at })
      yield* Memory.keep(Guest, "both", { name, visits: at })
    }
  }).pipe(Effect.provide(Layer.provideMerge(MemoryStore.layerSql, Sqlite.layer({ filename }))))
)
