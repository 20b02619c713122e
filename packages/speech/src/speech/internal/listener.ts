/** Keeps a recogniser open. If it fails, it is opened again and hears the last seconds of audio once more. */
import * as Monotonic from "@antiphon/core/Monotonic"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type * as AudioFormat from "../../AudioFormat.ts"
import * as AudioFrame from "../../AudioFrame.ts"
import * as SpeechError from "../../SpeechError.ts"
import { retrying } from "../../internal/retrying.ts"
import type * as SpeechToText from "../../SpeechToText.ts"

/** Recognises the speech of one call. */
export interface Listener {
  /** Takes a frame without waiting. */
  readonly hear: (frame: AudioFrame.AudioFrame) => void
  readonly flush: () => void
  /** Marks all audio so far as recognised: it is not sent again. */
  readonly forget: () => void
  /** Switches to another language. */
  readonly speaks: (language: string) => void
  /** The last seconds of audio. */
  readonly recent: () => ReadonlyArray<AudioFrame.AudioFrame>
  /** Listens until the recogniser has failed for good. */
  readonly run: Effect.Effect<void>
}

type Order = { readonly _tag: "Frame"; readonly frame: AudioFrame.AudioFrame } | { readonly _tag: "Flush" }

/** Number of frames that may wait for a recogniser, ten seconds of audio. Beyond it, the oldest are dropped. */
const mostWaiting = 500
/** How much audio may be kept beyond what is needed, because dropping it frame by frame would copy the others each time. */
const oftenMs = 1000
/** The longest wait that a provider may ask for, in milliseconds. */
const mostAskedMs = 5000
/** A session that lasts this long counts as successful. */
const livedMs = 5000

/** Makes the listener of a call. */
export const make = (options: {
  readonly stt: SpeechToText.SpeechToText["Service"]
  readonly format: AudioFormat.AudioFormat
  readonly session: SpeechToText.Options
  readonly retry: Schedule.Schedule<unknown, SpeechError.SpeechError>
  /** How much audio to send again to a new session, in milliseconds. */
  readonly againMs: number
  readonly heard: (event: SpeechToText.Event) => void
}): Listener => {
  const provider = options.stt.name.split("/")[0]!
  let session = options.session
  let kept: Array<AudioFrame.AudioFrame> = []
  let orders: Array<Order> | undefined
  const changed = Latch.makeUnsafe(false)
  const some = Latch.makeUnsafe(false)

  /** Opening the latch resumes the feed at once, while a queue would resume it in another turn of the event loop. */
  const add = (order: Order): void => {
    if (orders === undefined) return
    orders.push(order)
    if (orders.length > mostWaiting) orders.shift()
    some.openUnsafe()
  }

  const recent = (): ReadonlyArray<AudioFrame.AudioFrame> => {
    const last = kept.at(-1)
    if (last === undefined) return kept
    const first = kept.findIndex((each) => AudioFrame.end(each) > AudioFrame.end(last) - options.againMs)
    return first > 0 ? (kept = kept.slice(first)) : kept
  }

  const listened = Effect.gen(function* () {
    const { end: _end, events, flush, send } = yield* options.stt.open(options.format, session)
    orders = recent().map((frame): Order => ({ _tag: "Frame", frame }))
    const feed = Effect.forever(
      Effect.suspend(() => {
        const order = orders?.shift()
        if (order !== undefined) return order._tag === "Frame" ? send(order.frame) : flush
        some.closeUnsafe()
        return some.await
      }),
      { disableYield: true }
    )
    // One that breaks down while it takes audio has failed as well, or nobody would notice that it hears nothing.
    const fed = Effect.catchDefect(feed, (cause) => Effect.fail(SpeechError.make(provider, { _tag: "Engine", cause })))
    const told = Stream.runForEach(events, (event) => Effect.sync(() => options.heard(event)))
    yield* Effect.raceFirst(told, fed)
    // If the recogniser ends during the call, it has closed the connection.
    return yield* Effect.fail(SpeechError.make(provider, { _tag: "Closed", closeCode: 1000 }))
  }).pipe(
    Effect.scoped,
    Effect.ensuring(
      Effect.sync(() => {
        orders = undefined
      })
    )
  )

  /** After a successful session, the next failure counts as the first. */
  const once = Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const begun = Monotonic.millis(clock)
    yield* Effect.catch(listened, (error) =>
      Monotonic.millis(clock) - begun >= livedMs
        ? Effect.logWarning(`A recogniser failed and is being reopened: ${error.message}`)
        : Effect.fail(error)
    )
  })

  const inLanguage: Effect.Effect<void, SpeechError.SpeechError> = Effect.suspend(() => {
    changed.closeUnsafe()
    return Effect.raceFirst(once, Effect.as(changed.await, "again"))
  })

  return {
    hear: (frame) => {
      kept.push(frame)
      if (AudioFrame.end(frame) - AudioFrame.end(kept[0]!) > options.againMs + oftenMs) recent()
      add({ _tag: "Frame", frame })
    },
    flush: () => {
      add({ _tag: "Flush" })
    },
    forget: () => {
      kept = []
    },
    speaks: (language) => {
      session = { ...session, language }
      changed.openUnsafe()
    },
    recent,
    run: Effect.forever(Effect.retry(inLanguage, retrying(options.retry, mostAskedMs))).pipe(
      Effect.catch((error) => Effect.logError(`The recogniser has failed for good: ${error.message}`))
    )
  }
}
