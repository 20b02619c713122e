/**
 * Sound of a voice, with the words in it: what is heard can be told from how much of it was played.
 *
 * @since 0.1.0
 */
import type * as AudioFrame from "./AudioFrame.ts"
import type * as AudioTime from "./AudioTime.ts"

/** A part of what was spoken. Its times, and that of its sound, are counted from the first sample of the whole. */
export interface SpokenAudio {
  readonly audio: AudioFrame.AudioFrame
  /** The words that begin in this part, in order. */
  readonly words: ReadonlyArray<SpokenWord>
}

/** A word as it was written, punctuation included, and when it is heard. One that cannot be read out takes no time. */
export interface SpokenWord {
  readonly text: string
  readonly start: AudioTime.AudioTime
  readonly end: AudioTime.AudioTime
  /** The sounds of the word, if the voice tells them. */
  readonly phonemes?: ReadonlyArray<Phoneme> | undefined
}

/** A sound of a word, in the alphabet of the voice. */
export interface Phoneme {
  readonly symbol: string
  readonly start: AudioTime.AudioTime
  readonly end: AudioTime.AudioTime
}
