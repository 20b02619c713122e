/**
 * Decides which JSON Schemas a provider can enforce strictly.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"

/** Keywords that every provider with a strict mode knows. Others are refused by some. */
const known: ReadonlySet<string> = new Set([
  "type",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "enum",
  "const",
  "anyOf",
  "title",
  "description",
  "$ref",
  "$defs"
])

/** Whether a schema leaves nothing open: every object is closed, every property required, every list has a kind. */
export const isStrict = (schema: unknown): boolean => {
  if (!Predicate.isReadonlyObject(schema) || !Object.keys(schema).every((keyword) => known.has(keyword))) return false
  const { $defs = {}, $ref, anyOf, items, properties, required = [], type } = schema
  if (!Predicate.isReadonlyObject($defs) || !Object.values($defs).every(isStrict)) return false
  if (anyOf !== undefined && !(Array.isArray(anyOf) && anyOf.every(isStrict))) return false
  if (type === "object") {
    if (schema.additionalProperties !== false || !Predicate.isReadonlyObject(properties) || !Array.isArray(required))
      return false
    return Object.entries(properties).every(([name, property]) => required.includes(name) && isStrict(property))
  }
  if (type === "array") return isStrict(items)
  // OpenAI: "$ref cannot have keywords {'description'}".
  if ($ref !== undefined) return Object.keys(schema).length === 1
  return typeof type === "string" || anyOf !== undefined || "const" in schema || "enum" in schema
}

/** The same schema with every object in it closed. */
export const close = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(close)
  if (!Predicate.isReadonlyObject(schema)) return schema
  const { properties } = schema
  if (!Predicate.isReadonlyObject(properties))
    return "items" in schema ? { ...schema, items: close(schema.items) } : schema
  return {
    ...schema,
    properties: Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, close(property)])),
    additionalProperties: false
  }
}
