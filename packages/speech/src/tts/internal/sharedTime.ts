/** Word times for a voice that reports none: the time of a stretch is divided among its words by length. */
import * as AudioTime from "../../AudioTime.ts"
import type { SpokenWord } from "../../SpokenAudio.ts"
import * as WordPlaces from "./wordPlaces.ts"

/** The duration of a character at a usual pace of about 150 words a minute, in milliseconds. */
export const msPerCharacter = 65

/** The length of words in characters, with one more for the pause after each. */
const lengthOf = (words: ReadonlyArray<{ readonly text: string }>): number =>
  words.reduce((sum, { text }) => sum + text.length + 1, 0)

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
  const total = lengthOf(words)
  let passed = 0
  return words.map((word) => {
    const from = passed
    passed += lengthOf([word])
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
  const length = lengthOf(WordPlaces.words(text))
  return share(text, at, start, AudioTime.plus(start, length * msPerCharacter)).filter((word) => word.end <= end)
}
