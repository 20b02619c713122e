/**
 * Rewrites JSON Schemas in a form that every provider accepts:
 *
 * a list of types becomes a choice, a default or a format moves to the description, and a choice at the top becomes one
 * object with all properties. A list says what its items are, a tuple which ones it may have. An optional property is not
 * shown as nullable, because models then write `null`.
 */
import type { Json } from "@antiphon/core/JsonText"
import * as Predicate from "effect/Predicate"
import { described, isSchema } from "./jsonSchema.ts"
import * as SchemaKeywords from "./schemaKeywords.ts"

/** The schema of an object, made acceptable. */
export const make = (schema: Json): Json => {
  const node = unified(acceptable(schema))
  return node.type === "object" && "properties" in node
    ? node
    : defined({ ...node, type: "object", properties: node.properties ?? {} })
}

const acceptable = (given: Json): Json => {
  const { type: named, ...node } = isEmptyStruct(given) ? { ...emptyObject, ...given, not: undefined } : given
  const type = SchemaKeywords.typeOf(named)
  const kept: Record<string, unknown> = type === undefined ? {} : { type }
  for (const [keyword, value] of Object.entries(node)) {
    if (isSafeBound(keyword, value)) continue
    const made = valueOf(keyword, value)
    if (made !== undefined) kept[standard.get(keyword) ?? keyword] = made
  }
  const description = describe(node)
  if (description !== "") kept.description = description
  return withoutOptionalNulls(alone(choice(integers(defined(kept)))))
}

/** Keywords under their names in the standard. */
const standard: ReadonlyMap<string, string> = new Map([
  ["definitions", "$defs"],
  ["oneOf", "anyOf"]
])

