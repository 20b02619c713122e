/** A piece of speech, and the text it was made from. */

/** Text to be spoken for a stretch of the original. `exact`: it is that stretch, character by character. */
export interface Piece {
  readonly text: string
  /** Offsets in the original, in UTF-16 code units. */
  readonly from: number
  readonly to: number
  readonly exact: boolean
}

/** Adds a piece, merging adjacent exact pieces. */
export const append = (pieces: Array<Piece>, piece: Piece): void => {
  const last = pieces.at(-1)
  if (last !== undefined && last.exact && piece.exact && last.to === piece.from) {
    pieces[pieces.length - 1] = { text: last.text + piece.text, from: last.from, to: piece.to, exact: true }
  } else pieces.push(piece)
}
