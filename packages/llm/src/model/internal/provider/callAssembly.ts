/**
 * Assembles tool calls from the fragments in which they are streamed.
 *
 * Providers differ: some send the whole arguments again, some leave the id out of the first fragment or of all, some give
 * each of several calls the same index or none, some repeat with each fragment what came before, and some write the
 * arguments of several calls one behind the other into one entry. So what follows a whole object is the same call again only if it is equal, or adds members to it (an empty
 * object is how several servers begin); any other object belongs to another call.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import * as Tool from "effect/ai/Tool"
import * as Predicate from "effect/Predicate"
import * as BadArguments from "../../../internal/badArguments.ts"

/** The part of an event about one call. */
export interface Fragment {
  readonly index?: number | undefined
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly arguments?: string | undefined
  /** Opaque data that the provider requires back with the call. */
  readonly extra?: Schema.Json | undefined
}

/** A call so far. */
export interface ToolCall {
  /** Settled once the call has a name, and an id of the provider or arguments. */
  readonly id: string | undefined
  readonly name: string
  /** The arguments as text. Of several copies, the last complete one. */
  readonly arguments: string
  /** Whether the arguments are an object that was closed. */
  readonly whole: boolean
  readonly extra: Schema.Json | undefined
}

/** A call extended by a fragment, and the text added. */
export interface Touched {
  readonly call: ToolCall
  readonly fragment: string
}

/** The calls of one reply. */
export interface Calls {
  /** Takes a fragment. It extends one call, or several if it contains the arguments of several. */
  readonly add: (fragment: Fragment) => ReadonlyArray<Touched>
  /** Whether there are any. */
  readonly some: () => boolean
  /** All calls in the order in which they began, each with an id. */
  readonly finish: () => ReadonlyArray<ToolCall & { readonly id: string }>
}

/** Starts without calls. `generateId` names calls with a missing or duplicate id. */
export const make = (generateId: () => string): Calls => {
  const calls: Array<OpenCall> = []
  const taken = new Set<string>()

  const settleId = (call: OpenCall): string => {
    if (call.id !== undefined) return call.id
    const given = call.givenId
    call.id = given !== undefined && !taken.has(given) ? given : generateId()
    taken.add(call.id)
    return call.id
  }

  const begin = (index: number | undefined, name = ""): OpenCall => {
    const call = new OpenCall(index, name)
    calls.push(call)
    return call
  }

  return {
    add: (fragment) => {
      const id = fragment.id || undefined
      const name = fragment.name || undefined
      let call = find(calls, fragment, id, name) ?? begin(fragment.index)
      call.givenId ??= id
      call.name ||= name ?? ""
      const touched: Array<Touched> = []
      let rest = fragment.arguments ?? ""
      call.follow(rest)
      const wasWhole = call.whole
      const first = call
      do {
        const { read, other } = call.write(rest)
        if (call.name !== "" && (call.givenId !== undefined || call.text !== "")) settleId(call)
        touched.push({ call, fragment: rest.slice(0, Math.max(0, read - (other?.length ?? 0))) })
        rest = rest.slice(read)
        if (other !== undefined) {
          call = begin(fragment.index, call.name)
          rest = other + rest
        }
      } while (rest !== "")
      // Data that accompanies the arguments of several calls belongs to the first of them.
      if (fragment.extra !== undefined) (wasWhole ? call : first).extra = fragment.extra
      return touched
    },
    some: () => calls.length > 0,
    finish: () =>
      calls.map((call) => {
        call.end()
        return {
          id: settleId(call),
          name: call.name,
          arguments: call.text,
          whole: call.whole,
          extra: call.extra
        }
      })
  }
}

/** Reads arguments. Missing arguments are an empty object. */
export const parseArguments = (text: string): unknown => {
  if (text.trim() === "") return {}
  // Some models fence them, and some write them as JSON within JSON.
  for (const part of [text, text.slice(Math.max(0, text.indexOf("{")), text.lastIndexOf("}") + 1)]) {
    const value = jsonOf(part)
    const inner = typeof value === "string" ? jsonOf(value) : value
    if (Predicate.isReadonlyObject(inner)) return inner
    if (value !== undefined) return value ?? {}
  }
  return BadArguments.make(text)
}

