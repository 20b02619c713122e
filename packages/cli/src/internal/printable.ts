/** Text from elsewhere, made safe for a terminal: control characters, which could move the cursor or set the clipboard, are spaces. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ")
