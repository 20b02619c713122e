/**
 * Masks the values of a schema by the `privacy` annotations of its fields. A value without annotation, or one that does
 * not match the schema, is masked as unknown.
 */
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import type { Json } from "../../JsonText.ts"
import type { Privacy } from "../../Privacy.ts"
import { maskName } from "./maskedText.ts"

/** Masks a value, given its siblings. List items that become undefined are left out. */
export type Mask = (value: unknown, beside: Json) => unknown

/** How each kind of field is masked, including unknown ones. */
export type Masks = { readonly [Kind in Privacy | "unknown"]: Mask }

type Walk = (value: unknown, beside: Json, masks: Masks) => unknown

/** Makes a function that masks the values of a schema. Absent values remain absent. */
export const of = (schema: Schema.Constraint): ((value: unknown, masks: Masks) => unknown) => {
  const walk = walkOf(SchemaAST.toType(schema.ast))
  return (value, masks) => walk(value, {}, masks)
}

const unknown: Walk = (value, beside, masks) => masks.unknown(value, beside)

const present =
  (walk: Walk): Walk =>
  (value, beside, masks) =>
    value === undefined || value === null ? value : walk(value, beside, masks)

const walkOf = (ast: SchemaAST.AST): Walk => {
  const privacy = SchemaAST.resolveAt<Privacy>("privacy")(ast)
  if (privacy !== undefined) return present((value, beside, masks) => masks[privacy](value, beside))
  switch (ast._tag) {
    case "Objects":
      return ast.indexSignatures.length > 0 ? present(unknown) : present(struct(ast))
    case "Arrays":
      return ast.elements.length === 0 && ast.rest.length === 1 ? present(list(walkOf(ast.rest[0]!))) : present(unknown)
    case "Union":
      return present(union(ast.types))
    case "Literal":
      return literals([ast])
    case "Boolean":
    case "Null":
    case "Undefined":
      return (value, beside, masks) => (typeof value === "boolean" ? value : present(unknown)(value, beside, masks))
    // Private until it is annotated.
    case "String":
    case "Number":
    case "BigInt":
    case "Symbol":
    case "UniqueSymbol":
    case "TemplateLiteral":
    case "Enum":
    case "Unknown":
    case "Any":
    case "Void":
    case "Never":
    case "ObjectKeyword":
    case "Declaration":
    case "Suspend":
      return present(unknown)
    default:
      ast satisfies never
      return unknown
  }
}

const struct = (ast: SchemaAST.Objects): Walk => {
  const fields = new Map<PropertyKey, Walk>(ast.propertySignatures.map(({ name, type }) => [name, walkOf(type)]))
  return (value, beside, masks) => {
    if (!Predicate.isReadonlyObject(value)) return unknown(value, beside, masks)
    const masked: Record<string, unknown> = {}
    for (const key of Object.keys(value)) {
      const walk = fields.get(key)
      if (walk === undefined) masked[maskName(key)] = unknown(value[key], value, masks)
      else masked[key] = walk(value[key], value, masks)
    }
    return masked
  }
}

const list =
  (item: Walk): Walk =>
  (value, beside, masks) =>
    Array.isArray(value)
      ? value.map((one) => item(one, beside, masks)).filter((one) => one !== undefined)
      : unknown(value, beside, masks)

const literals = (asts: ReadonlyArray<SchemaAST.Literal>): Walk => {
  const known = new Set<unknown>(asts.map(({ literal }) => literal))
  return (value, beside, masks) => (known.has(value) ? value : unknown(value, beside, masks))
}

/** Json with tags, literals, or one type and its absence. Any other union is unknown. */
const union = (types: ReadonlyArray<SchemaAST.AST>): Walk => {
  const some = types.filter(({ _tag }) => _tag !== "Null" && _tag !== "Undefined")
  if (some.length === 1) return walkOf(some[0]!)
  if (some.every(SchemaAST.isLiteral)) return literals(some)
  const cases = new Map<unknown, Walk>(
    some.flatMap((ast): ReadonlyArray<readonly [unknown, Walk]> => {
      const tag = SchemaAST.isObjects(ast)
        ? ast.propertySignatures.find(({ name }) => name === "_tag")?.type
        : undefined
      return tag?._tag === "Literal" ? [[tag.literal, walkOf(ast)]] : []
    })
  )
  return (value, beside, masks) =>
    ((Predicate.isReadonlyObject(value) ? cases.get(value["_tag"]) : undefined) ?? unknown)(value, beside, masks)
}
