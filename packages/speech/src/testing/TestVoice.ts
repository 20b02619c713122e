/**
 * A voice for tests: a tone for each word, with word times exact to the sample, that answers late or breaks off if told to.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type * as AudioFormat from "../AudioFormat.ts"
import type * as AudioFrame from "../AudioFrame.ts"
import * as AudioTime from "../AudioTime.ts"
import * as Tones from "../provider/tones/Tones.ts"
import * as SpeechError from "../SpeechError.ts"
import type { SpokenAudio } from "../SpokenAudio.ts"
import * as TextToSpeech from "../TextToSpeech.ts"

/** How the voice behaves. */
export interface Options {
  /** How long a word takes, including 50 ms of silence after it. 250 milliseconds. */
  readonly word?: Duration.Input | undefined
  /** From the first text to the first audio. At once by default. */
  readonly delay?: Duration.Input | undefined
  /** Contexts, counted from 1 over all calls, that break off after so many words. */
  readonly breaks?: { readonly [context: number]: number } | undefined
}

/** Layer of the voice. */
export const layer = (options: Options = {}): Layer.Layer<TextToSpeech.TextToSpeech> =>
  Layer.sync(TextToSpeech.TextToSpeech, () => {
    const wordMs = Duration.toMillis(Duration.fromInputUnsafe(options.word ?? 250))
    let contexts = 0
    const context = (format: AudioFormat.AudioFormat) =>
      Effect.gen(function* () {
        const number = ++contexts
        const queue = yield* Effect.acquireRelease(
          Queue.unbounded<SpokenAudio, SpeechError.SpeechError | Cause.Done>(),
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
            Queue.offerUnsafe(queue, spoken(word, words++, index, format, wordMs))
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
            Stream.rechunk(1),
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

const spoken = (
  word: string,
  number: number,
  from: number,
  format: AudioFormat.AudioFormat,
  wordMs: number
): SpokenAudio => {
  const [part] = Tones.parts(word, { format, wordMs })
  const time = AudioTime.make(number * wordMs)
  const audio: AudioFrame.AudioFrame = { ...part!.audio, time }
  const [spokenWord] = part!.words
  return {
    audio,
    words: [{ text: word, start: time, end: AudioTime.plus(time, spokenWord!.end), from, to: from + word.length }]
  }
}
