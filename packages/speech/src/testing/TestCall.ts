/**
 * A whole call over audio on virtual time: a scripted caller speaks into a microphone, the samples travel over a line
 * that may be noisy and late, the pipeline of `Speech.run` hears them with a real voice detector, and the line plays
 * and keeps the agent's speech, sample by sample. Minutes take moments, and every run is identical to the bit.
 *
 * ```ts
 * const call = yield* TestCall.run(Support, [
 *   Caller.hears("eight"),
 *   Caller.coughs,
 *   Caller.bargesIn("Wait a moment", { after: "1 second" }),
 *   Caller.listens()
 * ])
 * Expect.heard(call, "You said: Wait a moment")
 * ```
 *
 * Query the result with `Played` and `Expect` from `@antiphon/core/testing`. The words that the caller has heard are
 * derived from the samples that the line has played, not from what the pipeline believes.
 *
 * @since 0.1.0
 */
import * as Agent from "@antiphon/core/Agent"
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as Recording from "@antiphon/core/recording/Recording"
import type * as Core from "@antiphon/core/testing/Played"
import * as Timeline from "@antiphon/core/testing/Timeline"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import * as Watch from "@antiphon/core/testing/Watch"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as AudioFormat from "../AudioFormat.ts"
import * as Joined from "../internal/joined.ts"
import type * as Speech from "../Speech.ts"
import type * as SpeechToText from "../SpeechToText.ts"
import type * as TextToSpeech from "../TextToSpeech.ts"
import type * as Transport from "../Transport.ts"
import * as TurnDetector from "../TurnDetector.ts"
import * as Vad from "../Vad.ts"
import * as Caller from "./Caller.ts"
import * as CallerVoice from "./CallerVoice.ts"
import * as Acting from "./internal/call/acting.ts"
import * as Carriage from "./internal/call/carriage.ts"
import * as Minutes from "./internal/call/minutes.ts"
import * as Mouths from "./internal/call/mouth.ts"
import * as Noises from "./internal/call/noise.ts"
import * as SpokenCall from "./internal/call/spokenCall.ts"
import * as TestEar from "./internal/call/testEar.ts"
import * as VoiceTap from "./internal/call/voiceTap.ts"
import type * as Network from "./Network.ts"
import * as TestLine from "./TestLine.ts"
import * as TestVoice from "./TestVoice.ts"

/** Options of the test's own recogniser. */
export interface Hearing extends TestEar.Hearing {}

/** Options of a call. The defaults are a good line, a made voice, and the real voice detector. */
export interface Options extends VirtualTime.Options {
  readonly request?: CallRequest.CallRequest | undefined
  /** `pcm_16000` by default. */
  readonly format?: AudioFormat.AudioFormat | undefined
  /** How the line reports what was heard. `marks` by default. */
  readonly heard?: TestLine.Options["heard"]
  /** The duration of one packet of the line. 20 ms by default. */
  readonly chunk?: Duration.Input | undefined
  readonly stalls?: TestLine.Options["stalls"]
  readonly network?: Network.Network | undefined
  readonly noise?: Network.Noise | undefined
  /** An echo of the agent's voice in the microphone: its attenuation, and its delay. None by default. */
  readonly echo?: { readonly gainDb: number; readonly delayMs?: number | undefined } | undefined
  /** Seed of the line, the noise and the coughs. 1 by default. */
  readonly lineSeed?: number | undefined
  /** The caller's voice. */
  readonly caller?: CallerVoice.CallerVoice | undefined
  readonly hearing?: Hearing | undefined
  /** How the call is run, as in `Speech.run`. */
  readonly speech?: Speech.Options | undefined
  /** Silero by default. `Vad.energy()` costs a tenth. */
  readonly vad?: Layer.Layer<Vad.Vad, unknown> | undefined
  /** Replaces the test's own recogniser, which knows what the caller says. */
  readonly recogniser?: Layer.Layer<SpeechToText.SpeechToText, unknown> | undefined
  /** The agent's voice. `TestVoice` by default. */
  readonly voice?: Layer.Layer<TextToSpeech.TextToSpeech, unknown> | undefined
  /** Judges by the words by default. */
  readonly turns?: Layer.Layer<TurnDetector.TurnDetector, unknown> | undefined
  /** Maximum length of the call. 1 hour by default. */
  readonly maxDuration?: Duration.Input | undefined
}

