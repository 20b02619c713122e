/** Creates tables that are missing. */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"

/**
 * Runs statements such as `create table if not exists`, one process at a time: PostgreSQL fails if two processes create the
 * same table at once, as they do when they are deployed together.
 */
export const create = (
  sql: SqlClient.SqlClient,
  statements: ReadonlyArray<Effect.Effect<unknown, SqlError.SqlError>>
): Effect.Effect<void, SqlError.SqlError> => {
  const inTurn = sql.onDialectOrElse({
    pg: () => sql`select pg_advisory_xact_lock(hashtext('antiphon'))`,
    orElse: () => Effect.void
  })
  return sql.withTransaction(Effect.all([inTurn, ...statements], { discard: true }))
}
