/**
 * JSON Schemas of parameters for providers that take only a part of JSON Schema. What everyone refuses is gone before: see
 * `toolSchema`.
 *
 * Gemini takes a subset of OpenAPI 3.0 (https://ai.google.dev/api/caching#Schema): no references, no `const`, one type,
 * enums of strings.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type { Acceptance } from "./acceptance.ts"

type Schema = { readonly [keyword: string]: unknown }

/** What Gemini's schemas have. */
const ofGemini: ReadonlySet<string> = new Set([
  "type",
  "format",
  "title",
  "description",
  "nullable",
  "enum",
  "maxItems",
  "minItems",
  "properties",
  "required",
  "minProperties",
  "maxProperties",
  "minLength",
  "maxLength",
  "pattern",
  "example",
  "anyOf",
  "propertyOrdering",
  "default",
  "items",
  "minimum",
  "maximum"
])
const formatsOfGemini: ReadonlySet<string> = new Set(["enum", "date-time", "float", "double", "int32", "int64"])

/** How deep a schema that refers to itself is written out. */
const deepest = 4

/** The schema as it is sent. */
export const fit = (schema: Schema, dialect: Acceptance["schema"]): Schema =>
  dialect === "gemini" ? (toGemini(inline(schema, schema, 0)) as Schema) : withoutNot(schema)

/** How Effect says that a struct without fields is not null. At the top it is refused, and tells a model nothing. */
const withoutNot = (schema: Schema): Schema => {
  if (!("not" in schema)) return schema
  const { not: _, ...rest } = schema
  return rest
}

const inline = (value: unknown, root: Schema, depth: number): unknown => {
  if (Array.isArray(value)) return value.map((member) => inline(member, root, depth))
  if (!isSchema(value)) return value
  if (typeof value["$ref"] === "string") {
    const { $ref, ...beside } = value
    const target = depth >= deepest ? undefined : resolve(String($ref), root)
    const found = target === undefined ? { type: "object" } : (inline(target, root, depth + 1) as Schema)
    return { ...found, ...beside }
  }
  return mapKeywords(value, definitions, (member) => inline(member, root, depth))
}

const definitions: ReadonlySet<string> = new Set(["$defs", "definitions"])

const resolve = (ref: string, root: Schema): Schema | undefined => {
  if (!ref.startsWith("#")) return undefined
  let at: unknown = root
  for (const key of ref.slice(1).split("/").filter(Boolean)) {
    if (!isSchema(at)) return undefined
    at = at[decodeURIComponent(key).replace(/~1/g, "/").replace(/~0/g, "~")]
  }
  return isSchema(at) ? at : undefined
}

const toGemini = (value: unknown): unknown => {
  if (!isSchema(value)) return value
  const schema = oneType(merged(value))
  const kept: Record<string, unknown> = {}
  for (const [keyword, member] of Object.entries(schema)) {
    if (!ofGemini.has(keyword)) continue
    if (keyword === "properties" && isSchema(member)) {
      kept["properties"] = Object.fromEntries(Object.entries(member).map(([name, of]) => [name, toGemini(of)]))
    } else if (keyword === "items") kept["items"] = Array.isArray(member) ? toGemini(member[0]) : toGemini(member)
    else if (keyword === "anyOf") kept["anyOf"] = (member as ReadonlyArray<unknown>).map(toGemini)
    else if (keyword === "format" && !formatsOfGemini.has(String(member))) continue
    else if (keyword === "enum") kept["enum"] = listOf(member).map(String)
    else kept[keyword] = member
  }
  if (kept["enum"] !== undefined) kept["type"] = "string"
  if (kept["type"] === "array" && kept["items"] === undefined) kept["items"] = { type: "string" }
  return kept
}

/** `const` is an enum of one, `oneOf` is `anyOf`, and the members of `allOf` are one. */
const merged = (schema: Schema): Schema => {
  const { allOf, const: constant, oneOf, ...rest } = schema
  const all = Array.isArray(allOf) ? Object.assign({}, ...(allOf as ReadonlyArray<Schema>)) : {}
  return {
    ...all,
    ...rest,
    ...(constant === undefined ? undefined : { enum: [constant] }),
    ...(Array.isArray(oneOf) ? { anyOf: oneOf } : undefined)
  }
}

/** A list of types is one that may be null, or a choice. */
const oneType = (schema: Schema): Schema => {
  if (Array.isArray(schema["anyOf"])) {
    const members = (schema["anyOf"] as ReadonlyArray<unknown>).filter(
      (member) => !isSchema(member) || member["type"] !== "null"
    )
    const { anyOf: all, ...rest } = schema
    const nullable = members.length < (all as ReadonlyArray<unknown>).length ? { nullable: true } : undefined
    if (members.length === 1 && isSchema(members[0])) return { ...rest, ...members[0], ...nullable }
    return { ...rest, anyOf: members, ...nullable }
  }
  if (!Array.isArray(schema["type"])) return schema
  const types = listOf(schema["type"])
  const named = types.filter((type) => type !== "null")
  const nullable = named.length < types.length ? { nullable: true } : undefined
  const { type: _, ...rest } = schema
  return named.length === 1
    ? { ...rest, type: named[0], ...nullable }
    : { ...rest, anyOf: named.map((type) => ({ type })), ...nullable }
}

/** Maps the members of a schema, without some keywords. Names of properties are no keywords. */
const mapKeywords = (schema: Schema, dropped: ReadonlySet<string>, map: (member: unknown) => unknown): Schema => {
  const kept: Record<string, unknown> = {}
  for (const [keyword, member] of Object.entries(schema)) {
    if (dropped.has(keyword)) continue
    kept[keyword] =
      keyword === "properties" && isSchema(member)
        ? Object.fromEntries(Object.entries(member).map(([name, of]) => [name, map(of)]))
        : map(member)
  }
  return kept
}

const isSchema = (value: unknown): value is Schema => Predicate.isReadonlyObject(value) && !Array.isArray(value)

const listOf = (value: unknown): ReadonlyArray<string> => (Array.isArray(value) ? (value as ReadonlyArray<string>) : [])