/** A completed call. */
export interface Played extends Core.Played {
  /** The line's observations: the audio played, and when it was cleared. */
  readonly line: TestLine.TestLine
  readonly ending: Exit.Exit<Speech.Ending, Transport.TransportError>
  /** The microphone's audio, in the format of the line. */
  readonly spoken: Uint8Array
  /** The call as in its recording: interleaved 16-bit samples, the caller on the left, the agent on the right. */
  readonly audio: Int16Array
  /** The floor's events and actions, without ticks in which nothing happened. */
  readonly floor: ReadonlyArray<Minutes.FloorEntry>
  /** The laws of the floor that were broken. */
  readonly floorBreaches: ReadonlyArray<Minutes.FloorBreach>
  /** The timing of each answer, by stage. */
  readonly timings: ReadonlyArray<Speech.TurnTiming>
}

/** A call that did not end, because of a defect in the test or the agent. The message shows what had happened. */
export class CallStuck extends Data.TaggedError("CallStuck")<{ readonly message: string }> {}

/**
 * Plays a call to its end and returns what happened. After the script, the caller listens until the agent has finished,
 * and hangs up. Fails if the agent's factory does.
 */
export const run: {
  <E = never, R = never, R2 = never>(
    agent: Agent.Made<E, R, R2>,
    script: Caller.Script,
    options?: Options
  ): Effect.Effect<Played, E, Exclude<R | R2, Scope.Scope>>
  <R>(
    agent: Agent.Agent<unknown, R>,
    script: Caller.Script,
    options?: Options
  ): Effect.Effect<Played, never, Exclude<R, Scope.Scope>>
} = <R>(agent: Agent.Source<unknown, R, R>, script: Caller.Script, options: Options = {}) =>
  Effect.suspend(() => {
    const { limit, patience, seed, startsAt } = options
    const factory = Agent.from(agent as Agent.Made<unknown, never, never>)
    return VirtualTime.run(Effect.scoped(play(factory, Caller.steps(script), options)), {
      seed,
      startsAt,
      patience,
      limit: limit ?? Infinity
    })
  }) as Effect.Effect<Played>

