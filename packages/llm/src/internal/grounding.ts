/**
 * What a model reads in a turn beside its instructions and the call: what is remembered of the caller, what was looked up
 * before it was asked.
 *
 * It is data of others. Each text goes within marks that nothing in it can close.
 */
import * as Context from "effect/Context"

/** Texts for the model, each fenced already. */
export interface Grounding {
  /** Read with the instructions. The same in every turn of a call, so that a provider's cache holds. */
  readonly opening: ReadonlyArray<string>
  /** Read last, for this turn alone. */
  readonly closing: ReadonlyArray<string>
}

/** What the turn in progress is grounded on. Nothing by default. */
export const Current: Context.Reference<Grounding> = Context.Reference("@antiphon/llm/internal/grounding", {
  defaultValue: (): Grounding => ({ opening: [], closing: [] })
})

/** Puts text between marks of this name. What looks like such a mark within it is broken. */
export const fenced = (name: string, text: string): string =>
  `<${name}>\n${text.replaceAll(new RegExp(`<(/?)(${name})`, "gi"), "<$1 $2")}\n</${name}>`
