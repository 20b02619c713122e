/**
 * Synthesised speech with its words, so that the words heard follow from how much was played.
 *
 * @since 0.1.0
 */
import type * as AudioFrame from "./AudioFrame.ts"
import type * as AudioTime from "./AudioTime.ts"

/** One part of an utterance. All times count from the first sample of the utterance. */
export interface SpokenAudio {
  readonly audio: AudioFrame.AudioFrame
  /** The words that begin in this part, in order. */
  readonly words: ReadonlyArray<SpokenWord>
}

/** A word as written, including punctuation, and when it is heard. A word that cannot be pronounced takes no time. */
export interface SpokenWord {
  readonly text: string
  readonly start: AudioTime.AudioTime
  readonly end: AudioTime.AudioTime
  /** The place of the word in the text that was spoken, in UTF-16 code units. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** The phonemes of the word, if the voice reports them. */
  readonly phonemes?: ReadonlyArray<Phoneme> | undefined
}

/** A phoneme, in the notation of the voice. */
export interface Phoneme {
  readonly symbol: string
  readonly start: AudioTime.AudioTime
  readonly end: AudioTime.AudioTime
}
