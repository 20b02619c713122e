/**
 * Writes a tool's result as text for a model, once, and no longer than a limit.
 *
 * A result that is too long is cut before it is written, so that megabytes cost no more than a page.
 */
import * as JsonText from "@antiphon/core/JsonText"
import { wholeAt } from "./wholeText.ts"

/** The default limit in characters: about 5,000 tokens. */
export const defaultLimit = 20_000

/** A result as text, and whether it is complete. */
export interface ResultText {
  readonly text: string
  readonly cut: boolean
}

const written = new WeakMap<object, string>()

/** The text of a result that is within its limit or was cut to it. An object is serialised once. */
export const of = (result: unknown): string => {
  if (typeof result === "string") return result
  if (typeof result !== "object" || result === null) return JsonText.stringify(result, "null")
  const known = written.get(result)
  if (known !== undefined) return known
  const { text } = bounded(result, Infinity)
  written.set(result, text)
  return text
}

/** Serialises a result, and cuts it at the limit with a note to the model. */
export const bounded = (result: unknown, limit: number): ResultText => {
  if (typeof result === "string") {
    return result.length <= limit ? { text: result, cut: false } : { text: cutAt(result, limit), cut: true }
  }
  const budget: Budget = { left: limit, spent: false }
  // Most results are within their limit, and need no truncated copy.
  const part = fits(result, { left: limit, spent: false }) ? result : pruned(result, budget, new Set())
  const text = JsonText.stringify(part, "null")
  if (!budget.spent && text.length <= limit) {
    // An object that a tool returns again may have changed, so it is written again.
    if (typeof result === "object" && result !== null) written.set(result, text)
    return { text, cut: false }
  }
  return { text: cutAt(text, limit), cut: true }
}

/** The first part of an object that is too long, with about so many characters as JSON. */
export const partOf = (value: object, limit: number) =>
  pruned(value, { left: limit, spent: false }, new Set()) as { readonly [key: string]: unknown }

const cutAt = (text: string, limit: number): string => {
  const end = wholeAt(text, limit)
  return `${text.slice(0, end)}\n[The result goes on. It was cut after ${end} characters.]`
}

/** Remaining characters, and whether anything had to be left out. */
interface Budget {
  left: number
  spent: boolean
}

/** Maximum depth to inspect. Deeper or circular values are copied. */
const deepest = 32

/** Whether JSON does not have the contents of a value. */
const isApart = (value: object): boolean =>
  value instanceof ArrayBuffer || ArrayBuffer.isView(value) || (Symbol.iterator in value && !Array.isArray(value))

/** Whether a value is plain and within the budget, as far as can be determined without serialising it. */
const fits = (value: unknown, budget: Budget, depth = 0): boolean => {
  if (typeof value === "string") budget.left -= value.length + 4
  else if (typeof value !== "object" || value === null) budget.left -= 4
  else if (depth === deepest || "toJSON" in value || isApart(value)) return false
  else if (Array.isArray(value)) {
    for (const item of value) if (!fits(item, budget, depth + 1)) return false
  } else {
    try {
      for (const key of Object.keys(value)) {
        budget.left -= key.length + 4
        if (!fits((value as JsonText.Json)[key], budget, depth + 1)) return false
      }
    } catch {
      return false
    }
  }
  return budget.left > 0
}

/** Returns the first part of a value, within the budget. The rest is not examined. */
const pruned = (value: unknown, budget: Budget, above: Set<object>): unknown => {
  if (typeof value === "string") return spend(value, budget)
  if (typeof value !== "object" || value === null) {
    budget.left -= 4
    return value
  }
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (value instanceof Error) return spend(String(value), budget)
  if (above.has(value)) return "[Circular]"
  above.add(value)
  try {
    if (value instanceof Map) return entries(value, budget, above)
    const plain: unknown = "toJSON" in value && typeof value.toJSON === "function" ? value.toJSON() : value
    if (plain !== value) return pruned(plain, budget, above)
    // An array, a set, headers, or anything else that has its contents in order.
    return Symbol.iterator in value ? items(value as Iterable<unknown>, budget, above) : members(value, budget, above)
  } catch {
    // A `toJSON` that throws, or more levels than the stack holds.
    return unserialisable
  } finally {
    above.delete(value)
  }
}

const spend = (text: string, budget: Budget): string => {
  const room = Math.max(0, budget.left)
  budget.left -= text.length + 4
  if (text.length <= room) return text
  budget.spent = true
  return text.slice(0, room)
}

const isSpent = (budget: Budget): boolean => {
  if (budget.left <= 0) budget.spent = true
  return budget.spent
}

/** A map as an object: keys that are no texts are written as JSON. */
const entries = (value: ReadonlyMap<unknown, unknown>, budget: Budget, above: Set<object>): unknown => {
  const part: Array<readonly [string, unknown]> = []
  for (const [key, member] of value) {
    if (isSpent(budget)) break
    const name = typeof key === "string" ? key : JsonText.stringify(pruned(key, budget, above), "null")
    spend(name, budget)
    part.push([name, pruned(member, budget, above)])
  }
  return Object.fromEntries(part)
}

const items = (value: Iterable<unknown>, budget: Budget, above: Set<object>): unknown => {
  const part: Array<unknown> = []
  for (const item of value) {
    if (isSpent(budget)) break
    part.push(pruned(item, budget, above))
  }
  return part
}

const members = (value: object, budget: Budget, above: Set<object>): unknown => {
  const part: Array<readonly [string, unknown]> = []
  for (const key of Object.keys(value)) {
    if (isSpent(budget)) break
    const member = memberOf(value, key)
    if (member === undefined) continue
    spend(key, budget)
    part.push([key, pruned(member, budget, above)])
  }
  // Not an assignment: a key may be `__proto__`.
  return Object.fromEntries(part)
}

const unserialisable = "[unserialisable]"

/** A getter that throws does not cost the other members. */
const memberOf = (value: object, key: string): unknown => {
  try {
    return (value as { readonly [key: string]: unknown })[key]
  } catch {
    return unserialisable
  }
}
