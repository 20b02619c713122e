/**
 * Assembles words from character times. The times in each message start with its own audio, and a word may start in one
 * message and end in the next.
 */
import * as Schema from "effect/Schema"
import type { TimedWord } from "../../../tts/internal/socketVoice.ts"

/** Characters with their times, in milliseconds of the audio they come with. */
export const Alignment = Schema.Struct({
  chars: Schema.Array(Schema.String),
  charStartTimesMs: Schema.Array(Schema.Finite),
  charDurationsMs: Schema.Array(Schema.Finite)
})
export type Alignment = typeof Alignment.Type

/** The audio so far, and the incomplete word. */
export interface State {
  readonly passedMs: number
  readonly word: TimedWord | undefined
}

/** The initial state. */
export const initial: State = { passedMs: 0, word: undefined }

/** Adds a message, and returns the words it completes. */
export const push = (
  state: State,
  alignment: Alignment | undefined,
  audioMs: number
): readonly [State, ReadonlyArray<TimedWord>] => {
  const words: Array<TimedWord> = []
  let { word } = state
  alignment?.chars.forEach((text, i) => {
    if (text.trim() === "") {
      if (word !== undefined) words.push(word)
      word = undefined
      return
    }
    const startMs = state.passedMs + (alignment.charStartTimesMs[i] ?? 0)
    const endMs = startMs + (alignment.charDurationsMs[i] ?? 0)
    word = word === undefined ? { text, startMs, endMs } : { text: word.text + text, startMs: word.startMs, endMs }
  })
  return [{ passedMs: state.passedMs + audioMs, word }, words]
}

/** The last word, which no space follows. */
export const flush = ({ word }: State): ReadonlyArray<TimedWord> => (word === undefined ? [] : [word])
