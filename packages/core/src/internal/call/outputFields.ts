/**
 * Copies an agent's outputs field by field. An instance of a class may inherit its fields, which neither a spread nor JSON
 * would find, and an agent may change an object after sending it.
 */
import type * as Schema from "effect/Schema"
import * as Event from "../../Event.ts"

/** A field of an output. An object is a record, unless the field takes `any` value. */
interface Field {
  readonly name: string
  readonly any: boolean
}

const fields: ReadonlyMap<string, ReadonlyArray<Field>> = new Map(
  Object.entries(Event.Output.cases).map(([tag, { fields }]) => [
    tag,
    Object.entries<Schema.Constraint>(fields).map(([name, { ast }]) => ({ name, any: ast._tag === "Unknown" }))
  ])
)

const recordIn = (output: Event.Output, { any, name }: Field): object | undefined => {
  const value: unknown = any ? undefined : Reflect.get(output, name)
  return typeof value === "object" && value !== null ? value : undefined
}

/** The name of a record that JSON would write as an empty object: a collection, or an error. */
export const faulty = (output: Event.Output): string | undefined =>
  fields.get(output._tag)?.find((field) => {
    const record = recordIn(output, field)
    return record !== undefined && (Symbol.iterator in record || record instanceof Error)
  })?.name

/** Copies an output. */
export const copy = (output: Event.Output, respondingTo: string): Event.Output => {
  const copy: Record<string, unknown> = {}
  for (const field of fields.get(output._tag) ?? []) {
    const record = recordIn(output, field)
    if (record !== undefined) copy[field.name] = plain(record)
    else if (field.name in output) copy[field.name] = Reflect.get(output, field.name)
  }
  copy["respondingTo"] ??= respondingTo
  return copy as unknown as Event.Output
}

/** A record that has its inherited fields as its own. */
const plain = (record: object): object => {
  const parent: object | null = Object.getPrototypeOf(record)
  if (parent === Object.prototype || parent === null || "toJSON" in record) return record
  const copy: Record<string, unknown> = {}
  // The last prototype of a chain has the members of every object.
  for (let at = record, above: object | null = parent; above !== null;) {
    for (const [name, { enumerable, get }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      const isField = enumerable === true || get !== undefined
      if (isField && !Object.hasOwn(copy, name)) copy[name] = Reflect.get(record, name)
    }
    at = above
    above = Object.getPrototypeOf(at)
  }
  return copy
}
