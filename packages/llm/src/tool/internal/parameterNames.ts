/**
 * Parameter names that every provider accepts: letters, digits, `_`, `-` and `.`, at most 64. Others, such as `$top` or
 * `filter[name]`, are shown differently, and read back.
 *
 * Source: Anthropic rejects a request with any other name in any tool ("Property keys should match pattern
 * '^[a-zA-Z0-9_.-]{1,64}$'").
 */
import * as Predicate from "effect/Predicate"
import { isSchema } from "../../internal/jsonSchema.ts"

type JsonSchema = { readonly [keyword: string]: unknown }

/** A schema with accepted names, and the arguments under their own names. */
export interface Renamed {
  readonly schema: JsonSchema
  readonly restore: (args: unknown) => unknown
}

const accepted = /^[a-zA-Z0-9_.-]{1,64}$/
const longest = 64

/** Renames parameters. Undefined if all names are accepted. */
export const make = (schema: JsonSchema): Renamed | undefined => {
  const { properties, required } = schema
  const names = Predicate.isReadonlyObject(properties) ? Object.keys(properties) : []
  if (names.every((name) => accepted.test(name))) return undefined
  const own = new Map(names.filter((name) => accepted.test(name)).map((name) => [name, name]))
  for (const name of names) if (!accepted.test(name)) own.set(unused(own, name), name)
  const shown = new Map([...own].map(([shown, name]) => [name, shown]))
  const show = (name: string) => shown.get(name) ?? name
  return {
    schema: {
      ...schema,
      properties: renamed(properties, show),
      ...(Array.isArray(required) ? { required: required.map(show) } : undefined)
    },
    restore: (args) => renamed(args, (name) => own.get(name) ?? name)
  }
}

/** An accepted name that no other parameter has. */
const unused = (taken: ReadonlyMap<string, string>, name: string): string => {
  const plain = name.replace(/[^a-zA-Z0-9_.-]+/g, "_").slice(0, longest) || "_"
  let free = plain
  for (let n = 2; taken.has(free); n++) free = `${plain.slice(0, longest - 1 - String(n).length)}_${n}`
  return free
}

const renamed = (value: unknown, name: (name: string) => string): unknown =>
  isSchema(value) ? Object.fromEntries(Object.entries(value).map(([key, member]) => [name(key), member])) : value
