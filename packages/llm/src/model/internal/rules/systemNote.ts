/**
 * A system message within a conversation, for providers that know one only at its beginning: marked text of the user's turn,
 * which the caller's own words can never pass for.
 *
 * @since 0.1.0
 */

/** What stands for the caller if a conversation must begin with the user. */
export const opening = "(The call is connected.)"

/** What stands for the caller if a prompt must not end with the assistant. */
export const goOn = "(Go on.)"

/** What the assistant says if its message must follow a result. */
export const understood = "Understood."

/** The note. */
export const marked = (text: string): string => `<system>\n${text}\n</system>`

/** Text of the caller, in which the mark is none. */
export const unmarked = (text: string): string => text.replace(/<(\/?)system>/gi, "‹$1system›")
