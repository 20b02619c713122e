/** The phone of a simulated call: how it carries speech, and how it reports speech. */
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
  /** Words that are heard but not reported. */
  readonly loses?: ((word: Word) => boolean) | undefined
  /** The text reported instead of a word, for example for a number that is read out. Undefined: the word itself. */
  readonly distorts?: ((word: Word) => string | undefined) | undefined
  /** How long the harness takes to accept the agent's outputs. The agent waits meanwhile. None by default. */
  readonly sendDelay?: ((count: number) => Duration.Input) | undefined
  /**
   * Whether the call up to this turn repeats a recording: the phone then only accepts the agent's outputs, and the
   * caller replays the reports of heard words and the end of the call. Called with the latest turn.
   */
  readonly isRecorded?: ((turn: number) => boolean) | undefined
}

/** The duration of a word, in whole milliseconds, so that the times of a call are exact in print. */
export const wordMs = (wordsPerMinute: number): number => {
  if (!(wordsPerMinute > 0)) throw new RangeError(`words per minute must be more than 0, and not ${wordsPerMinute}`)
  const exact = 60_000 / wordsPerMinute
  return exact < 1 ? exact : Math.round(exact)
}