const jsonOf = (text: string): unknown => {
  try {
    return Tool.unsafeSecureJsonParse(text)
  } catch {
    return undefined
  }
}

const isJson = (text: string): boolean => jsonOf(text) !== undefined

/** Finds the call that a fragment continues, if it does not begin one. */
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
    // With its own index, a call with a duplicate id is still a separate call.
    if (same !== undefined) return fragment.index !== undefined && name !== undefined && same.whole ? undefined : same
    // The id arrives late, without any other hint to its call.
    return name === undefined && last !== undefined && last.givenId === undefined ? last : undefined
  }
  if (name === undefined) return last
  if (fragment.index !== undefined || last === undefined || last.name !== name) return undefined
  // Neither id nor index: the same text again is the same call sent again.
  return !last.whole || last.text === fragment.arguments ? last : undefined
}

// Some servers number every call 0, and some give each fragment of one call another id.
const beginsAnother = (call: OpenCall, id: string | undefined, name: string | undefined): boolean => {
  if (name === undefined) return false
  if (call.whole && call.name !== "" && call.name !== name) return true
  if (id === undefined || call.givenId === undefined || call.givenId === id) return false
  return call.whole || (call.text === "" && call.name !== name)
}

class OpenCall implements ToolCall {
  readonly index: number | undefined
  id: string | undefined
  givenId: string | undefined
  name: string
  extra: Schema.Json | undefined
  /** The arguments: the last complete object, or else the first one so far. */
  text = ""
  whole = false
  /** The part of another object after the complete one. */
  #next = ""
  /** The last fragment, as long as each repeated the one before. */
  #repeated: string | undefined = ""
  #depth = 0
  #inString = false
  #escaped = false

  constructor(index: number | undefined, name: string) {
    this.index = index
    this.name = name
  }

  get arguments(): string {
    return this.text
  }

  /** Notes a fragment that is about to be written. */
  follow(fragment: string): void {
    if (this.#repeated !== undefined) this.#repeated = fragment.startsWith(this.#repeated) ? fragment : undefined
  }

  /**
   * Fragments that repeat all before them are no object if they are joined, so what they come to is known at the end. Those of
   * a nested object may look the same, but are one.
   */
  end(): void {
    const last = this.#repeated
    if (last === undefined || last === this.text || isJson(this.text)) return
    this.text = last
    this.whole = isJson(last)
  }

  /**
   * Takes a fragment. `read` is the length consumed. `other` is an object that belongs to another call: it was
   * consumed, but nothing after it.
   */
  write(fragment: string): { readonly read: number; readonly other?: string } {
    let read = 0
    while (read < fragment.length) {
      const rest = fragment.slice(read)
      if (this.whole && this.#next === "") {
        const begin = rest.indexOf("{")
        // Text after an object that begins no other object is noise.
        if (begin < 0) return { read: fragment.length }
        if (begin > 0) {
          read += begin
          continue
        }
      }
      const end = this.#scan(rest)
      const piece = end < 0 ? rest : rest.slice(0, end)
      read += piece.length
      if (!this.whole) {
        this.text += piece
        this.whole = end >= 0
        continue
      }
      this.#next += piece
      if (end < 0) continue
      const object = this.#next
      this.#next = ""
      if (!isSame(this.text, object)) return { read, other: object }
      this.text = object
    }
    return { read }
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

/** Whether the second object is the first one again, or that with members added. */
const isSame = (first: string, second: string): boolean => {
  if (first === second) return true
  const stem = first.slice(0, -1).trimEnd()
  return stem === "{" || (second.startsWith(stem) && second.slice(stem.length).trimStart().startsWith(","))
}

const backslash = 92
const quote = 34
const open = 123
const close = 125
