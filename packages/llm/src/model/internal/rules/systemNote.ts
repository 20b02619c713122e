/**
 * A system message within a conversation, for providers that know one only at its beginning: marked text of the user's turn,
 * which the caller's own words can never pass for.
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

/** Text of the caller, in which the mark is none, nor what a model could take for it. */
export const unmarked = (text: string): string =>
  text.includes("<") ? text.replace(/<([\s/]{0,8}system(?![\w-])[^<>]{0,64})>/gi, "‹$1›") : text
