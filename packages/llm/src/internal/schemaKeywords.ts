/**
 * The keywords of a JSON Schema that tell a model something, and the values that each may have.
 *
 * Providers check schemas against the standard (draft 2020-12), and reject a request for one invalid keyword in any of its tools.
 * Schemas of other drafts and of careless servers have some: `required: true`, `exclusiveMinimum: true`, `type: "any"`.
 */
import * as Predicate from "effect/Predicate"

/** What a keyword holds: a schema, a list of them, several by name, or a value of the keyword's own. */
export type Holds = "schema" | "list" | "map" | ((value: unknown) => boolean)

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

const words = (holds: Holds, ...words: ReadonlyArray<string>) => words.map((word) => [word, holds] as const)

/** What each keyword holds. */
export const of: ReadonlyMap<string, Holds> = new Map([
  ...words("schema", "items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"),
  ...words("schema", "contentSchema"),
  ...words("list", "anyOf", "oneOf", "allOf", "prefixItems"),
  ...words("map", "properties", "$defs", "definitions", "patternProperties"),
  ...words(Number.isFinite, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
  ...words((value) => Number.isFinite(value) && (value as number) > 0, "multipleOf"),
  ...words(isCount, "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
  ...words(Predicate.isString, "title", "$ref", "pattern", "contentEncoding", "contentMediaType"),
  ...words(Predicate.isBoolean, "uniqueItems", "deprecated", "nullable"),
  ...words((value) => Array.isArray(value) && value.length > 0, "enum"),
  ...words((value) => Array.isArray(value) && value.every(Predicate.isString), "required"),
  ...words(() => true, "const")
])

const types: ReadonlyMap<string, string> = new Map([
  ...["string", "number", "integer", "boolean", "array", "object", "null"].map((name) => [name, name] as const),
  ["str", "string"],
  ["float", "number"],
  ["double", "number"],
  ["int", "integer"],
  ["long", "integer"],
  ["bool", "boolean"],
  ["list", "array"],
  ["dict", "object"]
])

/** A type, or several, by their names in the standard. Undefined if it has none. */
export const typeOf = (given: unknown): string | ReadonlyArray<string> | undefined => {
  const named = (name: unknown) => (typeof name === "string" ? types.get(name.toLowerCase()) : undefined)
  if (!Array.isArray(given)) return named(given)
  const names = [...new Set(given.flatMap((name) => named(name) ?? []))]
  return names.length === 0 ? undefined : names
}
