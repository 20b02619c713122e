/**
 * Computes what a request adds to what a connection already knows: the input and output of its last response.
 *
 * A request continues a connection only if the model reads the same either way. If the caller has not heard the reply
 * to its end, or the history was edited, the whole input is sent again.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type OpenAI from "openai"

type Item = OpenAI.Responses.ResponseInputItem

/** The last response of a connection. */
export interface Known {
  readonly id: string
  readonly input: ReadonlyArray<Item>
  readonly output: ReadonlyArray<Said>
}

/** An item of an output, in the form the next input will have it. */
export type Said =
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Call"; readonly id: string; readonly name: string; readonly args: string }

/** Reads the response from its final event. Undefined if it is not completely known. */
export const known = (input: ReadonlyArray<Item>, response: unknown): Known | undefined => {
  if (!Predicate.hasProperty(response, "id") || typeof response.id !== "string") return undefined
  if (!Predicate.hasProperty(response, "output") || !Array.isArray(response.output)) return undefined
  const output: Array<Said> = []
  for (const item of response.output as ReadonlyArray<unknown>) {
    const said = toSaid(item)
    if (said === undefined) return undefined
    output.push(...said)
  }
  return output.length === 0 ? undefined : { id: response.id, input, output }
}

interface OutputItem {
  readonly type?: unknown
  readonly content?: unknown
  readonly call_id?: unknown
  readonly name?: unknown
  readonly arguments?: unknown
}

const toSaid = (given: unknown): ReadonlyArray<Said> | undefined => {
  const item: OutputItem = Predicate.isObject(given) ? given : {}
  switch (item.type) {
    case "reasoning":
    case "web_search_call":
      return []
    case "message": {
      const parts = Array.isArray(item.content) ? (item.content as ReadonlyArray<unknown>) : []
      const text = parts.map(textOf).join("")
      return text.trim() === "" ? [] : [{ _tag: "Text", text }]
    }
    case "function_call": {
      const { arguments: args, call_id: id, name } = item
      return typeof id === "string" && typeof name === "string" && typeof args === "string"
        ? [{ _tag: "Call", id, name, args }]
        : undefined
    }
    default:
      return undefined
  }
}

const textOf = (part: unknown): string => {
  if (Predicate.hasProperty(part, "text") && typeof part.text === "string") return part.text
  return Predicate.hasProperty(part, "refusal") && typeof part.refusal === "string" ? part.refusal : ""
}

/**
 * Whether an input belongs to the same conversation: it starts like the known input, except for the last two items at
 * most, such as a note for that turn alone.
 */
export const isRelated = (known: Known, input: ReadonlyArray<Item>): boolean => {
  const before = known.input.filter(isSaid)
  const shared = sharedItems(before, input.filter(isSaid))
  return shared === before.length || shared >= Math.max(2, before.length - 2)
}

/** Number of leading items that two inputs have in common. */
const sharedItems = (a: ReadonlyArray<Item>, b: ReadonlyArray<Item>): number => {
  let shared = 0
  while (shared < a.length && shared < b.length && isSame(a[shared]!, b[shared]!)) shared++
  return shared
}

/**
 * The items after the known ones, or undefined if the input does not start with them. The result of a call follows its
 * call, and may come before the next call.
 */
export const rest = (known: Known, input: ReadonlyArray<Item>): ReadonlyArray<Item> | undefined => {
  const next = input.filter(isSaid)
  const before = known.input.filter(isSaid)
  if (sharedItems(before, next) < before.length) return undefined
  const left: Array<Item> = []
  /** Ids from the provider, by the ids the agent has derived from them. */
  const ids = new Map<string, string>()
  let expected = 0
  for (const item of next.slice(before.length)) {
    const said = known.output[expected]
    if (item.type === "function_call_output") {
      const { call_id: id } = item
      left.push(typeof id === "string" ? { ...item, call_id: ids.get(id) ?? id } : item)
    } else if (said === undefined) left.push(item)
    else if (repeats(item, said)) {
      expected++
      if (said._tag === "Call" && item.type === "function_call") ids.set(item.call_id, said.id)
    } else return undefined
  }
  return expected === known.output.length && left.length > 0 ? left : undefined
}

/** Thoughts stay in their own turn, so they are not compared. */
const isSaid = (item: Item): boolean => item.type !== "reasoning"

const isSame = (a: Item, b: Item): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

const repeats = (item: Item, said: Said): boolean => {
  if (said._tag === "Call") {
    return (
      item.type === "function_call" &&
      // An agent adds numbers to calls that share an id.
      (item.call_id === said.id || item.call_id.replace(/-\d+$/, "") === said.id) &&
      item.name === said.name &&
      canonical(item.arguments) === canonical(said.args)
    )
  }
  return (
    "role" in item &&
    item.role === "assistant" &&
    typeof item.content === "string" &&
    item.content.trim() === said.text.trim()
  )
}

/** JSON without white space between its tokens. */
const canonical = (json: string): string => {
  try {
    return JSON.stringify(JSON.parse(json === "" ? "{}" : json))
  } catch {
    return json
  }
}
