/**
 * Rewrites JSON Schemas in a form that every provider accepts:
 *
 * a list of types becomes a choice, a default or a format moves to the description, and a choice at the top becomes one
 * object with all properties. A list says what its items are, a tuple which ones it may have. An optional property is not
 * shown as nullable, because models then write `null`.
 */
import type { Json } from "@antiphon/core/JsonText"
import * as Predicate from "effect/Predicate"

/** The schema of an object, made acceptable. */
export const make = (schema: Json): Json => {
  const node = unified(acceptable(schema))
  return node.type === "object" && "properties" in node
    ? node
    : defined({ ...node, type: "object", properties: node.properties ?? {} })
}

/** Keywords that tell the model nothing, and are refused by some providers. */
const dropped: ReadonlySet<string> = new Set(["$schema", "$id", "$comment", "examples", "default", "format"])

/** Keywords that hold lists of schemas. */
const choices: ReadonlySet<string> = new Set(["anyOf", "oneOf", "allOf"])

/** Keywords that hold schemas by name. Their keys must not be changed. */
const maps: ReadonlySet<string> = new Set(["properties", "$defs", "definitions", "patternProperties"])

const acceptable = (given: Json): Json => {
  const node = isEmptyStruct(given) ? { ...emptyObject, ...given, not: undefined } : given
  const kept: Record<string, unknown> = {}
  for (const [keyword, value] of Object.entries(node)) {
    if (value === undefined || dropped.has(keyword) || isSafeBound(keyword, value)) continue
    if (maps.has(keyword) && Predicate.isReadonlyObject(value)) {
      const members = Object.entries(value).flatMap(([name, member]) => {
        const shown = inner(member)
        return shown === undefined ? [] : [[name, shown]]
      })
      kept[keyword === "definitions" ? "$defs" : keyword] = Object.fromEntries(members)
    } else if (keyword === "$ref" && typeof value === "string") {
      kept[keyword] = value.replace(/^#\/definitions\//, "#/$defs/")
    } else if (Array.isArray(value) && keyword !== "enum") {
      kept[keyword === "oneOf" ? "anyOf" : keyword] = choices.has(keyword)
        ? value.flatMap((item) => inner(item) ?? [])
        : value.map((item) => (Predicate.isReadonlyObject(item) ? acceptable(item) : item))
    } else kept[keyword] = Predicate.isReadonlyObject(value) && keyword !== "const" ? acceptable(value) : value
  }
  const described = describe(node)
  if (described !== undefined) kept.description = described
  return withoutOptionalNulls(choice(integers(defined(kept))))
}

/** Whether a schema is that of a struct without fields, which by itself allows every value but null. */
const isEmptyStruct = ({ not }: Json): boolean =>
  Predicate.isReadonlyObject(not) && not.type === "null" && Object.keys(not).length === 1

const emptyObject = { type: "object", properties: {}, additionalProperties: false }

/** A schema within another: `true` is one that allows everything, and one that allows nothing is left out. */
const inner = (member: unknown): unknown => {
  if (Predicate.isReadonlyObject(member) && !Array.isArray(member)) return acceptable(member)
  return member === true ? {} : member === false ? undefined : member
}

/** Requires no property that is not there: several providers refuse that. */
const defined = (node: Json): Json => {
  const { properties, required } = node
  if (!Predicate.isReadonlyObject(properties) || !Array.isArray(required)) return node
  const known = (required as ReadonlyArray<unknown>).filter((name) => typeof name === "string" && name in properties)
  return known.length === required.length ? node : { ...node, required: known }
}

/** A list with its items: OpenAI refuses one without ("array schema missing items"), and Anthropic a list of schemas. */
const listed = (node: Json): Json => {
  if (node.type !== "array") return node
  const { additionalItems: _, items, prefixItems, ...rest } = node
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
const describe = ({ default: byDefault, description, format }: Json): string | undefined => {
  const notes = [
    ...(typeof format === "string" ? [`format: ${format}`] : []),
    ...(byDefault === undefined || byDefault === null ? [] : [`default: ${JSON.stringify(byDefault)}`])
  ]
  const words = typeof description === "string" ? description : ""
  if (notes.length === 0) return words === "" ? undefined : words
  return `${words} (${notes.join(", ")})`.trimStart()
}

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

/** Merges a choice or a combination of objects at the top into one object. */
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
