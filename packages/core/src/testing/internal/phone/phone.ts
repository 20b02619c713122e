/** The phone of a simulated call: how it carries what is said, and what it reports of it. */
import type * as Duration from "effect/Duration"

/** A word on its way to the caller. `index` counts the words of the call from 0. */
export interface Word {
  readonly text: string
  readonly index: number
}

/** How the phone carries the call. */
export interface Phone {
  /** How fast the agent's words are spoken. 160 by default. */
  readonly wordsPerMinute?: number | undefined
  /** Time between a text and its first sound. None by default. */
  readonly firstSound?: Duration.Input | undefined
  /** Words that are heard and not reported. */
  readonly loses?: ((word: Word) => boolean) | undefined
  /** What is reported instead of a word, for example of a number that is read out. Undefined: the word. */
  readonly distorts?: ((word: Word) => string | undefined) | undefined
  /** How long the harness takes for what the agent sends. The agent waits meanwhile. None by default. */
  readonly sendDelay?: ((count: number) => Duration.Input) | undefined
  /**
   * Whether the call is recorded up to here: the phone only takes what the agent sends, and the caller repeats what is heard
   * of it, and how the call ends. Asked with the turn that started last.
   */
  readonly isRecorded?: ((turn: number) => boolean) | undefined
}

/** How long a word takes. In whole milliseconds, so that the times of a call can be written down. */
export const wordMs = (wordsPerMinute: number): number => {
  if (!(wordsPerMinute > 0)) throw new RangeError(`words per minute must be more than 0, and not ${wordsPerMinute}`)
  const exact = 60_000 / wordsPerMinute
  return exact < 1 ? exact : Math.round(exact)
}
