/**
 * Audio to play, as one tape of samples that only grows at its end. A cut drops audio that must not be played and
 * appends the rest after the end, so a position on the tape never has two meanings.
 */

/** A word on the tape. `end`: the sample after its last one. */
export interface Word {
  readonly text: string
  readonly end: number
  readonly reply: string
  readonly from: number | undefined
  readonly to: number | undefined
}

/** A stretch of audio on the tape, from one sample to another. */
export interface Stretch {
  readonly from: number
  readonly to: number
  readonly bytes: Uint8Array
  readonly reply: string
  readonly utterance: string
  readonly interruptible: boolean
}

/** Where an utterance begins, and where it ends so far. */
export interface Origin {
  readonly utterance: string
  readonly at: number
  readonly end: number
}

/** The tape, from the first sample not heard yet. */
export interface Tape {
  readonly stretches: ReadonlyArray<Stretch>
  /** Words not heard yet, in the order of their ends. */
  readonly words: ReadonlyArray<Word>
  readonly end: number
  /** The latest utterances: the sample from which the word times of each count, and the one after its last. */
  readonly origins: ReadonlyArray<Origin>
}

export const empty: Tape = { stretches: [], words: [], end: 0, origins: [] }

/** Adds words. Most arrive in order. */
export const insert = (words: ReadonlyArray<Word>, added: ReadonlyArray<Word>): ReadonlyArray<Word> => {
  if (added.length === 0) return words
  const all = [...words, ...added]
  const isSorted = all.every((word, index) => index === 0 || all[index - 1]!.end <= word.end)
  return isSorted ? all : all.toSorted((a, b) => a.end - b.end)
}

/** The bytes between two samples. */
export const read = (tape: Tape, from: number, to: number, sampleBytes: number): Uint8Array => {
  const parts: Array<Uint8Array> = []
  for (const stretch of tape.stretches) {
    if (stretch.to <= from) continue
    if (stretch.from >= to) break
    const first = Math.max(from, stretch.from) - stretch.from
    const last = Math.min(to, stretch.to) - stretch.from
    parts.push(stretch.bytes.subarray(first * sampleBytes, last * sampleBytes))
  }
  if (parts.length === 1) return parts[0]!
  const bytes = new Uint8Array((to - from) * sampleBytes)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Returns the stretch that contains a sample. */
export const at = (tape: Tape, sample: number): Stretch | undefined =>
  tape.stretches.find((stretch) => stretch.from <= sample && sample < stretch.to)

/** What a cut drops. */
export const dropped = (tape: Tape): Tape => {
  const stretches = tape.stretches.filter((stretch) => stretch.interruptible)
  const words = tape.words.filter((word) => stretches.some(({ from, to }) => word.end > from && word.end <= to))
  return { ...tape, stretches, words }
}

/** Moves audio that must not be interrupted to after the end, and drops all other audio not heard yet. */
export const cut = (tape: Tape, heard: number, sampleBytes: number): Tape => {
  const stretches: Array<Stretch> = []
  const words: Array<Word> = []
  let { end, origins } = tape
  for (const stretch of tape.stretches) {
    if (stretch.interruptible || stretch.to <= heard) continue
    const first = Math.max(heard, stretch.from)
    const shift = end - first
    const bytes = stretch.bytes.subarray((first - stretch.from) * sampleBytes)
    stretches.push({ ...stretch, from: end, to: stretch.to + shift, bytes })
    for (const word of tape.words) {
      if (word.end > first && word.end <= stretch.to) words.push({ ...word, end: word.end + shift })
    }
    end = stretch.to + shift
    origins = origins.map((origin) =>
      origin.utterance === stretch.utterance && origin.end === stretch.to
        ? { utterance: origin.utterance, at: origin.at + shift, end }
        : origin
    )
  }
  return { stretches, words, end, origins }
}
