/**
 * Makes foreign text safe for a terminal: replaces control characters, which could move the cursor or set the
 * clipboard, by spaces.
 */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ")
