/**
 * A recogniser that knows the words of a test's caller, and hears them as well as the line permits: a word is
 * recognised some time after its last sample has arrived, and is lost if most of its samples were.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../../AudioFormat.ts"
import * as AudioFrame from "../../../AudioFrame.ts"
import type { SpeechError } from "../../../SpeechError.ts"
import * as SpeechToText from "../../../SpeechToText.ts"
import type * as TestLine from "../../TestLine.ts"
import type { Mouth } from "./mouth.ts"

/** Options of the recogniser. Times are milliseconds. */
export interface Hearing {
  /** Whether it reports words during speech. True by default. */
  readonly partials?: boolean | undefined
  /** Whether it decides by itself when a turn is over, as Flux and Ink do. False by default. */
  readonly turns?: boolean | undefined
  /** Delay from the last sample of a word to its report. 150 by default. */
  readonly delayMs?: number | undefined
  /** Silence after which words are final. With `turns`: after which a turn is over. 300 by default, 600 with `turns`. */
  readonly finalMs?: number | undefined
  /** With `turns`: silence after which it reports a probable end of the turn. 250 by default. */
  readonly eagerMs?: number | undefined
  /** Maps a heard word to the recognised one. The word itself by default; undefined drops it. */
  readonly mishears?: ((word: string, index: number) => string | undefined) | undefined
}

/** Ten seconds. */
const mostLosses = 500
/** The share of a word that may be lost before it becomes unintelligible. */
const mostLost = 0.5

export interface TestEar {
  readonly layer: Layer.Layer<SpeechToText.SpeechToText>
  /** Called for each stretch that has arrived or was lost. */
  readonly arrived: (stretch: TestLine.Stretch, isLost: boolean) => void
  /** Whether there are words that are not final. */
  readonly isBusy: () => boolean
}

export const make = (mouth: Mouth, hearing: Hearing = {}): TestEar => {
  const { delayMs = 150, eagerMs = 250, mishears = (word) => word, partials = true, turns = false } = hearing
  const finalMs = hearing.finalMs ?? (turns ? 600 : 300)
  /** The latest lost stretches. Older ones are no longer needed. */
  let losses: ReadonlyArray<{ readonly from: number; readonly to: number }> = []
  const lose = (from: number, to: number) => {
    losses = [...losses, { from, to }].slice(-mostLosses)
  }
  let arrivedTo = 0
  /** Known words in the order of their ends, and the number of reported ones. */
  let told = 0
  let text: ReadonlyArray<string> = []
  let endsAt = 0
  let isEager = false

  const words = () =>
    mouth.utterances.flatMap((utterance) => utterance.words).toSorted((a, b) => a.to - b.to || a.from - b.from)
  const lostOf = ({ from, to }: { readonly from: number; readonly to: number }): number =>
    losses.reduce((sum, loss) => sum + Math.max(0, Math.min(to, loss.to) - Math.max(from, loss.from)), 0) /
    Math.max(1, to - from)
  const speaks = (): boolean => {
    const next = words()[told]
    return next !== undefined && next.from <= arrivedTo
  }

  const hear = (isFlushed: boolean): ReadonlyArray<SpeechToText.Event> => {
    const events: Array<SpeechToText.Event> = []
    let isNew = false
    for (let next = words()[told]; next !== undefined; next = words()[told]) {
      if (next.to + (isFlushed ? 0 : delayMs) > arrivedTo) break
      const heard = lostOf(next) > mostLost ? undefined : mishears(next.text, told)
      told++
      if (heard === undefined) continue
      if (isEager) events.push({ _tag: "Resumed" })
      isEager = false
      text = [...text, heard]
      endsAt = next.to
      isNew = true
    }
    const all = text.join(" ")
    if (isNew && (partials || turns)) events.push({ _tag: "Partial", text: all })
    if (text.length === 0 || speaks()) return events
    const silence = arrivedTo - endsAt
    if (turns && !isEager && silence >= eagerMs) {
      isEager = true
      events.push({ _tag: "EagerEnd", text: all })
    }
    if (silence < finalMs && !(isFlushed && !turns)) return events
    events.push({ _tag: turns ? "TurnEnded" : "Final", text: all })
    text = []
    isEager = false
    return events
  }

  return {
    arrived: ({ from, to }, isLost) => {
      if (isLost) lose(from, to)
      arrivedTo = to
    },
    isBusy: () => text.length > 0 || words().length > told,
    layer: Layer.succeed(
      SpeechToText.SpeechToText,
      SpeechToText.SpeechToText.of({
        name: "test",
        capabilities: { turns, partials: partials || turns, wordTimes: false },
        warmUp: Effect.void,
        open: () =>
          Effect.map(
            Effect.acquireRelease(Queue.unbounded<SpeechToText.Event, SpeechError | Cause.Done>(), (queue) =>
              Queue.shutdown(queue)
            ),
            (queue) => {
              const tell = (isFlushed: boolean) =>
                Effect.sync(() => {
                  for (const event of hear(isFlushed)) Queue.offerUnsafe(queue, event)
                })
              return {
                send: (frame) => {
                  const silent = AudioFormat.silentByte(frame.format)
                  // Audio that the pipeline does not pass on never reached the recogniser.
                  if (frame.bytes.every((byte) => byte === silent)) {
                    lose(arrivedTo - AudioFrame.durationMs(frame), arrivedTo)
                  }
                  return tell(false)
                },
                flush: tell(true),
                end: Effect.asVoid(Queue.end(queue)),
                events: Stream.fromQueue(queue)
              }
            }
          )
      })
    )
  }
}
