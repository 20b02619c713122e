/**
 * Effect's `SqlClient` over `node:sqlite`: nothing to compile, no server to run.
 *
 * Several processes may share one file. Transactions take the write lock when they begin, and a statement blocked by
 * another process's lock is retried with pauses in between, so that the event loop is never blocked.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import * as SqlError from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as Stream from "effect/Stream"
import type * as Sqlite from "node:sqlite"

/** The database, and how long to wait for other writers. */
export interface Options {
  /** Path of the file, which is created if missing. `":memory:"` makes a database that lives as long as its layer. */
  readonly filename: string
  readonly readonly?: boolean | undefined
  /** Longest wait for another process that holds the write lock. 5 seconds by default. */
  readonly lockTimeout?: Duration.Input | undefined
  /** Number of compiled statements to cache. 200 by default. */
  readonly preparedStatements?: number | undefined
}

/** Opens a database, and closes it with the scope. Fails with a `SqlError` if the file cannot be opened. */
const make = (
  options: Options
): Effect.Effect<SqlClient.SqlClient, SqlError.SqlError, Scope.Scope | Reactivity.Reactivity> =>
  Effect.gen(function* () {
    const { DatabaseSync } = yield* Effect.promise(() => import("node:sqlite"))
    const database = yield* Effect.acquireRelease(
      attempt("open", () => {
        const database = new DatabaseSync(options.filename, { readOnly: options.readonly ?? false, timeout: 0 })
        // Overwrites deleted rows, so that they cannot be recovered from the file.
        database.exec("PRAGMA secure_delete = ON")
        return database
      }),
      (database) => Effect.sync(() => database.close())
    )
    const patience = patient(Duration.fromInputUnsafe(options.lockTimeout ?? "5 seconds"))
    if (options.readonly !== true) {
      // Allows readers next to a writer. A crash of the process loses nothing that was committed.
      yield* patience(attempt("open", () => database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")))
    }
    const connection = makeConnection(database, patience, options.preparedStatements ?? 200)
    const acquirers = SqlClient.makeSqliteAcquirers({
      connection: Effect.succeed(connection),
      semaphore: yield* Semaphore.make(1),
      isTransaction: () => database.isTransaction
    })
    return yield* SqlClient.make({
      ...acquirers,
      compiler: Statement.makeCompilerSqlite(),
      driver: "sqlite-node",
      // A transaction that reads first and writes later would fail halfway if another process has written in the
      // meantime.
      beginTransaction: options.readonly === true ? "BEGIN" : "BEGIN IMMEDIATE",
      prepareTransactionControls: true,
      releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
      spanAttributes: [["db.system.name", "sqlite"]]
    })
  })

/** Layer of a database. */
export const layer = (options: Options): Layer.Layer<SqlClient.SqlClient, SqlError.SqlError> =>
  Layer.effect(SqlClient.SqlClient, make(options)).pipe(Layer.provide(Reactivity.layer))

/**
 * Layer of the database whose path is in a variable, `ANTIPHON_DATABASE` by default. Fails if the variable is not set.
 */
export const layerConfig = (
  variable = "ANTIPHON_DATABASE"
): Layer.Layer<SqlClient.SqlClient, SqlError.SqlError | Config.ConfigError> =>
  Layer.unwrap(Effect.map(Config.NonEmptyString(variable), (filename) => layer({ filename })))

type Value = null | number | bigint | string | Uint8Array

type Patience = <A>(effect: Effect.Effect<A, SqlError.SqlError>) => Effect.Effect<A, SqlError.SqlError>

/** Retries while another process holds the lock. A refused statement has had no effect, so retrying is safe. */
const patient = (limit: Duration.Duration): Patience => {
  const schedule = Schedule.min([Schedule.exponential("2 millis", 1.5), Schedule.spaced("50 millis")]).pipe(
    Schedule.jittered,
    Schedule.upTo({ duration: limit })
  )
  return Effect.retry({ while: ({ reason }) => reason._tag === "LockTimeoutError", schedule })
}

const attempt = <A>(operation: string, run: () => A): Effect.Effect<A, SqlError.SqlError> =>
  Effect.try({ try: run, catch: (cause) => errorOf(cause, operation) })

const errorOf = (cause: unknown, operation: string): SqlError.SqlError => {
  const errno = typeof cause === "object" && cause !== null && "errcode" in cause ? cause.errcode : undefined
  const numbered = typeof errno === "number" ? Object.assign(cause as object, { errno }) : cause
  return new SqlError.SqlError({ reason: SqlError.classifySqliteError(numbered, { operation }) })
}

const makeConnection = (database: Sqlite.DatabaseSync, patience: Patience, most: number): Connection => {
  const prepared = new Map<string, Sqlite.StatementSync>()

  const prepare = (sql: string): Sqlite.StatementSync => {
    const known = prepared.get(sql)
    if (known !== undefined) {
      // The most recently used one is last.
      prepared.delete(sql)
      prepared.set(sql, known)
      return known
    }
    const [oldest] = prepared.keys()
    if (oldest !== undefined && prepared.size >= most) prepared.delete(oldest)
    const made = database.prepare(sql)
    prepared.set(sql, made)
    return made
  }

  const run = <A>(
    sql: string,
    params: ReadonlyArray<unknown>,
    how: { readonly arrays?: boolean; readonly prepare?: boolean },
    read: (statement: Sqlite.StatementSync, values: ReadonlyArray<Value>) => A
  ): Effect.Effect<A, SqlError.SqlError> =>
    Effect.withFiber((fiber) => {
      const bigints = Context.get(fiber.context, SqlClient.SafeIntegers)
      return patience(
        attempt("execute", () => {
          const statement = how.prepare === false ? database.prepare(sql) : prepare(sql)
          statement.setReadBigInts(bigints)
          statement.setReturnArrays(how.arrays === true)
          return read(statement, params.map(toValue))
        })
      )
    })

  const rows = (statement: Sqlite.StatementSync, values: ReadonlyArray<Value>): ReadonlyArray<unknown> => {
    if (statement.columns().length > 0) return statement.all(...values)
    statement.run(...values)
    return []
  }

  const executing =
    (how: { readonly prepare?: boolean }): Connection["execute"] =>
    (sql, params, transform) => {
      const found = run(sql, params, how, rows) as Effect.Effect<ReadonlyArray<object>, SqlError.SqlError>
      return transform === undefined ? found : Effect.map(found, transform)
    }

  const values = (how: { readonly prepare?: boolean }) => (sql: string, params: ReadonlyArray<unknown>) =>
    run(sql, params, { ...how, arrays: true }, rows) as Effect.Effect<
      ReadonlyArray<ReadonlyArray<unknown>>,
      SqlError.SqlError
    >

  return {
    execute: executing({}),
    executeUnprepared: executing({ prepare: false }),
    executeRaw: (sql, params) =>
      run(sql, params, {}, (statement, values): unknown =>
        statement.columns().length > 0 ? statement.all(...values) : statement.run(...values)
      ),
    executeValues: values({}),
    executeValuesUnprepared: values({ prepare: false }),
    // Reads all rows at once, because reading them one by one would occupy the connection and block writers.
    executeStream: (sql, params, transform) =>
      Stream.unwrap(Effect.map(executing({})(sql, params, transform), (found) => Stream.fromIterable(found)))
  }
}

const toValue = (value: unknown): Value => {
  if (value === undefined || value === null) return null
  if (typeof value === "boolean") return value ? 1 : 0
  if (value instanceof Date) return value.toISOString()
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  return value as Value
}
