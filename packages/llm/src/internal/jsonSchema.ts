/** The parts of a JSON Schema, of any draft. */
import type { Json } from "@antiphon/core/JsonText"
import * as Predicate from "effect/Predicate"

/** Whether a value is a schema with keywords, and neither a list nor `true` or `false`. */
export const isSchema = (value: unknown): value is Json => Predicate.isReadonlyObject(value) && !Array.isArray(value)

/** The schema that a `$ref` names. Undefined if it names another document, or nothing. */
export const resolve = (ref: string, root: Json): Json | undefined => {
  if (!ref.startsWith("#")) return undefined
  let at: unknown = root
  for (const key of ref.slice(1).split("/").filter(Boolean)) {
    if (!isSchema(at)) return undefined
    at = at[keyOf(key)]
  }
  return isSchema(at) ? at : undefined
}

/** A key of a JSON pointer (RFC 6901). One that is no valid part of an address is taken as it is. */
const keyOf = (key: string): string => decoded(key).replace(/~1/g, "/").replace(/~0/g, "~")

const decoded = (key: string): string => {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

/** A description with notes behind it, for what a provider would reject as a keyword. */
export const described = (description: unknown, notes: ReadonlyArray<string>): string => {
  const words = typeof description === "string" ? description : ""
  return notes.length === 0 ? words : `${words} (${notes.join(", ")})`.trimStart()
}
