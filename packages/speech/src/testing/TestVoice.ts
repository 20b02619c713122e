/**
 * A voice for tests: a tone for each word, with word times exact to the sample. It can be told to answer late or to
 * break off.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../AudioFormat.ts"
import * as AudioFrame from "../AudioFrame.ts"
import * as AudioTime from "../AudioTime.ts"
import * as Tones from "../provider/tones/Tones.ts"
import * as SpeechError from "../SpeechError.ts"
import type { SpokenAudio } from "../SpokenAudio.ts"
import * as TextToSpeech from "../TextToSpeech.ts"

/** Options of the voice. */
export interface Options {
  /** Duration of a word, including 50 ms of silence after it. 250 milliseconds by default. */
  readonly word?: Duration.Input | undefined
  /** Delay from the first text to the first audio. None by default. */
  readonly delay?: Duration.Input | undefined
  /** Contexts that break off, and after how many words. Counted from 1 over all calls. */
  readonly breaks?: { readonly [context: number]: number } | undefined
}

/** Layer of the voice. */
export const layer = (options: Options = {}): Layer.Layer<TextToSpeech.TextToSpeech> =>
  Layer.sync(TextToSpeech.TextToSpeech, () => {
    const wordMs = Duration.toMillis(Duration.fromInputUnsafe(options.word ?? 250))
    const made = new Map<string, SpokenAudio>()
    const tonesOf = (word: string, format: AudioFormat.AudioFormat): SpokenAudio => {
      const key = `${AudioFormat.name(format)} ${word}`
      const tones = made.get(key) ?? Tones.parts(word, { format, wordMs })[0]!
      made.set(key, tones)
      return tones
    }
    let contexts = 0
    const context = (format: AudioFormat.AudioFormat) =>
      Effect.gen(function* () {
        const number = ++contexts
        const queue = yield* Effect.acquireRelease(
          Queue.unbounded<Word, SpeechError.SpeechError | Cause.Done>(),
          (queue) => Queue.shutdown(queue)
        )
        let [text, at, words, isOver] = ["", 0, 0, false]
        const say = (isLast: boolean) => {
          const complete = isLast ? text.length : text.search(/\S*$/)
          const limit = options.breaks?.[number] ?? Number.POSITIVE_INFINITY
          for (const { 0: word, index } of text.slice(0, complete).matchAll(/\S+/g)) {
            if (index < at || isOver) continue
            at = index + word.length
            if (words >= limit) {
              isOver = true
              Queue.failCauseUnsafe(queue, failure)
              return
            }
            Queue.offerUnsafe(queue, { text: word, number: words++, from: index })
          }
        }
        return {
          push: (more: string) =>
            Effect.sync(() => {
              text += more
              say(false)
            }),
          flush: Effect.sync(() => say(true)),
          end: Effect.suspend(() => {
            say(true)
            return Effect.asVoid(Queue.end(queue))
          }),
          audio: Stream.fromQueue(queue).pipe(
            // One word at a time, generated on demand.
            Stream.rechunk(1),
            Stream.map((word) => spoken(word, tonesOf(word.text, format))),
            Stream.onFirst(() => (options.delay === undefined ? Effect.void : Effect.sleep(options.delay)))
          ),
          cancel: Effect.asVoid(Queue.shutdown(queue))
        }
      })
    return {
      name: "test/tones",
      capabilities: { wordTimes: true },
      warmUp: Effect.void,
      open: (_voice, format) => Effect.succeed({ format, context: context(format) })
    }
  })

const failure = Cause.fail(SpeechError.make("test", { _tag: "Closed", closeCode: 1006 }))

interface Word {
  readonly text: string
  readonly number: number
  readonly from: number
}

const spoken = ({ from, number, text }: Word, tones: SpokenAudio): SpokenAudio => {
  const wordMs = AudioFrame.durationMs(tones.audio)
  const time = AudioTime.make(number * wordMs)
  const end = AudioTime.plus(time, tones.words[0]!.end)
  return { audio: { ...tones.audio, time }, words: [{ text, start: time, end, from, to: from + text.length }] }
}