/** The value of a keyword, made acceptable. Undefined if the keyword is of no use, or its value is invalid. */
const valueOf = (keyword: string, value: unknown): unknown => {
  const holds = SchemaKeywords.of.get(keyword)
  switch (holds) {
    case undefined:
      return undefined
    case "schema":
      if (keyword === "items" && Array.isArray(value)) return value
      return typeof value === "boolean" ? value : isSchema(value) ? acceptable(value) : undefined
    case "list": {
      const members = Array.isArray(value) ? value.flatMap((member) => inner(member) ?? []) : []
      return members.length === 0 ? undefined : members
    }
    case "map":
      if (!isSchema(value)) return undefined
      return Object.fromEntries(
        Object.entries(value).flatMap(([name, member]) => {
          const shown = inner(member)
          return shown === undefined ? [] : [[name, shown]]
        })
      )
    default:
      if (!holds(value)) return undefined
      return keyword === "$ref" ? String(value).replace(/^#\/definitions\//, "#/$defs/") : value
  }
}

/** Whether a schema is that of a struct without fields, which by itself allows every value but null. */
const isEmptyStruct = ({ not }: Json): boolean =>
  Predicate.isReadonlyObject(not) && not.type === "null" && Object.keys(not).length === 1

const emptyObject = { type: "object", properties: {}, additionalProperties: false }

/** A schema within another: one that allows nothing is left out. `true`, and what is no schema, allow everything. */
const inner = (member: unknown): Json | undefined =>
  isSchema(member) ? acceptable(member) : member === false ? undefined : {}

/** Requires no property that is not there: several providers refuse that. */
const defined = (node: Json): Json => {
  const { properties, required } = node
  if (!Predicate.isReadonlyObject(properties) || !Array.isArray(required)) return node
  const known = (required as ReadonlyArray<unknown>).filter((name) => typeof name === "string" && name in properties)
  return known.length === required.length ? node : { ...node, required: known }
}

/** A list with its items: OpenAI refuses one without ("array schema missing items"), and Anthropic a list of schemas. */
const listed = (node: Json): Json => {
  const { items, prefixItems, ...rest } = node
  // Lists of several types have been taken apart.
  if (node.type !== "array") return Array.isArray(items) ? rest : node
  const tuple = Array.isArray(items) ? items : prefixItems
  if (Array.isArray(tuple)) {
    const texts = new Set((tuple as ReadonlyArray<unknown>).map((member) => JSON.stringify(inner(member) ?? {})))
    const members = [...texts].map((text) => JSON.parse(text) as Json)
    return { ...rest, items: members.length === 1 ? members[0]! : members.length === 0 ? {} : { anyOf: members } }
  }
  return { ...rest, items: Predicate.isReadonlyObject(items) ? items : {} }
}

/** The bounds that an integer has because numbers are doubles. No provider holds a model to a schema with bounds. */
const isSafeBound = (keyword: string, bound: unknown): boolean =>
  (keyword === "minimum" && bound === Number.MIN_SAFE_INTEGER) ||
  (keyword === "maximum" && bound === Number.MAX_SAFE_INTEGER)

/** What the description says, with what the model would otherwise not be told. */
const describe = ({ default: byDefault, description, format }: Json): string =>
  described(description, [
    ...(typeof format === "string" ? [`format: ${format}`] : []),
    ...(byDefault === undefined || byDefault === null ? [] : [`default: ${JSON.stringify(byDefault)}`])
  ])

/** Numbers of which each that is allowed is an integer are integers. */
const integers = (node: Json): Json =>
  node.type === "number" && Array.isArray(node.enum) && node.enum.every((value) => Number.isInteger(value))
    ? { ...node, type: "integer" }
    : node

/** A list of types as a choice, and a choice of one as that one. Numbers that are not finite are no choice. */
const choice = (node: Json): Json => {
  if (Array.isArray(node.type)) {
    const { description, type, ...rest } = node
    const each = (type as ReadonlyArray<unknown>).map((type) =>
      type === "null" ? { type } : listed({ type, ...rest })
    )
    return choice({ ...(description === undefined ? undefined : { description }), anyOf: each })
  }
  if (!Array.isArray(node.anyOf)) return listed(node)
  const { anyOf, ...rest } = node
  const members = (anyOf as ReadonlyArray<unknown>).filter((member) => !isNotFinite(member))
  const [only] = members
  return members.length === 1 && Predicate.isReadonlyObject(only)
    ? defined({ ...only, ...rest })
    : { ...rest, anyOf: members }
}

/**
 * A choice beside nothing else. Moonshot ("when using anyOf, type should be defined in anyOf items instead of the parent
 * schema") and Fireworks ("could not understand the instance `{'required': ['criteria']}`") reject others.
 */
const alone = (node: Json): Json => {
  const { allOf, anyOf, type } = node
  if (type === "object" || "properties" in node) return unified(node)
  if (Array.isArray(allOf) && allOf.length === 1 && isSchema(allOf[0]))
    return alone({ ...allOf[0], ...omit(node, "allOf") })
  if (!Array.isArray(anyOf) || type === undefined) return node
  const isChoice = anyOf.every(
    (member) => isSchema(member) && ("type" in member || "$ref" in member || "anyOf" in member)
  )
  return isChoice ? omit(node, "type") : omit(node, "anyOf")
}

const omit = (node: Json, keyword: string): Json =>
  Object.fromEntries(Object.entries(node).filter(([name]) => name !== keyword))

const isNotFinite = (member: unknown): boolean =>
  Predicate.isReadonlyObject(member) &&
  member.type === "string" &&
  Array.isArray(member.enum) &&
  member.enum.join() === "Infinity,-Infinity,NaN"

const isNull = (member: unknown): boolean => Predicate.isReadonlyObject(member) && member.type === "null"

/** Shows optional properties as if they were present. */
const withoutOptionalNulls = (node: Json): Json => {
  const { properties, required } = node
  if (!Predicate.isReadonlyObject(properties)) return node
  const names: ReadonlyArray<unknown> = Array.isArray(required) ? required : []
  const shown = Object.entries(properties).map(([name, property]) => {
    if (names.includes(name) || !Predicate.isReadonlyObject(property) || !Array.isArray(property.anyOf))
      return [name, property]
    return [name, choice({ ...property, anyOf: property.anyOf.filter((member) => !isNull(member)) })]
  })
  return { ...node, properties: Object.fromEntries(shown) }
}

/** Merges a choice or a combination of objects into one object. */
const unified = (node: Json): Json => {
  const { allOf, anyOf, ...rest } = node
  const all = Array.isArray(allOf) ? allOf.filter(Predicate.isReadonlyObject) : []
  const any = Array.isArray(anyOf) ? anyOf.filter(Predicate.isReadonlyObject) : []
  if (all.length + any.length === 0) return node
  const of = (part: Json) => (Array.isArray(part.required) ? (part.required as ReadonlyArray<string>) : [])
  const parts = [rest, ...all.map(unified), ...any.map(unified)]
  const properties: Json = Object.assign(
    {},
    ...parts.map((part) => (Predicate.isReadonlyObject(part.properties) ? part.properties : {}))
  )
  const needed = any.map((part) => of(unified(part)))
  const shared = (needed[0] ?? []).filter((name) => needed.every((names) => names.includes(name)))
  const required = [...new Set([...of(rest), ...all.flatMap((part) => of(unified(part))), ...shared])]
  return defined({ ...rest, type: "object", properties, ...(required.length === 0 ? undefined : { required }) })
}
