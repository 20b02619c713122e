/**
 * A prefilled reply: its beginning is the last message of the prompt, marked as one to continue.
 *
 * Only models that can continue a message natively get this mark; others are asked in words.
 *
 * @since 0.1.0
 */
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import * as Predicate from "effect/Predicate"
import type { ModelSettings } from "../../ModelSettings.ts"

const mark = "antiphon"

/** The prompt with the beginning of its reply. It completes a last message of the assistant. */
export const begin = (prompt: Prompt.Prompt, spoken: string): Prompt.Prompt => {
  const begun = Prompt.makePart("text", { text: spoken, options: { [mark]: { begun: true } } })
  const last = prompt.content.at(-1)
  return Prompt.fromMessages(
    last?.role === "assistant"
      ? [
          ...prompt.content.slice(0, -1),
          Prompt.makeMessage("assistant", { ...last, content: [...last.content, begun] })
        ]
      : [...prompt.content, Prompt.makeMessage("assistant", { content: [begun] })]
  )
}

/** Whether the prompt ends with the beginning of its reply. */
export const isBegun = (prompt: Prompt.Prompt): boolean => {
  const last = prompt.content.at(-1)
  const part = last?.role === "assistant" ? last.content.at(-1) : undefined
  const own = part?.options[mark]
  return Predicate.isObject(own) && (own as { readonly begun?: unknown }).begun === true
}

/** Whether a model continues a message with these settings. */
export type Able = (settings: ModelSettings) => boolean

const able = new WeakMap<LanguageModel.LanguageModel, Able>()

/** Registers when a model can continue a message. */
export const set = (model: LanguageModel.LanguageModel, can: Able): void => void able.set(model, can)

/** Whether a model can continue a message. */
export const can = (model: LanguageModel.LanguageModel, settings: ModelSettings): boolean =>
  able.get(model)?.(settings) === true
