/**
 * Makes text from outside safe to show: on a terminal, which obeys what is written to it, and in a log, which is read line by
 * line. Words of a caller can otherwise move the cursor, set the clipboard, or pass for a line of the log.
 *
 * @since 0.1.0
 */

// Controls, separators of lines and paragraphs, and what turns the direction of text around.
const unsafe = String.raw`\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069`
const inLine = new RegExp(`[${unsafe}]+`, "gu")
const inBlock = new RegExp(String.raw`(?!\n)[${unsafe}]`, "gu")

/** Text on one line: what is unsafe becomes a space. */
export const line = (text: string): string => text.replace(inLine, " ")

/** Text on as many lines as it has: what else is unsafe becomes a space. */
export const block = (text: string): string => text.replace(inBlock, " ")

/**
 * Escapes text without loss: unsafe characters are written like `\u001b`, including line breaks, unless they should be
 * kept.
 */
export const escaped = (text: string, options: { readonly keepLines?: boolean | undefined } = {}): string =>
  text.replace(options.keepLines === true ? inBlock : inLine, (units) =>
    Array.from({ length: units.length }, (_, i) => `\\u${units.charCodeAt(i).toString(16).padStart(4, "0")}`).join("")
  )
