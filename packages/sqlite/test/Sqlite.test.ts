import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Deferred, Effect, Exit, Fiber, FileSystem, Layer } from "effect"
import { NodeServices } from "@effect/platform-node"
import * as SqlClient from "effect/sql/SqlClient"
import { spawn } from "node:child_process"
import { join } from "node:path"
import * as Sqlite from "../src/Sqlite.ts"

const temporary = Effect.map(
  Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped()),
  (folder) => join(folder, "test.db")
)

const run = <A, E>(test: Effect.Effect<A, E, SqlClient.SqlClient>) =>
  Effect.provide(test, Sqlite.layer({ filename: ":memory:" }))

const onFile = <A, E>(test: (filename: string) => Effect.Effect<A, E>) =>
  Effect.flatMap(temporary, test).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

describe("Sqlite", () => {
  it.effect("stores text, numbers, bytes, booleans and null", () =>
    run(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`create table t (a text, b real, c blob, d integer, e text)`
        yield* sql`insert into t ${sql.insert({ a: "o'clock ?", b: 1.5, c: Uint8Array.of(1, 2), d: true, e: null })}`
        assert.deepStrictEqual(
          (yield* sql`select * from t`).map((row) => ({ ...row })),
          [{ a: "o'clock ?", b: 1.5, c: Uint8Array.of(1, 2), d: 1, e: null }]
        )
        assert.deepStrictEqual(yield* sql`select a, d from t`.values, [["o'clock ?", 1]])
      })
    )
  )

  it.effect("rolls back a transaction that fails or is interrupted", () =>
    run(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`create table t (a text)`
        const failed = yield* Effect.exit(
          sql.withTransaction(Effect.andThen(sql`insert into t values ('x')`, Effect.fail("no")))
        )
        assert.isTrue(Exit.isFailure(failed))
        const begun = yield* Deferred.make<void>()
        const fiber = yield* sql
          .withTransaction(
            Effect.andThen(
              sql`insert into t values ('y')`,
              Effect.andThen(Deferred.succeed(begun, undefined), Effect.never)
            )
          )
          .pipe(Effect.forkChild)
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(yield* sql`select * from t`, [])
        // An inner transaction may fail alone.
        yield* sql.withTransaction(
          Effect.andThen(
            sql`insert into t values ('z')`,
            Effect.exit(sql.withTransaction(Effect.andThen(sql`insert into t values ('w')`, Effect.fail("no"))))
          )
        )
        assert.deepStrictEqual(yield* sql`select a from t`.values, [["z"]])
      })
    )
  )

  it.effect("reports the kind of an error, without values", () =>
    run(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`create table t (a text unique)`
        yield* sql`insert into t values ('secret')`
        const error = yield* Effect.flip(sql`insert into t values (${"secret"})`)
        assert.strictEqual(error.reason._tag, "UniqueViolation")
        assert.notInclude(JSON.stringify(error), "secret")
      })
    )
  )

  it.live("waits for the lock of another connection without blocking", () =>
    onFile((filename) =>
      Effect.gen(function* () {
        const one = yield* Layer.build(Sqlite.layer({ filename }))
        const other = yield* Layer.build(Layer.fresh(Sqlite.layer({ filename })))
        const first = yield* Effect.provide(SqlClient.SqlClient, one)
        const second = yield* Effect.provide(SqlClient.SqlClient, other)
        yield* first`create table t (a integer)`
        const holds = yield* Deferred.make<void>()
        const mayEnd = yield* Deferred.make<void>()
        const holding = yield* first
          .withTransaction(
            Effect.andThen(
              first`insert into t values (1)`,
              Effect.andThen(Deferred.succeed(holds, undefined), Deferred.await(mayEnd))
            )
          )
          .pipe(Effect.forkChild)
        yield* Deferred.await(holds)
        // Reading does not wait.
        assert.deepStrictEqual(yield* second`select * from t`, [])
        const waiting = yield* Effect.forkChild(second`insert into t values (2)`, { startImmediately: true })
        yield* Deferred.succeed(mayEnd, undefined)
        yield* Fiber.join(holding)
        yield* Fiber.join(waiting)
        assert.deepStrictEqual(yield* second`select a from t order by a`.values, [[1], [2]])
      }).pipe(Effect.scoped)
    )
  )

  it.live("gives up on a lock after its timeout", () =>
    onFile((filename) =>
      Effect.gen(function* () {
        const one = yield* Layer.build(Sqlite.layer({ filename }))
        const other = yield* Layer.build(Layer.fresh(Sqlite.layer({ filename, lockTimeout: "20 millis" })))
        const first = yield* Effect.provide(SqlClient.SqlClient, one)
        const second = yield* Effect.provide(SqlClient.SqlClient, other)
        yield* first`create table t (a integer)`
        const error = yield* first.withTransaction(Effect.flip(second`insert into t values (2)`))
        assert.strictEqual(error.reason._tag, "LockTimeoutError")
      }).pipe(Effect.scoped)
    )
  )

  it.live(
    "two processes write to one file, and one killed within a transaction leaves nothing of it",
    () =>
      onFile((filename) =>
        Effect.gen(function* () {
          const program = join(import.meta.dirname, "writer.ts")
          const write = (name: string, killed: boolean) =>
            Effect.callback<string>((resume) => {
              const child = spawn(
                process.execPath,
                ["--conditions=antiphon-source", program, filename, name, killed ? "hang" : "100"],
                { stdio: ["ignore", "pipe", "inherit"] }
              )
              let said = ""
              child.stdout.on("data", (data: Buffer) => {
                said += data.toString()
                if (said.includes("within")) child.kill("SIGKILL")
              })
              child.on("exit", (code, signal) => resume(Effect.succeed(signal ?? String(code))))
            })
          const ended = yield* Effect.all([write("a", false), write("b", false), write("c", true)], {
            concurrency: "unbounded"
          })
          assert.deepStrictEqual(ended, ["0", "0", "SIGKILL"])
          const sql = yield* Effect.provide(SqlClient.SqlClient, yield* Layer.build(Sqlite.layer({ filename })))
          assert.deepStrictEqual(yield* sql`select name, count(*) from t group by name order by name`.values, [
            ["a", 100],
            ["b", 100]
          ])
        }).pipe(Effect.scoped)
      ),
    60_000
  )

  it.effect("reads its path from the environment", () =>
    Effect.gen(function* () {
      const env = (variables: Record<string, string>) =>
        Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: variables }))
      const open = Effect.provide(
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql`select 1`.values),
        Layer.fresh(Sqlite.layerConfig())
      )
      assert.deepStrictEqual(yield* open.pipe(env({ ANTIPHON_DATABASE: ":memory:" })), [[1]])
      assert.strictEqual((yield* open.pipe(env({}), Effect.flip))._tag, "ConfigError")
    })
  )
})
