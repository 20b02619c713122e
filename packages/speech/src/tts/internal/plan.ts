/** A plan of voices. When a voice fails during a reply, the next one continues after the last word handed out. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../AudioFormat.ts"
import * as AudioTime from "../../AudioTime.ts"
import * as Steps from "../../internal/steps.ts"
import * as SpeechError from "../../SpeechError.ts"
import type { SpokenAudio } from "../../SpokenAudio.ts"
import type * as Service from "./service.ts"
import * as SharedTime from "./sharedTime.ts"

/** How the plan handles failures. */
export interface Options extends Steps.Options {
  /** Longest wait for the first audio of a reply, from the first pull. By default the voice decides. */
  readonly firstAudioDeadline?: Duration.Input | undefined
}

type Voices = Service.TextToSpeech["Service"]
type Session = Steps.Opened<Voices, Service.Session>

/** How many times in a row a voice may break without having said anything. */
const mostInARow = 2

/** Makes a voice from a plan. The id of a voice applies to the plan's first voice only. */
export const make = (services: ReadonlyArray<Voices>, options: Options): Voices => {
  const steps = services.map(Steps.make)
  return {
    name: steps[0]?.name ?? "none",
    capabilities: { wordTimes: services.every(({ capabilities }) => capabilities.wordTimes) },
    warmUp: services[0]?.warmUp ?? Effect.void,
    open: (voice, format) =>
      Effect.gen(function* () {
        const scope = yield* Effect.scope
        const elsewhere: Service.Voice = { language: voice.language, speed: voice.speed }
        const start = Steps.open(
          steps,
          options,
          (step) => step.service.open(step === steps[0] ? voice : elsewhere, format),
          late("connection")
        )
        let current: Session = yield* start
        const now = Effect.suspend(() => Effect.succeed(current))
        /** Opens another session: with the same voice if it may be retried, otherwise with the next. */
        const replace = (failed: Session, isGivenUp: boolean) =>
          Effect.gen(function* () {
            if (isGivenUp) yield* Steps.giveUp(failed.step, options)
            if (current !== failed) return current
            yield* Scope.close(failed.scope, Exit.void)
            current = yield* Scope.provide(start, scope)
            return current
          })
        return {
          format,
          context: Effect.suspend(() => makeReply(steps.length, options, format, now, replace))
        }
      })
  }
}

const late = (what: "connection" | "audio") => (step: Steps.Step<Voices>, afterMs: number) =>
  SpeechError.make(step.name.split("/")[0]!, { _tag: "TimedOut", what, afterMs })

const makeReply = Effect.fnUntraced(function* (
  count: number,
  options: Options,
  format: AudioFormat.AudioFormat,
  session: Effect.Effect<Session>,
  replace: (failed: Session, isGivenUp: boolean) => Effect.Effect<Session, SpeechError.SpeechError>
) {
  const scope = yield* Effect.scope
  const state = {
    text: "",
    hasEnded: false,
    isCancelled: false,
    /** The number of samples handed out, the end time of their last word, and the position after it. */
    samples: 0,
    wordEnd: 0,
    spoken: 0,
    inARow: 0
  }
  let current: Service.SpeechContext | undefined
  const nowMs = () => AudioTime.fromSamples(state.samples, format.sampleRateHz)

  /** A part of the reply: a context that began at this time and position. */
  const placed = (part: SpokenAudio, origin: AudioTime.AudioTime, at: number): SpokenAudio => {
    const words = part.words.map((word) => ({
      ...word,
      start: AudioTime.plus(origin, word.start),
      end: AudioTime.plus(origin, word.end),
      ...(word.from === undefined || word.to === undefined ? {} : { from: at + word.from, to: at + word.to })
    }))
    const time = nowMs()
    state.samples += part.audio.bytes.length / AudioFormat.bytesPerSample(format)
    for (const word of words) {
      state.wordEnd = Math.max(state.wordEnd, word.end)
      if (state.samples > 0) state.spoken = Math.max(state.spoken, word.to ?? 0)
    }
    if (part.audio.bytes.length > 0) state.inARow = 0
    return { audio: { ...part.audio, time }, words }
  }
  /** Guesses by length which words without a time were handed out. */
  const skipUntimed = () => {
    const rest = state.text.slice(state.spoken)
    const last = SharedTime.paced(rest, state.spoken, AudioTime.make(state.wordEnd), nowMs()).at(-1)
    if (last?.to !== undefined) state.spoken = last.to
  }

  const begin = (of: Session) =>
    Effect.gen(function* () {
      const own = yield* Scope.fork(scope)
      const context = yield* Scope.provide(of.value.context, own)
      current = context
      const at = state.spoken
      const rest = state.text.slice(at)
      if (rest !== "") yield* context.push(rest)
      if (state.hasEnded) yield* context.end
      return { of, own, context, origin: nowMs(), at }
    })
  type Running = Effect.Success<ReturnType<typeof begin>>

  const listen = (running: Running): Stream.Stream<SpokenAudio, SpeechError.SpeechError> => {
    const parts = Stream.map(running.context.audio, (part) => placed(part, running.origin, running.at))
    return firstWithin(parts, options.firstAudioDeadline, running.of.step).pipe(
      Stream.catch((error) => (state.isCancelled ? Stream.empty : goOn(running, error)))
    )
  }
  const goOn = (running: Running, error: SpeechError.SpeechError) =>
    Stream.unwrap(
      Effect.gen(function* () {
        current = undefined
        yield* Effect.logWarning(
          `speech step ${running.of.step.name} failed after ${Math.round(nowMs())} ms of a reply: ${error.message}`
        )
        yield* Scope.close(running.own, Exit.void)
        const isGivenUp = !error.isRetryable || ++state.inARow >= mostInARow
        if (state.inARow >= mostInARow * count || (!error.isRetryable && count === 1)) return Stream.fail(error)
        skipUntimed()
        return listen(yield* Effect.flatMap(replace(running.of, isGivenUp), begin))
      })
    )

  const first = yield* begin(yield* session).pipe(
    Effect.catch(() =>
      Effect.flatMap(
        Effect.flatMap(session, (of) => replace(of, true)),
        begin
      )
    )
  )
  return {
    push: (text) =>
      Effect.suspend(() => {
        if (state.hasEnded || state.isCancelled) return Effect.void
        state.text += text
        return current?.push(text) ?? Effect.void
      }),
    flush: Effect.suspend(() => current?.flush ?? Effect.void),
    end: Effect.suspend(() => {
      state.hasEnded = true
      return current?.end ?? Effect.void
    }),
    audio: listen(first),
    cancel: Effect.suspend(() => {
      state.isCancelled = true
      return current?.cancel ?? Effect.void
    })
  } satisfies Service.SpeechContext
})

/** Fails unless the first part arrives in time. */
const firstWithin = (
  parts: Stream.Stream<SpokenAudio, SpeechError.SpeechError>,
  deadline: Duration.Input | undefined,
  step: Steps.Step<Voices>
): Stream.Stream<SpokenAudio, SpeechError.SpeechError> => {
  if (deadline === undefined) return parts
  return Stream.suspend(() => {
    let hasBegun = false
    const expired = Effect.delay(
      Effect.suspend(() => (hasBegun ? Effect.never : Effect.fail(late("audio")(step, Duration.toMillis(deadline))))),
      deadline
    )
    return parts.pipe(
      Stream.onFirst(() => Effect.sync(() => void (hasBegun = true))),
      Stream.interruptWhen(expired)
    )
  })
}
