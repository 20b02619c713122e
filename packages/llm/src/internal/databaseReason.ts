/** Why a database failed, in few words. Its message is left out, because it may quote values. */
import * as Predicate from "effect/Predicate"
import type * as SqlError from "effect/sql/SqlError"

/** Returns the kind of the failure, with SQLite's name or PostgreSQL's code for it. */
export const of = ({ reason }: SqlError.SqlError): string => {
  const { cause } = reason
  if (Predicate.hasProperty(cause, "errstr")) return `${reason._tag} (${String(cause.errstr)})`
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : ""
  return /^[0-9A-Z]{5}$/.test(code) ? `${reason._tag} (SQLSTATE ${code})` : reason._tag
}
