/** Word times for a voice that reports none: the time of a stretch is divided among its words by length. */
import * as AudioTime from "../../AudioTime.ts"
import type { SpokenWord } from "../../SpokenAudio.ts"
import * as WordPlaces from "./wordPlaces.ts"

/** The duration of a character at a usual pace of about 150 words a minute, in milliseconds. */
export const msPerCharacter = 65

/**
 * Divides the time from `start` to `end` among the words of a text, which begins at position `at` in the whole text.
 */
export const share = (
  text: string,
  at: number,
  start: AudioTime.AudioTime,
  end: AudioTime.AudioTime
): ReadonlyArray<SpokenWord> => {
  const words = WordPlaces.words(text)
  // One extra character, for the pause after each word.
  const total = words.reduce((sum, word) => sum + word.text.length + 1, 0)
  let passed = 0
  return words.map((word) => {
    const from = passed
    passed += word.text.length + 1
    return {
      text: word.text,
      start: AudioTime.plus(start, ((end - start) * from) / total),
      end: AudioTime.plus(start, ((end - start) * passed) / total),
      from: at + word.from,
      to: at + word.to
    }
  })
}

/** The words that are over by `end` if a text is spoken from `start` at the usual pace: a guess, while no times are known. */
export const paced = (
  text: string,
  at: number,
  start: AudioTime.AudioTime,
  end: AudioTime.AudioTime
): ReadonlyArray<SpokenWord> => {
  const length = WordPlaces.words(text).reduce((sum, word) => sum + word.text.length + 1, 0)
  return share(text, at, start, AudioTime.plus(start, length * msPerCharacter)).filter((word) => word.end <= end)
}
