/**
 * Sorts numbered pieces of audio. Repeated and late pieces are dropped, and missing ones become gaps. Pure.
 */

/** A piece that waits for an earlier one. */
interface Held {
  readonly chunk: number
  readonly bytes: Uint8Array
}

export interface Sequence {
  /** How many pieces may wait for a missing one. 0 if the carrier delivers in order. */
  readonly mostHeld: number
  readonly next: number | undefined
  readonly held: ReadonlyArray<Held>
  /** Consecutive pieces that were dropped. A carrier with nonsensical numbers must not make the call deaf. */
  readonly useless: number
  readonly isCounting: boolean
}

/** Audio, or the number of missing pieces. */
export type Piece = Uint8Array | number

/** A longer jump means that the carrier restarted its count, not that pieces were lost. */
const longestJump = 500
/** After this many useless pieces in a row, the numbers are ignored. */
const mostUseless = 10

export const make = (mostHeld: number): Sequence => ({
  mostHeld,
  next: undefined,
  held: [],
  useless: 0,
  isCounting: true
})

/** Handles a piece. */
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

/** Releases pieces that are in order. If too many wait, the missing one is given up. */
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
