/** Cuts texts between characters: half of one is no valid text, and providers and databases reject it. */

/** The nearest position, in UTF-16 code units, that is not inside a character: this one or the one before. */
export const wholeAt = (text: string, at: number): number =>
  (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 ? at - 1 : at
