/** Names of callers, documents and bases that every database can keep: SQLite takes any text, PostgreSQL does not. */

/** Whether a name can be kept in a column of this length, in UTF-16 code units. */
export const isStorable = (name: unknown, longest: number): boolean =>
  typeof name === "string" && name !== "" && name.length <= longest && !name.includes("\0") && name.isWellFormed()
