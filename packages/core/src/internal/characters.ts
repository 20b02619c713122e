/**
 * Characters of a string, of which some take two units.
 */

/** Whether a unit of a string is the first of the two that make a character. */
export const isFirstHalf = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff

/** Length, in units of the string, of the character at an offset. */
export const widthAt = (text: string, offset: number): 1 | 2 =>
  isFirstHalf(text.charCodeAt(offset)) && offset + 1 < text.length ? 2 : 1

/** The character at an offset. */
export const characterAt = (text: string, offset: number): string => text.slice(offset, offset + widthAt(text, offset))

/** Offset of the character that ends at `end`. */
export const characterBefore = (text: string, end: number): number =>
  end > 1 && widthAt(text, end - 2) === 2 ? end - 2 : end - 1
