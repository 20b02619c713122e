/** A voice from a function that speaks a text: each clause is synthesised only when its audio is pulled. */
import type * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../AudioFormat.ts"
import * as AudioTime from "../../AudioTime.ts"
import * as Clauses from "../../Clauses.ts"
import type { SpeechError } from "../../SpeechError.ts"
import type { SpokenAudio, SpokenWord } from "../../SpokenAudio.ts"
import type { Session, SpeechContext } from "./service.ts"
import * as WordPlaces from "./wordPlaces.ts"

/** Speaks a text. Times count from the first sample, positions from the first character. */
export type Speak = (text: string) => Stream.Stream<SpokenAudio, SpeechError>

/** Makes the voice of a call. */
export const session = (format: AudioFormat.AudioFormat, speak: Speak, limits?: Clauses.Options): Session => ({
  format,
  context: Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => makeContext(format, speak, limits)),
      (context) => context.cancel
    ),
    (context) => context
  )
})

const makeContext = (format: AudioFormat.AudioFormat, speak: Speak, limits?: Clauses.Options): SpeechContext => {
  const queue = Effect.runSync(Queue.unbounded<Clauses.Clause, Cause.Done>())
  const cancelled = Deferred.makeUnsafe<void>()
  let clauses = Clauses.make(limits)
  let isOpen = true
  let samples = 0

  const add = (told: readonly [Clauses.Clauses, ReadonlyArray<Clauses.Clause>]) => {
    clauses = told[0]
    Queue.offerAllUnsafe(
      queue,
      told[1].filter(({ text }) => text.trim() !== "")
    )
  }
  const said = (clause: Clauses.Clause) => {
    const start = AudioTime.fromSamples(samples, format.sampleRateHz)
    let at = 0
    const placed = (word: SpokenWord): SpokenWord => {
      const place =
        word.from === undefined || word.to === undefined
          ? WordPlaces.find(clause.text, word.text, at)
          : { from: word.from, to: word.to }
      if (place !== undefined) at = place.to
      return {
        ...word,
        start: AudioTime.plus(start, word.start),
        end: AudioTime.plus(start, word.end),
        ...(place === undefined ? {} : { from: clause.from + place.from, to: clause.from + place.to })
      }
    }
    return Stream.map(speak(clause.text), ({ audio, words }): SpokenAudio => {
      const time = AudioTime.fromSamples(samples, format.sampleRateHz)
      samples += audio.bytes.length / AudioFormat.bytesPerSample(format)
      return { audio: { ...audio, time }, words: words.map(placed) }
    })
  }

  return {
    push: (text) =>
      Effect.sync(() => {
        if (isOpen) add(Clauses.push(clauses, text))
      }),
    flush: Effect.sync(() => {
      if (isOpen) add(Clauses.flush(clauses))
    }),
    end: Effect.sync(() => {
      if (!isOpen) return
      isOpen = false
      add(Clauses.flush(clauses))
      Queue.endUnsafe(queue)
    }),
    audio: Stream.fromQueue(queue).pipe(
      Stream.rechunk(1),
      Stream.flatMap(said),
      Stream.interruptWhen(Deferred.await(cancelled))
    ),
    cancel: Effect.sync(() => {
      isOpen = false
      Deferred.doneUnsafe(cancelled, Effect.void)
    })
  }
}
