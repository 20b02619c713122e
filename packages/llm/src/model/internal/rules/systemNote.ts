/**
 * System messages within a conversation, for providers that accept them only at its beginning: marked text in the user's turn,
 * which the caller's own words cannot imitate.
 *
 * @since 0.1.0
 */

/** The user message for providers whose conversations must begin with the user. */
export const opening = "(The call is connected.)"

/** The user message for providers whose prompts must not end with the assistant. */
export const goOn = "(Go on.)"

/** The assistant message for providers that require one after a result. */
export const understood = "Understood."

/** The note. */
export const marked = (text: string): string => `<system>\n${text}\n</system>`

/** The caller's text, with the mark, and anything similar to it, defused. */
export const unmarked = (text: string): string =>
  text.includes("<") ? text.replace(/<([\s/]{0,8}system(?![\w-])[^<>]{0,64})>/gi, "‹$1›") : text
