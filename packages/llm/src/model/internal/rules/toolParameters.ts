/**
 * Adapts the JSON Schemas of parameters to providers that accept only part of JSON Schema. `toolSchema` has removed what every
 * provider rejects.
 *
 * Gemini accepts a subset of OpenAPI 3.0 (https://ai.google.dev/api/caching#Schema): no references, no `const`, a single type,
 * and enums of strings only.
 *
 * @since 0.1.0
 */
import { described, isSchema, resolve } from "../../../internal/jsonSchema.ts"
import type { Acceptance } from "./acceptance.ts"

type Schema = { readonly [keyword: string]: unknown }

/** The keywords of Gemini's schemas. */
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

/** How deep a schema that refers to itself is written out, and how many references are replaced at more than the first depth. */
const deepest = 4
const mostReferences = 100

/** The schema as it is sent. */
export const fit = (schema: Schema, dialect: Acceptance["schema"]): Schema => {
  switch (dialect) {
    case "gemini":
      return toGemini(withoutReferences(schema)) as Schema
    case "plain":
      return toPlain(withoutNot(schema)) as Schema
    case "json":
      return withoutNot(schema)
  }
}

/** Bounds of texts and lists, which some providers reject in a tool. */
const bounds: ReadonlySet<string> = new Set(["pattern", "minLength", "maxLength", "minItems", "maxItems"])

/** A schema without bounds. The description tells them. */
const toPlain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(toPlain)
  if (!isSchema(value)) return value
  const told = Object.entries(value).flatMap(([keyword, bound]) =>
    bounds.has(keyword) ? [`${keyword}: ${String(bound)}`] : []
  )
  const plain = mapKeywords(value, bounds, toPlain)
  if (told.length === 0) return plain
  return { ...plain, description: described(value["description"], told) }
}

/** Removes the `not` by which Effect excludes null from an empty struct. At the top it is rejected, and tells a model nothing. */
const withoutNot = (schema: Schema): Schema => {
  if (!("not" in schema)) return schema
  const { not: _, ...rest } = schema
  return rest
}

/** The schema with what it refers to in place. Less deep, if a schema that refers to itself in many places would become huge. */
const withoutReferences = (root: Schema, depth = deepest): Schema => {
  const inlining = { root, references: 0, most: depth === 1 ? Infinity : mostReferences }
  const inlined = inline(root, inlining, depth) as Schema
  return inlining.references > inlining.most ? withoutReferences(root, depth - 1) : inlined
}

const inline = (
  value: unknown,
  inlining: { readonly root: Schema; readonly most: number; references: number },
  depth: number
): unknown => {
  if (Array.isArray(value)) return value.map((member) => inline(member, inlining, depth))
  if (!isSchema(value)) return value
  if (typeof value["$ref"] === "string") {
    const { $ref, ...beside } = value
    const target = depth === 0 ? undefined : resolve(String($ref), inlining.root)
    if (target === undefined || ++inlining.references > inlining.most) return { type: "object", ...beside }
    return { ...(inline(target, inlining, depth - 1) as Schema), ...beside }
  }
  return mapKeywords(value, definitions, (member) => inline(member, inlining, depth))
}

const definitions: ReadonlySet<string> = new Set(["$defs", "definitions"])

const toGemini = (value: unknown): unknown => {
  // `true` allows everything, as an empty schema does.
  if (value === true) return toGemini({})
  if (!isSchema(value)) return value
  const schema = choosable(oneType(merged(value)))
  const kept: Record<string, unknown> = {}
  for (const [keyword, member] of Object.entries(schema)) {
    if (!ofGemini.has(keyword)) continue
    if (keyword === "properties" && isSchema(member)) {
      // "properties: should be non-empty for OBJECT type"
      if (Object.keys(member).length === 0) continue
      kept["properties"] = Object.fromEntries(Object.entries(member).map(([name, of]) => [name, toGemini(of)]))
    } else if (keyword === "items") kept["items"] = Array.isArray(member) ? toGemini(member[0]) : toGemini(member)
    else if (keyword === "anyOf") kept["anyOf"] = (member as ReadonlyArray<unknown>).map(toGemini)
    else if (keyword === "required") {
      const known = isSchema(schema["properties"]) ? schema["properties"] : {}
      const required = listOf(member).filter((name) => name in known)
      if (required.length > 0) kept["required"] = required
    } else if (keyword === "format" && !formatsOfGemini.has(String(member))) continue
    else kept[keyword] = member
  }
  if (kept["enum"] !== undefined) kept["type"] = "string"
  if (kept["type"] === "array" && kept["items"] === undefined) kept["items"] = { type: "string" }
  // A schema that says nothing is refused: "didn't specify the schema type field".
  if (kept["type"] === undefined && kept["anyOf"] === undefined) {
    kept["type"] = isSchema(kept["properties"]) ? "object" : "string"
  }
  return kept
}

