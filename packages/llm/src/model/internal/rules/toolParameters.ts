/**
 * JSON Schemas of parameters in the part of JSON Schema that providers take.
 *
 * Schemas that come from elsewhere (MCP servers above all) name their dialect, are unions at the top, or use what only
 * some providers read. Parameters must be one object at the top everywhere: OpenAI ("schema must have type 'object' and not
 * have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level") and Anthropic ("input_schema does not support oneOf, allOf,
 * or anyOf at the top level") say so in their errors. Gemini takes a subset of OpenAPI 3.0
 * (https://ai.google.dev/api/caching#Schema): no references, no `const`, one type, enums of strings.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type { Acceptance } from "./acceptance.ts"

type Schema = { readonly [keyword: string]: unknown }

/** Keywords that tell a model nothing. */
const noise: ReadonlySet<string> = new Set(["$schema", "$id", "$comment", "$anchor", "$vocabulary", "$dynamicAnchor"])

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
export const fit = (schema: Schema, dialect: Acceptance["schema"]): Schema => {
  const clean = without(schema, noise) as Schema
  const inlined = dialect === "gemini" || isUnion(clean) ? inline(clean, clean, 0) : clean
  const object = asObject(inlined as Schema)
  return dialect === "gemini" ? (toGemini(object) as Schema) : object
}

const unions = ["anyOf", "oneOf", "allOf"] as const

const isUnion = (schema: Schema): boolean => unions.some((union) => Array.isArray(schema[union])) || "$ref" in schema

/** One object of all members: what only some of them require is not required. */
const asObject = (schema: Schema): Schema => {
  const parts = unions.flatMap((union) =>
    Array.isArray(schema[union]) ? (schema[union] as ReadonlyArray<unknown>).map((part) => ({ part, union })) : []
  )
  const { allOf: _a, anyOf: _b, enum: _c, not: _d, oneOf: _e, ...rest } = schema
  let properties = isSchema(rest["properties"]) ? rest["properties"] : {}
  let required = listOf(rest["required"])
  let choice: ReadonlyArray<string> | undefined
  for (const { part, union } of parts) {
    if (!isSchema(part)) continue
    const member = asObject(part)
    properties = { ...(member["properties"] as Schema), ...properties }
    const needs = listOf(member["required"])
    if (union === "allOf") required = [...new Set([...required, ...needs])]
    else choice = choice === undefined ? needs : choice.filter((name) => needs.includes(name))
  }
  required = [...new Set([...required, ...(choice ?? [])])]
  const { required: _, ...others } = rest
  return { ...others, type: "object", properties, ...(required.length === 0 ? undefined : { required }) }
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

const without = (value: unknown, keywords: ReadonlySet<string>): unknown => {
  if (Array.isArray(value)) return value.map((member) => without(member, keywords))
  if (!isSchema(value)) return value
  return mapKeywords(value, keywords, (member) => without(member, keywords))
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
