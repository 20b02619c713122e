/**
 * The prompts of a call as its recording has them. Each mostly repeats one before it, so only what is new is written: a
 * recording grows with the call and not with its square.
 */
import type { Json } from "../../JsonText.ts"
import type { Asked } from "../Recorder.ts"
import type * as Recording from "../Recording.ts"

export interface Prompts {
  /** The number of the next request. */
  readonly next: () => number
  /** Adds a request by its number. */
  readonly add: (request: number, asked: Asked) => Recording.NoteOf<"ModelRequested">
  /** Refers to a request no more, because its line was not written. */
  readonly forget: (request: number) => void
}

/** Requests that a new one is compared with: as many as there are agents that talk to models in turn. */
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
        // It goes on where the latest one of its agent ended: the others need not be looked at.
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

/** Whether two plain values are the same JSON. Each request of a call asks this about all that was said before it. */
const equal = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!equal(a[i], b[i])) return false
    return true
  }
  if (Array.isArray(b)) return false
  // Lists of the keys would cost more than to go over them.
  let more = 0
  for (const key in a) {
    if (!Object.hasOwn(b, key) || !equal((a as Json)[key], (b as Json)[key])) return false
    more++
  }
  for (const _ in b) more--
  return more === 0
}
