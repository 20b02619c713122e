/** Searches speech for words: whether they occur, and when. */

/** A text that contains these words, or fits this pattern. */
export type Words = string | RegExp

/**
 * The positions of the words in a text. A pattern always searches from the beginning, regardless of its `lastIndex`.
 */
const places = (text: string, words: Words): ReadonlyArray<number> => {
  if (typeof words !== "string") {
    const flags = words.flags.replace(/[gy]/gu, "")
    return [...text.matchAll(new RegExp(words.source, `${flags}g`))].map(({ index }) => index)
  }
  const found: Array<number> = []
  for (let at = text.indexOf(words); at >= 0 && at < text.length; at = text.indexOf(words, at + 1)) found.push(at)
  return found
}

export const areIn = (text: string, words: Words): boolean =>
  typeof words === "string" ? text.includes(words) : places(text, words).length > 0

/** A piece of the agent's speech. */
export interface Piece {
  readonly at: number
  readonly turn: number
  readonly text: string
}

/** Appends a piece to a text. The texts of two turns are separated, even if neither has a space there. */
export const join = (before: { readonly text: string; readonly turn: number }, piece: Omit<Piece, "at">): string =>
  before.turn !== piece.turn && /\S$/u.test(before.text) && /^\S/u.test(piece.text)
    ? `${before.text} ${piece.text}`
    : before.text + piece.text

/** The text of all pieces. */
export const all = (pieces: ReadonlyArray<Piece>): string =>
  pieces.reduce((before, piece) => ({ text: join(before, piece), turn: piece.turn }), { text: "", turn: 0 }).text

/** The times of the pieces in which the words begin. */
export const times = (pieces: ReadonlyArray<Piece>, words: Words): ReadonlyArray<number> => {
  const starts: Array<{ readonly from: number; readonly at: number }> = []
  let said = { text: "", turn: 0 }
  for (const piece of pieces) {
    const text = join(said, piece)
    starts.push({ from: text.length - piece.text.length, at: piece.at })
    said = { text, turn: piece.turn }
  }
  return places(said.text, words).map((place) => starts.findLast(({ from }) => from <= place)?.at ?? 0)
}
