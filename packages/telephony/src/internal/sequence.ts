/**
 * Puts numbered pieces of audio in order: those that came twice or too late are dropped, those that never come are a gap.
 */

/** A piece that waits for one before it. */
interface Held {
  readonly chunk: number
  readonly bytes: Uint8Array
}

export interface Sequence {
  /** Pieces that wait for one that is missing: 0 for a line that keeps their order. */
  readonly mostHeld: number
  readonly next: number | undefined
  readonly held: ReadonlyArray<Held>
  /** Pieces in a row that were of no use: a carrier that does not count must not make the call deaf. */
  readonly useless: number
  readonly isCounting: boolean
}

/** What comes out: audio, or the number of pieces that are missing. */
export type Piece = Uint8Array | number

/** A jump that is longer is no loss: the carrier has begun to count anew. */
const longestJump = 500
/** As many pieces in a row that came twice or too late, and the numbers mean nothing. */
const mostUseless = 10

export const make = (mostHeld: number): Sequence => ({
  mostHeld,
  next: undefined,
  held: [],
  useless: 0,
  isCounting: true
})

/** Takes a piece. */
export const step = (
  sequence: Sequence,
  bytes: Uint8Array,
  chunk: number | undefined
): readonly [Sequence, ReadonlyArray<Piece>] => {
  const { held, next, useless } = sequence
  if (chunk === undefined || !sequence.isCounting) return [sequence, [bytes]]
  if (next === undefined || Math.abs(chunk - next) > longestJump) {
    const restarted = { ...sequence, next: chunk + 1, held: [], useless: 0 }
    return [restarted, [...held.map((each) => each.bytes), bytes]]
  }
  if (chunk < next || held.some((each) => each.chunk === chunk)) {
    const isCounting = useless + 1 < mostUseless
    const rest = isCounting ? held : []
    return [
      { ...sequence, useless: useless + 1, isCounting, held: rest },
      isCounting ? [] : [...held.map((each) => each.bytes), bytes]
    ]
  }
  const waiting = [...held, { chunk, bytes }].toSorted((a, b) => a.chunk - b.chunk)
  return release({ ...sequence, useless: 0 }, next, waiting)
}

/** Hands out what is in order. Too many that wait have waited in vain. */
const release = (
  sequence: Sequence,
  from: number,
  waiting: ReadonlyArray<Held>
): readonly [Sequence, ReadonlyArray<Piece>] => {
  const pieces: Array<Piece> = []
  let next = from
  let rest = waiting
  for (let first = rest[0]; first !== undefined; first = rest[0]) {
    if (first.chunk > next) {
      if (rest.length <= sequence.mostHeld) break
      pieces.push(first.chunk - next)
    }
    pieces.push(first.bytes)
    next = first.chunk + 1
    rest = rest.slice(1)
  }
  return [{ ...sequence, next, held: rest }, pieces]
}
