/** Puts a space between texts that were produced separately. */
import * as Unspaced from "./unspaced.ts"

/** The same words, with a space before them if they would be joined to the last ones. */
export const parted = (last: string, text: string): string => {
  const isJoined = /\S$/.test(last) && /^[^\s,.;:!?)\]…]/.test(text)
  return isJoined && !(Unspaced.ends.test(last) && Unspaced.begins.test(text)) ? ` ${text}` : text
}
