/**
 * Reads arguments by a JSON Schema as they were meant, and checks nothing: for tools whose server checks, and rejects a null for an
 * optional parameter, or a number that is written as text.
 */
import * as Predicate from "effect/Predicate"
import { isSchema, resolve } from "../../internal/jsonSchema.ts"
import * as WrittenValue from "./writtenValue.ts"

type Node = { readonly [keyword: string]: unknown }

/** The arguments as they were meant. What the schema does not describe is left as it is. */
export const meant = (schema: Node, args: unknown): unknown => read(schema, args, schema)

/** One of the forms that a schema allows. Without a kind, it allows any value. */
interface Form {
  readonly kind: WrittenValue.Kind | "null" | undefined
  readonly node: Node
}

const read = (schema: unknown, value: unknown, root: Node): unknown => {
  const forms = formsOf(schema, root)
  const same = forms.find(({ kind }) => kind === undefined || kind === kindOf(value))
  if (same !== undefined) return inside(same.node, value, root)
  for (const { kind, node } of forms) {
    const other = as(kind, value)
    if (other !== value) return inside(node, other, root)
  }
  return value
}

const as = (kind: Form["kind"], value: unknown): unknown => {
  if (typeof value === "number") return kind === "string" ? WrittenValue.ofNumber(value) : value
  return typeof value === "string" && kind !== undefined && kind !== "null" ? WrittenValue.ofText(kind, value) : value
}

const inside = ({ additionalProperties, items, properties, required }: Node, value: unknown, root: Node): unknown => {
  if (Array.isArray(value)) return value.map((item) => read(items, item, root))
  if (!Predicate.isReadonlyObject(value)) return value
  const types = Predicate.isReadonlyObject(properties) ? properties : {}
  const needed: ReadonlyArray<unknown> = Array.isArray(required) ? required : []
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]): ReadonlyArray<readonly [string, unknown]> => {
      const schema = Object.hasOwn(types, name) ? types[name] : additionalProperties
      const isLeftOut = Object.hasOwn(types, name) && !needed.includes(name) && isAbsent(formsOf(schema, root), member)
      return isLeftOut ? [] : [[name, read(schema, member, root)]]
    })
  )
}

/** Whether a value stands for none, and is no value of these forms. */
const isAbsent = (forms: ReadonlyArray<Form>, value: unknown): boolean =>
  (value === null || WrittenValue.isNothing(value)) &&
  forms.every(({ kind }) => kind !== undefined && kind !== kindOf(value) && kind !== "null")

const kindOf = (value: unknown): Form["kind"] => {
  if (value === null) return "null"
  if (Array.isArray(value)) return "array"
  const kind = typeof value
  return kind === "string" || kind === "number" || kind === "boolean" || kind === "object" ? kind : undefined
}

const formsOf = (schema: unknown, root: Node, followed = { references: 0 }): ReadonlyArray<Form> => {
  if (!isSchema(schema)) return anything
  const { $ref, allOf, anyOf = schema.oneOf, enum: values, type } = schema
  if (typeof $ref === "string") {
    return ++followed.references > mostReferences ? anything : formsOf(resolve($ref, root), root, followed)
  }
  if (Array.isArray(anyOf)) return anyOf.flatMap((member) => formsOf(member, root, followed))
  const of = (kind: Form["kind"]): Form => ({ kind, node: schema })
  if (Array.isArray(type)) return type.map((name) => of(kinds.get(name)))
  if (kinds.has(type)) return [of(kinds.get(type))]
  if (Array.isArray(values)) return values.map((value) => of(kindOf(value)))
  return allOf === undefined && "properties" in schema ? [of("object")] : anything
}

const anything: ReadonlyArray<Form> = [{ kind: undefined, node: {} }]

const kinds: ReadonlyMap<unknown, Form["kind"]> = new Map([
  ["string", "string"],
  ["number", "number"],
  ["integer", "number"],
  ["boolean", "boolean"],
  ["array", "array"],
  ["object", "object"],
  ["null", "null"]
])

/** How many references are followed for one value. A schema may refer to itself. */
const mostReferences = 32
