/**
 * System messages within a conversation, for providers that accept them only at its beginning: marked text in the user's turn,
 * which the caller's own words cannot imitate.
 *
 * @since 0.1.0
 */

import * as Imitation from "../../../internal/imitation.ts"

/** The user message for providers whose conversations must begin with the user. */
export const opening = "(The call is connected.)"

/** The user message for providers whose prompts must not end with the assistant. */
export const goOn = "(Go on.)"

/** The assistant message for providers that require one after a result. */
export const understood = "Understood."

/** The note. What it quotes, such as passages and results, cannot end it. */
export const marked = (text: string): string => `<system>\n${Imitation.broken("system", text)}\n</system>`

/** The caller's text, with the mark, and anything similar to it, defused. */
export const unmarked = (text: string): string =>
  mayHaveTag.test(text) ? text.replace(mark, "‹$2$3").replace(endOfMark, "$1›") : text

const mayHaveTag = /[<\uff1c\ufe64]/
const mark = Imitation.ofTag("system")
const endOfMark = /(‹[^‹<>\uff1e\ufe65]{6,80})[>\uff1e\ufe65]/g