const play = (
  factory: Agent.Factory<unknown, never, never>,
  script: ReadonlyArray<Caller.Step>,
  options: Options
): Effect.Effect<Played, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const { format = AudioFormat.pcm16000, lineSeed = 1 } = options
    const request = options.request ?? CallRequest.make({ callId: "test" })
    const minutes = yield* Minutes.make
    const { entries, note } = minutes
    const noise = options.noise && Noises.make(options.noise, format, lineSeed)
    const mouth = Mouths.make(format, noise)
    const ear = TestEar.make(mouth, options.hearing)
    const tap = VoiceTap.make(format, minutes.lastTurn)
    // Built while time stands still, so that loading a file takes no time of the call.
    const services = yield* VirtualTime.standstill(
      Layer.build(
        Layer.mergeAll(
          options.vad ?? Vad.silero,
          options.recogniser ?? ear.layer,
          Layer.provide(tap.layer, options.voice ?? TestVoice.layer()),
          options.turns ?? TurnDetector.TurnDetector.text()
        )
      )
    ).pipe(Effect.orDie)

    const spoken: Array<Uint8Array> = []
    const gain = options.echo === undefined ? 0 : 10 ** (options.echo.gainDb / 20)
    const line = yield* TestLine.make(
      {
        request,
        format,
        heard: options.heard,
        echoFree: options.echo === undefined,
        chunk: options.chunk,
        stalls: options.stalls,
        audio: (from, to) => {
          const bytes = mouth.take(from, to)
          spoken.push(bytes)
          return bytes
        },
        ...(options.network === undefined ? {} : { carry: Carriage.make(options.network, format, lineSeed) })
      },
      {
        heard: (stretch) => {
          if (options.echo !== undefined) {
            mouth.mix(stretch.at + Math.max(60, options.echo.delayMs ?? 100), SpokenCall.samples(format, stretch), gain)
          }
          for (const word of tap.played(stretch)) minutes.heard(word)
        },
        arrived: ear.arrived,
        ordered: ({ order, text }) => {
          if (order === "hangUp") minutes.hangsUp(text === "agent_failed" ? "failure" : "agent", text)
          if (order !== "transfer") return
          minutes.hangsUp("transfer", text)
          line.bring({ _tag: "Transferred", outcome: "Answered", targetPhoneNumber: text })
          line.end()
        }
      }
    )

    const timings: Array<Speech.TurnTiming> = []
    const text: Array<string> = []
    const audio: Array<Uint8Array> = []
    const recorder = yield* Recorder.make({
      request,
      write: (more) => void text.push(more),
      seed: 1,
      audio: () => (samples) => void audio.push(samples)
    })
    const fibers = countFibers()
    const logger = Logger.make(({ logLevel }) => note({ _tag: "Logged", level: logLevel }))
    const watch = Watch.make(note)
    let spec: Agent.AgentSpec<unknown, never> | undefined
    const watched: typeof factory = (request) =>
      Effect.map(factory(request), (made) => {
        spec = made
        return watch.agent(made)
      })
    const measured = (timing: Speech.TurnTiming) =>
      Effect.andThen(
        Effect.sync(() => void timings.push(timing)),
        options.speech?.measured?.(timing) ?? Effect.void
      )
    const running = yield* Effect.forkScoped(
      SpokenCall.run(watched, line.transport, { ...options.speech, measured }, minutes.watcher(watch)).pipe(
        Effect.provideService(Timeline.Notes, note),
        Effect.provideService(Metric.FiberRuntimeMetrics, fibers.metrics),
        Effect.provideService(Logger.CurrentLoggers, new Set([logger])),
        Recorder.provide(recorder),
        Effect.provideContext(services)
      ),
      { startImmediately: true }
    )

    const acting = Acting.make({
      line,
      mouth,
      minutes,
      voice: options.caller ?? CallerVoice.made(),
      chanceSeed: lineSeed,
      isBusy: () => ear.isBusy() || line.isPlaying()
    })
    const limit = Duration.fromInputUnsafe(options.maxDuration ?? "1 hour")
    const tooLong = Effect.delay(
      Effect.suspend(() => Effect.die(stuck(`The call still goes on after ${Duration.format(limit)}.`, entries))),
      limit
    )
    yield* Effect.raceAllFirst([acting.follow(script), Effect.exit(Fiber.await(running)), tooLong])
    if (acting.left().length > 0 && minutes.hungUp() !== undefined && minutes.hungUp() !== "caller") {
      note({ _tag: "Unplayed", steps: acting.left().filter(Acting.isCore) })
    }
    const ending = yield* Effect.raceFirst(Fiber.await(running), tooLong)
    if (ending._tag === "Failure" && !isLost(ending.cause)) return yield* Effect.failCause(ending.cause)
    yield* VirtualTime.settled
    note({ _tag: "Closed", fibers: fibers.count() })
    return {
      entries,
      history: yield* minutes.history,
      recording: Result.getOrThrow(Recording.decode(text.join(""))),
      policies: spec!,
      request,
      line,
      ending: ending as Played["ending"],
      spoken: Joined.bytes(spoken),
      audio: SpokenCall.samplesOf(Joined.bytes(audio)),
      floor: minutes.floor,
      floorBreaches: minutes.breaches,
      timings
    }
  })

const stuck = (reason: string, entries: ReadonlyArray<Timeline.Entry>): CallStuck =>
  new CallStuck({ message: `${reason}\n\n${Timeline.render(entries)}` })

/** A broken line is a regular end of a call. */
const isLost = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some(
    (reason) =>
      Cause.isFailReason(reason) && (reason.error as { readonly _tag?: string } | null)?._tag === "TransportError"
  )

/** Counts the fibers started under it that have not ended. */
const countFibers = () => {
  let count = 0
  const metrics: Metric.FiberRuntimeMetricsService = {
    recordFiberStart: () => void count++,
    recordFiberEnd: () => void count--
  }
  return { count: () => count, metrics }
}
