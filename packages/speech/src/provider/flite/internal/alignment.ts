/**
 * Which sounds of a clause belong to which word. flite tells the sounds of a clause with their times but not its words, and the
 * sounds of a word by itself, which may differ a little ("the", "a"): the two are laid side by side with as few differences as
 * possible.
 */

/** A sound, and when it is heard, in seconds from the beginning of the clause. */
export interface Segment {
  readonly symbol: string
  readonly start: number
  readonly end: number
}

/** Reads what `flite -psdur` prints: `pau:0.222 y:0.299 ...`, each sound with the second at which it ends. */
export const parse = (text: string): ReadonlyArray<Segment> => {
  let start = 0
  return [...text.matchAll(/([a-z]+):([\d.]+)/g)].map(([, symbol, seconds]) => {
    const segment = { symbol: symbol!, start, end: Number(seconds) }
    start = segment.end
    return segment
  })
}

/** Silence is no sound of a word. */
export const isPause = (symbol: string): boolean => symbol === "pau"

/**
 * Deals the sounds of a clause out to its words: for each word, by its index, those from `from` up to before `to`. `sounds` has the
 * symbols of each word by itself. Every sound that is no pause goes to exactly one word, in order.
 */
export const deal = (
  segments: ReadonlyArray<Segment>,
  sounds: ReadonlyArray<ReadonlyArray<string>>
): ReadonlyArray<ReadonlyArray<Segment>> => {
  const spoken = segments.filter(({ symbol }) => !isPause(symbol))
  const expected = sounds.flatMap((symbols, word) => symbols.map((symbol) => ({ symbol, word })))
  const dealt: Array<Array<Segment>> = sounds.map(() => [])
  if (expected.length === 0) return dealt
  const words = matched(
    spoken.map(({ symbol }) => symbol),
    expected.map(({ symbol }) => symbol)
  )
  let word = expected[0]!.word
  spoken.forEach((segment, i) => {
    const match = words[i]
    if (match !== undefined) word = expected[match]!.word
    dealt[word]!.push(segment)
  })
  return dealt
}

/** For each symbol of one list the index of the symbol of the other that stands beside it, if one does. By edit distance. */
const matched = (one: ReadonlyArray<string>, other: ReadonlyArray<string>): ReadonlyArray<number | undefined> => {
  const width = other.length + 1
  const cost = new Uint16Array((one.length + 1) * width)
  const at = (i: number, j: number) => cost[i * width + j]!
  const beside = (i: number, j: number) => at(i + 1, j + 1) + (one[i] === other[j] ? 0 : 1)
  for (let i = one.length; i >= 0; i--) {
    for (let j = other.length; j >= 0; j--) {
      if (i === one.length || j === other.length) cost[i * width + j] = one.length - i + (other.length - j)
      else cost[i * width + j] = Math.min(beside(i, j), at(i + 1, j) + 1, at(i, j + 1) + 1)
    }
  }
  const result: Array<number | undefined> = []
  for (let i = 0, j = 0; i < one.length;) {
    if (j < other.length && at(i, j) === beside(i, j)) result[i++] = j++
    else if (at(i, j) === at(i + 1, j) + 1) result[i++] = undefined
    else j++
  }
  return result
}
