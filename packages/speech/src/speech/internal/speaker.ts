/** Keeps voices open and speaks utterances with them: text goes in piece by piece, audio comes out on request. */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Pull from "effect/Pull"
import * as Queue from "effect/Queue"
import type * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../AudioFormat.ts"
import { retrying } from "../../internal/retrying.ts"
import * as AudioTime from "../../AudioTime.ts"
import type * as SpeechError from "../../SpeechError.ts"
import type { SpokenAudio } from "../../SpokenAudio.ts"
import type * as TextToSpeech from "../../TextToSpeech.ts"
import * as Transcode from "../../Transcode.ts"
import type { Told } from "./told.ts"

/** The longest wait that a provider may ask for, in milliseconds. The caller hears nothing meanwhile. */
const mostAskedMs = 2000

type Order = { readonly _tag: "Say"; readonly text: string } | { readonly _tag: "End" }

interface Speaking {
  readonly orders: Queue.Queue<Order>
  readonly pulls: Queue.Queue<void>
  readonly fiber: Fiber.Fiber<void>
}

/** Speaks for one call. */
export interface Speaker {
  /** Opens a voice before it is needed. */
  readonly warm: (voice: TextToSpeech.Voice) => void
  readonly open: (utterance: string, attempt: number, voice: TextToSpeech.Voice) => void
  readonly say: (utterance: string, text: string) => void
  readonly end: (utterance: string) => void
  readonly pull: (utterance: string) => void
  readonly cancel: (utterance: string) => void
}

/** Makes the speaker of a call. `fork` runs an effect until the call is over. */
export const make = (options: {
  readonly tts: TextToSpeech.TextToSpeech["Service"]
  readonly format: AudioFormat.AudioFormat
  readonly retry: Schedule.Schedule<unknown, SpeechError.SpeechError>
  readonly scope: Scope.Scope
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  readonly tell: (told: Told) => void
}): Speaker => {
  const speaking = new Map<string, Speaking>()
  const sessions = new Map<string, Deferred.Deferred<TextToSpeech.Session, SpeechError.SpeechError>>()

  /** The session of a voice, opened once. If that fails, it is tried again for the next utterance. */
  const sessionOf = (voice: TextToSpeech.Voice): Effect.Effect<TextToSpeech.Session, SpeechError.SpeechError> => {
    const key = JSON.stringify(voice)
    const known = sessions.get(key)
    if (known !== undefined) return Deferred.await(known)
    const opened = Deferred.makeUnsafe<TextToSpeech.Session, SpeechError.SpeechError>()
    sessions.set(key, opened)
    options.fork(
      options.tts.open(voice, options.format).pipe(
        Effect.retry(retrying(options.retry, mostAskedMs)),
        Scope.provide(options.scope),
        Effect.tapError(() => Effect.sync(() => sessions.delete(key))),
        Effect.exit,
        Effect.flatMap((exit) => Deferred.done(opened, exit))
      ) as Effect.Effect<void>
    )
    return Deferred.await(opened)
  }

  const speak = (
    utterance: string,
    attempt: number,
    voice: TextToSpeech.Voice,
    orders: Queue.Queue<Order>,
    pulls: Queue.Queue<void>
  ) =>
    Effect.gen(function* () {
      const session = yield* sessionOf(voice)
      const context = yield* session.context
      const obey = (order: Order) =>
        order._tag === "End" ? context.end : Effect.andThen(context.push(order.text), context.flush)
      yield* Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.take(orders), obey), { disableYield: true }))
      const next = yield* Stream.toPull(Stream.rechunk(context.audio, 1))
      let transcoder: Transcode.Transcoder | undefined
      const inFormat = (part: SpokenAudio): SpokenAudio => {
        const { bytes, format } = part.audio
        // A part may end in the middle of a sample: the transcoder keeps the half for the next one.
        const isWhole = bytes.length % AudioFormat.bytesPerSample(format) === 0
        if (transcoder === undefined && isWhole && AudioFormat.equals(format, options.format)) return part
        if (transcoder === undefined || !AudioFormat.equals(transcoder.from, format)) {
          transcoder = Transcode.make(format, options.format)
        }
        return {
          ...part,
          audio: { format: options.format, bytes: transcoder.push(bytes), time: AudioTime.zero }
        }
      }
      return yield* Effect.forever(
        Effect.andThen(
          Queue.take(pulls),
          Effect.map(next, ([part]) => options.tell({ _tag: "Voiced", utterance, attempt, part: inFormat(part) }))
        ),
        { disableYield: true }
      )
    }).pipe(
      Effect.scoped,
      Effect.exit,
      Effect.flatMap((exit) => {
        if (!Exit.isFailure(exit) || Cause.hasInterruptsOnly(exit.cause)) return Effect.void
        const isDone = Pull.isDoneCause(exit.cause)
        const error = Cause.squash(exit.cause)
        return Effect.andThen(
          isDone
            ? Effect.void
            : Effect.logWarning(`A voice failed: ${error instanceof Error ? error.message : "defect"}`),
          Effect.sync(() => options.tell({ _tag: isDone ? "VoiceEnded" : "VoiceFailed", utterance, attempt }))
        )
      })
    ) as Effect.Effect<void>

  const cancel = (utterance: string) => {
    speaking.get(utterance)?.fiber.interruptUnsafe()
    speaking.delete(utterance)
  }

  return {
    warm: (voice) => void sessionOf(voice),
    open: (utterance, attempt, voice) => {
      cancel(utterance)
      const orders = Effect.runSync(Queue.unbounded<Order>())
      const pulls = Effect.runSync(Queue.unbounded<void>())
      const fiber = options.fork(speak(utterance, attempt, voice, orders, pulls))
      const entry = { orders, pulls, fiber }
      speaking.set(utterance, entry)
      fiber.addObserver(() => {
        if (speaking.get(utterance) === entry) speaking.delete(utterance)
      })
    },
    say: (utterance, text) => {
      const entry = speaking.get(utterance)
      if (entry !== undefined) Queue.offerUnsafe(entry.orders, { _tag: "Say", text })
    },
    end: (utterance) => {
      const entry = speaking.get(utterance)
      if (entry !== undefined) Queue.offerUnsafe(entry.orders, { _tag: "End" })
    },
    pull: (utterance) => {
      const entry = speaking.get(utterance)
      if (entry !== undefined) Queue.offerUnsafe(entry.pulls, undefined)
    },
    cancel
  }
}
