/** What an agent asks of a request beside its prompt, tools and settings, of whichever of our models is asked. */
import type * as LanguageModel from "effect/ai/LanguageModel"
import type * as Tool from "effect/ai/Tool"
import * as Context from "effect/Context"

export interface Asking {
  /** Requests with the same key begin alike: providers look for what they have cached where they have answered the others. */
  readonly cacheKey?: string | undefined
  /** The object that the reply should be, as a tool whose arguments it would be. */
  readonly object?: Tool.Any | undefined
}

/** What is asked. Nothing by default. */
export const Current = Context.Reference<Asking>("@antiphon/llm/model/internal/asking", { defaultValue: () => ({}) })

const able = new WeakSet<LanguageModel.LanguageModel>()

/** Makes known that a model replies with the object that is asked for. */
export const setAble = (model: LanguageModel.LanguageModel): void => void able.add(model)

/** Whether a model replies with the object that is asked for. */
export const isAble = (model: LanguageModel.LanguageModel): boolean => able.has(model)

/**
 * The key of a call. It is made from the id of the call and does not tell it: ids may be private.
 *
 * Two 32-bit hashes by multiplication (cyrb53), 53 bits in all. OpenAI takes up to 64 characters.
 */
export const cacheKeyOf = (callId: string): string => {
  let [a, b] = [0xdeadbeef, 0x41c6ce57]
  for (let i = 0; i < callId.length; i++) {
    const code = callId.charCodeAt(i)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return `antiphon-${(4294967296 * (2097151 & b) + (a >>> 0)).toString(36)}`
}
