/**
 * Puts streamed tool calls together.
 *
 * Providers differ: some send the whole arguments again, some leave the id out of the first fragment or of all, some give
 * each of several calls the same index or none. What is done about each is in the rules below.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import * as Tool from "effect/ai/Tool"
import * as BadArguments from "../../../tool/internal/badArguments.ts"

/** What one event says about one call. */
export interface Fragment {
  readonly index?: number | undefined
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly arguments?: string | undefined
  /** What the provider wants back with the call, unread. */
  readonly extra?: Schema.Json | undefined
}

/** A call as far as it has come. */
export interface ToolCall {
  /** Settled once the call has a name, and an id of the provider or arguments. */
  readonly id: string | undefined
  readonly name: string
  /** The arguments as text; of several copies the last that is whole. */
  readonly arguments: string
  readonly extra: Schema.Json | undefined
}

/** The calls of one reply. */
export interface ToolCalls {
  readonly add: (fragment: Fragment) => ToolCall
  /** All calls in the order in which they began, each with an id. */
  readonly finish: () => ReadonlyArray<ToolCall & { readonly id: string }>
}

/** Starts with no calls. `generateId` names those that the provider gave no id, or one that is taken. */
export const make = (generateId: () => string): ToolCalls => {
  const calls: Array<OpenCall> = []
  const taken = new Set<string>()

  const settleId = (call: OpenCall): string => {
    if (call.id !== undefined) return call.id
    const given = call.givenId
    call.id = given !== undefined && !taken.has(given) ? given : generateId()
    taken.add(call.id)
    return call.id
  }

  return {
    add: (fragment) => {
      const id = fragment.id || undefined
      const name = fragment.name || undefined
      let call = find(calls, fragment, id, name)
      if (call === undefined) {
        call = new OpenCall(fragment.index)
        calls.push(call)
      }
      call.givenId ??= id
      call.name ||= name ?? ""
      call.extra = fragment.extra ?? call.extra
      if (fragment.arguments) call.write(fragment.arguments)
      if (call.name !== "" && (call.givenId !== undefined || call.text !== "")) settleId(call)
      return call
    },
    finish: () =>
      calls.map((call) => ({ id: settleId(call), name: call.name, arguments: call.arguments, extra: call.extra }))
  }
}

/** Reads arguments; no arguments at all are an empty object. */
export const parseArguments = (text: string): unknown => {
  if (text.trim() === "") return {}
  try {
    return Tool.unsafeSecureJsonParse(text) ?? {}
  } catch {
    return BadArguments.make(text)
  }
}

/** The call that a fragment goes on with, if it does not begin one. */
const find = (
  calls: ReadonlyArray<OpenCall>,
  fragment: Fragment,
  id: string | undefined,
  name: string | undefined
): OpenCall | undefined => {
  const last = calls.at(-1)
  if (fragment.index !== undefined) {
    const same = calls.findLast((call) => call.index === fragment.index)
    if (same !== undefined) return beginsAnother(same, id, name) ? undefined : same
  }
  if (id !== undefined) {
    const same = calls.find((call) => call.givenId === id)
    // Under a number of its own, a call with the id of another one is still a call.
    if (same !== undefined) return fragment.index !== undefined && name !== undefined && same.whole ? undefined : same
    // The id comes late, and nothing else tells which call it belongs to.
    return name === undefined && last !== undefined && last.givenId === undefined ? last : undefined
  }
  if (name === undefined) return last
  if (fragment.index !== undefined || last === undefined || last.name !== name) return undefined
  // Neither id nor index: the same text again is the same call sent again.
  return !last.whole || last.arguments === fragment.arguments ? last : undefined
}

// Some servers number every call 0, and some give each fragment of one call another id.
const beginsAnother = (call: OpenCall, id: string | undefined, name: string | undefined): boolean => {
  if (id === undefined || name === undefined || call.givenId === undefined || call.givenId === id) return false
  return call.whole || (call.text === "" && call.name !== name)
}

class OpenCall implements ToolCall {
  readonly index: number | undefined
  id: string | undefined
  givenId: string | undefined
  name = ""
  extra: Schema.Json | undefined
  text = ""
  #lastWhole: string | undefined
  #depth = 0
  #inString = false
  #escaped = false

  constructor(index: number | undefined) {
    this.index = index
  }

  /** Whether the text is an object whose braces balance. */
  get whole(): boolean {
    return this.#lastWhole !== undefined && this.#lastWhole === this.text
  }

  get arguments(): string {
    return this.whole ? this.text : (this.#lastWhole ?? this.text)
  }

  /** Takes in a fragment. After a whole object, another one replaces it and anything else is noise. */
  write(fragment: string): void {
    let rest = fragment
    while (rest !== "") {
      if (this.whole) {
        const next = rest.indexOf("{")
        if (next < 0) return
        rest = rest.slice(next)
        this.text = ""
      }
      const end = this.#scan(rest)
      this.text += end < 0 ? rest : rest.slice(0, end)
      if (end < 0) return
      this.#lastWhole = this.text
      rest = rest.slice(end)
    }
  }

  /** Where the object ends in this piece, or -1. */
  #scan(piece: string): number {
    for (let i = 0; i < piece.length; i++) {
      const char = piece.charCodeAt(i)
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (char === backslash) this.#escaped = true
        else if (char === quote) this.#inString = false
      } else if (char === quote) this.#inString = this.#depth > 0
      else if (char === open) this.#depth++
      else if (char === close && this.#depth > 0 && --this.#depth === 0) return i + 1
    }
    return -1
  }
}

const backslash = 92
const quote = 34
const open = 123
const close = 125
