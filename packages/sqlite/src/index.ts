/**
 * Effect's `SqlClient` over the SQLite that comes with Node.
 *
 * @since 0.1.0
 */
export * as Sqlite from "./Sqlite.ts"
