/**
 * What the calls of the telephone bench have in common: when the caller speaks, and how long a word of the voice lasts.
 */

/** How long the caller speaks. */
export const speechMs = 900

/** Milliseconds of the call at which the caller begins to speak. */
export const onsets = [3000, 9000, 15_000]

/** Twelve frames of 20 ms. The last 50 ms are silence: the word is over before them. */
export const wordMs = 240
const silenceMs = 50

/** Of mu-law at 8000 Hz. */
export const bytesPerMs = 8

/** Number of words in the played part of an answer. */
export const wordsIn = (bytes: number): number =>
  Math.max(0, Math.floor((bytes - (wordMs - silenceMs) * bytesPerMs) / (wordMs * bytesPerMs)) + 1)
