/**
 * Encodes the prompts of a call for its recording. A prompt mostly repeats an earlier one, so only its new messages are
 * written: the size of a recording is linear in the length of the call, not quadratic.
 */
import type { Json } from "../../JsonText.ts"
import type * as Recording from "../Recording.ts"

/** A request to a model, at the moment it is made. */
export type Asked = Pick<Recording.ModelRequest, "turn" | "method" | "prompt" | "tools" | "settings">

export interface Prompts {
  /** The number of the next request. */
  readonly next: () => number
  /** Makes the line of a request from its number. */
  readonly add: (request: number, asked: Asked) => Recording.NoteOf<"ModelRequested">
  /** Prevents later lines from referring to a request whose own line was not written. */
  readonly forget: (request: number) => void
}

/** Number of earlier requests to compare with: enough for several agents that take turns. */
const kept = 4

export const make = (): Prompts => {
  let requests = 0
  let recent: Array<Asked & { readonly request: number }> = []

  return {
    next: () => ++requests,
    add: (request, { method, prompt, settings, tools, turn }) => {
      let like: (typeof recent)[number] | undefined
      let messages = 0
      for (const before of recent.toReversed()) {
        const same = commonLength(before.prompt, prompt)
        if (same > messages) {
          messages = same
          like = before
        }
        // Continues the latest prompt of its agent, so the others need not be compared.
        if (same > 0 && same === before.prompt.length) break
      }
      if (recent.push({ request, turn, method, prompt, tools, settings }) > kept) recent.shift()
      return {
        _tag: "ModelRequested",
        request,
        turn,
        method,
        ...(like === undefined ? {} : { like: { request: like.request, messages } }),
        messages: prompt.slice(messages),
        ...(like !== undefined && equal(like.tools, tools) ? {} : { tools }),
        ...(like !== undefined && equal(like.settings, settings) ? {} : { settings })
      }
    },
    forget: (request) => {
      recent = recent.filter((before) => before.request !== request)
    }
  }
}

const commonLength = (a: ReadonlyArray<unknown>, b: ReadonlyArray<unknown>): number => {
  let same = 0
  while (same < a.length && same < b.length && equal(a[same], b[same])) same++
  return same
}

/** Whether two plain values are equal as JSON. Must be fast, because each request compares its whole prompt. */
const equal = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!equal(a[i], b[i])) return false
    return true
  }
  if (Array.isArray(b)) return false
  // Iterating over keys is cheaper than allocating lists of them.
  let more = 0
  for (const key in a) {
    if (!Object.hasOwn(b, key) || !equal((a as Json)[key], (b as Json)[key])) return false
    more++
  }
  for (const _ in b) more--
  return more === 0
}
