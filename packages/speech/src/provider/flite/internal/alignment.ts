/**
 * Assigns the sounds of a clause to its words. flite reports when each sound of a clause is heard, but not which word
 * it belongs to. It can also pronounce a word in isolation, which may differ slightly ("the", "a"). Aligning the two,
 * with as few differences as possible, yields the words.
 */

/** A sound and when it is heard, in seconds from the start of the clause. */
export interface Segment {
  readonly symbol: string
  readonly start: number
  readonly end: number
}

/** Parses the output of `flite -psdur`: each sound with its end in seconds, as in `pau:0.222 y:0.299 ...`. */
export const parse = (text: string): ReadonlyArray<Segment> => {
  let start = 0
  return [...text.matchAll(/(?<![a-z])([a-z]+):([\d.]+)/g)].map(([, symbol, seconds]) => {
    const segment = { symbol: symbol!, start, end: Number(seconds) }
    start = segment.end
    return segment
  })
}

/** Whether a symbol stands for silence, which belongs to no word. */
export const isPause = (symbol: string): boolean => symbol === "pau"

/**
 * Distributes the sounds of a clause over its words. `sounds` has the symbols of each word in isolation. Every sound
 * except pauses goes to exactly one word, in order; a word without symbols gets none.
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

/**
 * Finds, for each symbol of one list, the index of its counterpart in the other, if it has one. Minimises the edit
 * distance.
 */
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
