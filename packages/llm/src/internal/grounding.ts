/**
 * Additional data for a model in a turn, besides its instructions and the call: memory of the caller, and passages
 * found in advance.
 *
 * The data comes from others, so each text is enclosed in delimiters that it cannot forge.
 */
import * as Context from "effect/Context"
import * as Imitation from "./imitation.ts"
import * as TemplateTokens from "./templateTokens.ts"
import { wholeAt } from "./wholeText.ts"

/** Texts for the model, each already fenced. */
export interface Grounding {
  /** Read with the instructions. The same in every turn of a call, so that a provider's cache holds. */
  readonly opening: ReadonlyArray<string>
  /** Read last, for this turn alone. */
  readonly closing: ReadonlyArray<string>
}

/** The additional data of the current turn. None by default. */
export const Current: Context.Reference<Grounding> = Context.Reference("@antiphon/llm/internal/grounding", {
  defaultValue: (): Grounding => ({ opening: [], closing: [] })
})

/** Puts text between markers of this name. Anything in it that looks like such a marker is broken up. */
export const fenced = (name: string, text: string): string =>
  `<${name}>\n${TemplateTokens.broken(Imitation.broken(name, text))}\n</${name}>`

/** The beginning of a text that is longer than this, in UTF-16 code units. */
export const shortened = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, wholeAt(text, longest))} […]`
