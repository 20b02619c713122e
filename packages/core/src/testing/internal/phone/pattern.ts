/**
 * How a value differs from a partial description of it (`Pattern`).
 *
 * ```ts
 * matches({ items: [{ name: "anvil", price: 30 }] }, { items: [{ name: /^anv/ }] }) // true
 * ```
 */
import * as Predicate from "effect/Predicate"
import * as JsonText from "../../../JsonText.ts"

/** The text that a regular expression is matched against: a string itself, or the JSON of anything else. */
const textOf = (value: unknown): string => (typeof value === "string" ? value : JsonText.legible(value))

/** A regular expression always starts from the beginning, even if it is sticky or global. */
const fits = (pattern: RegExp, text: string): boolean =>
  new RegExp(pattern.source, pattern.flags.replace(/[gy]/gu, "")).test(text)

/**
 * Lists how a value differs from a description, with places: `items[0].name is "hammer", and does not match /^anv/`.
 */
export const differences = (value: unknown, pattern: unknown, place = "it"): ReadonlyArray<string> => {
  if (Object.is(value, pattern)) return []
  if (pattern instanceof RegExp) {
    if (value === undefined) return [`${place} is missing`]
    return fits(pattern, textOf(value)) ? [] : [`${place} is ${brief(value)}, and does not match ${show(pattern)}`]
  }
  const inside = (key: string) => (place === "it" ? key : `${place}.${key}`)
  if (Array.isArray(pattern)) {
    if (!Array.isArray(value)) return [`${place} is ${brief(value)}, and no list`]
    if (value.length !== pattern.length) return [`${place} has ${value.length} items, not ${pattern.length}`]
    return pattern.flatMap((one, index) => differences(value[index], one, `${place}[${index}]`))
  }
  if (Predicate.isReadonlyObject(pattern) && Predicate.isReadonlyObject(value)) {
    return Object.entries(pattern).flatMap(([key, one]) => differences(value[key], one, inside(key)))
  }
  return [value === undefined ? `${place} is missing` : `${place} is ${brief(value)}, not ${show(pattern)}`]
}

/** Whether a value matches a description. */
export const matches = (value: unknown, pattern: unknown): boolean => differences(value, pattern).length === 0

/** Writes a description as text. */
export const show = (pattern: unknown): string => {
  if (pattern instanceof RegExp) return String(pattern)
  if (Array.isArray(pattern)) return `[${pattern.map(show).join(", ")}]`
  if (!Predicate.isReadonlyObject(pattern)) return JsonText.legible(pattern)
  return `{${Object.entries(pattern)
    .map(([key, one]) => `${JSON.stringify(key)}: ${show(one)}`)
    .join(", ")}}`
}

/** Most characters of a differing value that are shown. */
const longest = 200

const brief = (value: unknown): string => {
  const text = JsonText.legible(value)
  return text.length <= longest ? text : `${text.slice(0, longest)}…`
}

/** Finds the value that differs least from a description, and how. Undefined if there are no values. */
export const nearest = <A>(
  values: ReadonlyArray<A>,
  pattern: unknown
): { readonly value: A; readonly differences: ReadonlyArray<string> } | undefined =>
  values
    .map((value) => ({ value, differences: differences(value, pattern) }))
    .toSorted((a, b) => a.differences.length - b.differences.length)[0]