/**
 * An enum in Gemini's form, with strings only. Null among the values becomes a property of the schema. Numbers and booleans move
 * to the description, because the model would return strings otherwise, and so does a list with an empty string in it, which is
 * refused.
 */
const choosable = (schema: Schema): Schema => {
  const { enum: values, ...rest } = schema
  if (!Array.isArray(values)) return schema
  const known = (values as ReadonlyArray<unknown>).filter((value) => value !== null)
  const nullable = known.length < values.length ? { nullable: true } : undefined
  if (known.length === 0) return { ...rest, ...nullable }
  const hasText = known.some((value) => typeof value === "string")
  // "enum[0]: cannot be empty"
  if (hasText && !known.includes("")) return { ...rest, ...nullable, enum: known.map(String) }
  const type = hasText
    ? "string"
    : known.every((value) => typeof value === "boolean")
      ? "boolean"
      : known.every((value) => Number.isInteger(value))
        ? "integer"
        : "number"
  const told = `one of: ${known.map((value) => JSON.stringify(value)).join(", ")}`
  return { ...rest, ...nullable, type, description: described(rest["description"], [told]) }
}

/** `const` is an enum of one, `oneOf` is `anyOf`, and the members of `allOf` are one. */
const merged = (schema: Schema): Schema => {
  const { allOf, const: constant, oneOf, ...rest } = schema
  const own: Schema = {
    ...rest,
    ...(constant === undefined ? undefined : { enum: [constant] }),
    ...(Array.isArray(oneOf) ? { anyOf: oneOf } : undefined)
  }
  if (!Array.isArray(allOf)) return own
  const parts = [...(allOf as ReadonlyArray<unknown>).filter(isSchema).map(merged), own]
  const properties = parts.flatMap((part) => (isSchema(part["properties"]) ? [part["properties"]] : []))
  const required = [...new Set(parts.flatMap((part) => listOf(part["required"])))]
  return {
    ...Object.assign({}, ...parts),
    ...(properties.length === 0 ? undefined : { properties: Object.assign({}, ...properties) }),
    ...(required.length === 0 ? undefined : { required })
  }
}

/** A list of types is one that may be null, or a choice. */
const oneType = (schema: Schema): Schema => {
  if (Array.isArray(schema["anyOf"])) {
    const { anyOf: all, type, ...rest } = schema
    const members = (all as ReadonlyArray<unknown>).filter((member) => isSchema(member) && member["type"] !== "null")
    // A choice of what is required is no choice of types, and a choice may stand beside nothing else.
    if (members.length === 0 || rest["properties"] !== undefined || !members.every(isKind)) {
      return oneType(type === undefined ? rest : { ...rest, type })
    }
    const nullable = members.length < (all as ReadonlyArray<unknown>).length ? { nullable: true } : undefined
    if (members.length === 1 && isSchema(members[0])) return oneType({ ...rest, ...merged(members[0]), ...nullable })
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

/** Whether a schema says which kind of value it describes. */
const isKind = (schema: unknown): boolean =>
  isSchema(schema) && ["type", "properties", "anyOf", "oneOf", "allOf", "enum", "const"].some((word) => word in schema)

const maps: ReadonlySet<string> = new Set(["properties", "$defs"])

/** Maps the members of a schema, and removes some keywords. Property names are not keywords. */
const mapKeywords = (schema: Schema, dropped: ReadonlySet<string>, map: (member: unknown) => unknown): Schema => {
  const kept: Record<string, unknown> = {}
  for (const [keyword, member] of Object.entries(schema)) {
    if (dropped.has(keyword)) continue
    kept[keyword] =
      maps.has(keyword) && isSchema(member)
        ? Object.fromEntries(Object.entries(member).map(([name, of]) => [name, map(of)]))
        : map(member)
  }
  return kept
}

const listOf = (value: unknown): ReadonlyArray<string> => (Array.isArray(value) ? (value as ReadonlyArray<string>) : [])
