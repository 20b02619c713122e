/**
 * Makes the prompt of an attempt. If the reply has already begun, the prompt ends with its beginning, to be continued.
 */
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import type { ModelSettings } from "../../ModelSettings.ts"
import * as Prefill from "../rules/prefill.ts"

/** Asks a model to continue a reply that was cut off: natively if it can, or else in words. */
export const of = (
  model: LanguageModel.LanguageModel,
  prompt: Prompt.Prompt,
  spoken: string,
  { instruction, settings }: { readonly instruction: string; readonly settings: ModelSettings }
): Prompt.Prompt => {
  if (spoken.trim() === "") return prompt
  if (Prefill.can(model, settings)) return Prefill.begin(prompt, spoken.trimEnd())
  const begun = Prompt.makePart("text", { text: spoken })
  const last = prompt.content.at(-1)
  const history =
    last?.role === "assistant"
      ? [
          ...prompt.content.slice(0, -1),
          Prompt.makeMessage("assistant", { ...last, content: [...last.content, begun] })
        ]
      : [...prompt.content, Prompt.makeMessage("assistant", { content: [begun] })]
  const wish = Prompt.makeMessage("user", { content: [Prompt.makePart("text", { text: instruction })] })
  return Prompt.fromMessages([...history, wish])
}
