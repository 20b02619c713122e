/** Synthesises a clause and locates its words in the audio. */
import * as Alignment from "./alignment.ts"
import type { Clause } from "./clauses.ts"
import type { Engine } from "./engine.ts"
import { readable } from "./readable.ts"

/** A clause, and how to speak it. */
export interface Request extends Clause {
  readonly voice: string
  readonly stretch: number
}

/** A synthesised clause. Times are in seconds from its first sample. */
export interface Said {
  readonly samples: Int16Array
  readonly sampleRateHz: number
  readonly words: ReadonlyArray<SaidWord>
}

/** A word and its sounds. It has none if it cannot be pronounced. */
export interface SaidWord {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly segments: ReadonlyArray<Alignment.Segment>
}

const silence: Said = { samples: new Int16Array(0), sampleRateHz: 16000, words: [] }

/** Silence to keep before the first sound. flite itself puts 0.2 s there, which would only delay the voice. */
const leadSeconds = 0.02
const maxKnown = 5000

/** Makes a function that synthesises clauses. It caches how the latest 5000 words are pronounced. */
export const make = (engine: Engine) => {
  const known = new Map<string, ReadonlyArray<string>>()

  const remember = (word: string, symbols: ReadonlyArray<string>) => {
    if (known.size >= maxKnown) known.delete(known.keys().next().value!)
    known.set(word, symbols)
  }

  /**
   * Returns the sounds of each word in isolation. Looks up all unknown words in one run, each as a separate sentence.
   */
  const soundsOf = (words: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
    const plain = words.map(bare)
    const unknown = [...new Set(plain)].filter((word) => word !== "" && !known.has(word))
    if (unknown.length > 0) {
      const groups = engine.pronounce(unknown.map((word) => `${word}.`).join("\n\n"))
      // A word with a pause in it yields an extra group. In that case look up each word separately.
      if (groups.length === unknown.length) unknown.forEach((word, i) => remember(word, groups[i]!))
      else for (const word of unknown) remember(word, engine.pronounce(word).flat())
    }
    return plain.map((word) => known.get(word) ?? [])
  }

  return (request: Request): Said => {
    const texts = request.words.map(readable)
    const text = texts.filter((word) => word !== "").join(" ")
    const said = text === "" ? undefined : engine.synthesize(text, request.voice, request.stretch)
    const spoken = said?.segments.filter(({ symbol }) => !Alignment.isPause(symbol)) ?? []
    if (said === undefined || spoken.length === 0) {
      return { ...silence, words: request.words.map((text) => ({ text, start: 0, end: 0, segments: [] })) }
    }
    const from = Math.max(0, spoken[0]!.start - leadSeconds)
    const to = spoken.at(-1)!.end
    const dealt = Alignment.deal(said.segments, soundsOf(texts))
    let last = spoken[0]!.start - from
    const words = request.words.map((text, i): SaidWord => {
      const segments = dealt[i]!.map(({ end, start, symbol }) => ({ symbol, start: start - from, end: end - from }))
      const start = segments[0]?.start ?? last
      last = segments.at(-1)?.end ?? last
      return { text, start, end: last, segments }
    })
    return { samples: cut(said, from, to, request.pauseMs / 1000), sampleRateHz: said.sampleRateHz, words }
  }
}

/** Strips punctuation that is silent or read as a pause. Keeps points inside a word, as in "3.5" and "U.S.A". */
const bare = (word: string): string =>
  word.replace(/^["'([{<]+/, "").replace(/(?<!["')\]}>.,;:!?])["')\]}>.,;:!?]+$/, "")

/**
 * Cuts out the audio between two times, and appends a pause: the audio that follows as far as it goes, then silence.
 */
const cut = (
  { sampleRateHz, samples }: { readonly samples: Int16Array; readonly sampleRateHz: number },
  from: number,
  to: number,
  pause: number
): Int16Array => {
  const first = Math.round(from * sampleRateHz)
  const end = Math.round((to + pause) * sampleRateHz)
  const result = new Int16Array(Math.max(0, end - first))
  result.set(samples.subarray(first, end))
  return result
}
