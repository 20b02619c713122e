/**
 * Runs a voice call: connects a line, a voice detector, a recogniser, turn taking, an agent, a voice and the playback.
 *
 * Everything that happens goes to one pure step function, in one order and on one clock: audio time, counted from the
 * caller's samples. Whatever the step wants is started at once and never awaited, so that nothing delays reading from
 * the line.
 *
 * ```ts
 * Speech.run(agent, transport, { policy: FloorPolicy.patient }).pipe(Effect.provide([Vad.silero, TurnDetector.text(), ...]))
 * ```
 *
 * @since 0.1.0
 */
import * as Agent from "@antiphon/core/Agent"
import * as Interim from "@antiphon/core/agent/Interim"
import * as Call from "@antiphon/core/Call"
import type * as Event from "@antiphon/core/Event"
import type * as Harness from "@antiphon/core/Harness"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as Trace from "@antiphon/core/Trace"
import type * as Turn from "@antiphon/core/Turn"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import * as AudioFormat from "./AudioFormat.ts"
import type * as AudioFrame from "./AudioFrame.ts"
import * as AudioTime from "./AudioTime.ts"
import type * as Clauses from "./Clauses.ts"
import * as FloorPolicy from "./FloorPolicy.ts"
import * as Mixer from "./Mixer.ts"
import * as Pcm from "./Pcm.ts"
import type * as Playback from "./Playback.ts"
import type * as SpeechError from "./SpeechError.ts"
import * as SpeechText from "./SpeechText.ts"
import * as SpeechToText from "./SpeechToText.ts"
import * as TextToSpeech from "./TextToSpeech.ts"
import { type Transport, TransportError } from "./Transport.ts"
import * as TurnDetector from "./TurnDetector.ts"
import * as Vad from "./Vad.ts"
import * as VadEdges from "./VadEdges.ts"
import * as Ear from "./speech/internal/ear.ts"
import * as FloorNote from "./speech/internal/floorNote.ts"
import * as Listener from "./speech/internal/listener.ts"
import * as Outbox from "./speech/internal/outbox.ts"
import * as Pipeline from "./speech/internal/pipeline.ts"
import * as Recorded from "./speech/internal/recorded.ts"
import * as Speaker from "./speech/internal/speaker.ts"
import * as State from "./speech/internal/state.ts"
import * as Watcher from "./speech/internal/watcher.ts"
import type { Told } from "./speech/internal/told.ts"
import { stages, type TurnTiming } from "./speech/internal/timing.ts"
import type { Ending, Wanted } from "./speech/internal/wanted.ts"

export type { Stage, TurnTiming } from "./speech/internal/timing.ts"
export type { Ending } from "./speech/internal/wanted.ts"

/** Texts that the pipeline says by itself. Nothing is said for an empty list or an empty text. */
export interface Texts {
  /** Questions for a silent caller, one after another, unless the agent answers `UserSilent` itself. */
  readonly reprompts?: ReadonlyArray<string> | undefined
  /** Goodbye to a caller who stays silent, before the call ends. */
  readonly goodbye?: string | undefined
  /** Said while an answer takes long. None by default, because what fits depends on the agent. */
  readonly fillers?: ReadonlyArray<string> | undefined
  /** Said before the call ends because the recogniser has failed for good. */
  readonly deaf?: string | undefined
}

/** Options of a voice call. */
export interface Options {
  /**
   * The policy for taking turns. `telephone` by default, or `browser` on a line with echo, adjusted to the recogniser
   * and the detector.
   */
  readonly policy?: FloorPolicy.FloorPolicy | undefined
  readonly vad?: VadEdges.Policy | undefined
  readonly voice?: TextToSpeech.Voice | undefined
  readonly recogniser?: SpeechToText.Options | undefined
  readonly texts?: Texts | undefined
  /** Makes the text of an utterance speakable in a language. `SpeechText.filter` by default. */
  readonly filter?: ((language: string | undefined) => SpeechText.Filter) | undefined
  readonly clauses?: Clauses.Options | undefined
  /** How much audio may be on its way to the caller. 100 milliseconds. */
  readonly lead?: Duration.Input | undefined
  /** How far ahead of playback audio is synthesised. 3 seconds. */
  readonly ahead?: Duration.Input | undefined
  /**
   * Budget from the end of the caller's speech to the first audio of the answer. If it is exceeded, an incomplete first
   * clause is spoken as it is, or a filler if there are no words yet. 1.5 seconds.
   */
  readonly budget?: Duration.Input | undefined
  /** How long a hang-up, a transfer or a key press waits for the words before it. 60 seconds. */
  readonly exitLimit?: Duration.Input | undefined
  /** How long a voice may produce no audio before it counts as failed. 8 seconds. */
  readonly voiceTimeout?: Duration.Input | undefined
  /** How often to start an utterance if voices fail. 3. */
  readonly voiceAttempts?: number | undefined
  /**
   * When to reopen recognisers and voices. By default 5 times, first after 100 ms and then after twice as long each
   * time.
   */
  readonly retry?: Schedule.Schedule<unknown, SpeechError.SpeechError> | undefined
  /** How much past audio a reopened recogniser gets. 5 seconds. */
  readonly resend?: Duration.Input | undefined
  /** A sound under the voice, such as an office, at the sample rate of the line. It continues while nobody speaks. */
  readonly background?: Mixer.Options | undefined
  /** A sound under the voice while a tool is running, such as typing. */
  readonly working?: Mixer.Options | undefined
  /** Called with the timing of each answer. */
  readonly measured?: ((timing: TurnTiming) => Effect.Effect<void>) | undefined
}

/** Services required by a voice call. */
export type Services = Vad.Vad | SpeechToText.SpeechToText | TextToSpeech.TextToSpeech | TurnDetector.TurnDetector

/**
 * Runs the call on a line until it is over, and returns why it ended. Succeeds once the agent has handled the end of
 * the call and nothing of it is running. Fails if the agent cannot be made, or if the line breaks; the agent handles
 * the end in that case as well.
 */
export const run: {
  <E = never, R = never, R2 = never>(
    source: Agent.Made<E, R, R2>,
    transport: Transport,
    options?: Options
  ): Effect.Effect<Ending, E | TransportError, Exclude<R | R2, Scope.Scope> | Services>
  <R>(
    agent: Agent.Agent<unknown, R>,
    transport: Transport,
    options?: Options
  ): Effect.Effect<Ending, TransportError, Exclude<R, Scope.Scope> | Services>
} = <R>(source: Agent.Source<unknown, R, R>, transport: Transport, options: Options = {}) =>
  Effect.scoped(call(Agent.from(source) as Agent.Factory<unknown, never, never>, transport, options)) as Effect.Effect<
    Ending,
    never,
    never
  >

/** The time of answers by `stage`, in milliseconds from the end of the caller's speech. */
export const latency = Metric.timer("antiphon_speech_latency")
/** Answers that exceeded the budget, by the stage that took longest. */
export const late = Metric.counter("antiphon_speech_late_answers", { incremental: true })

const millis = (input: Duration.Input | undefined, otherwise: number): number =>
  input === undefined ? otherwise : Duration.toMillis(Duration.fromInputUnsafe(input))

const call = (factory: Agent.Factory<unknown, never, never>, line: Transport, options: Options) =>
  Effect.gen(function* () {
    const scope = yield* Scope.Scope
    const clock = yield* Clock.Clock
    const at = () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
    const recorder = yield* Recorder.Current
    const transport = recorder?.audio === undefined ? line : yield* Recorded.line(line, recorder.audio, at)
    const context = yield* Effect.context<never>()
    const stt = yield* SpeechToText.SpeechToText
    const tts = yield* TextToSpeech.TextToSpeech
    const turns = yield* TurnDetector.TurnDetector
    const detector = yield* turns.make
    const vad = yield* (yield* Vad.Vad).make
    const { format } = transport
    const policy = options.policy ?? policyFor(transport, stt, turns)
    const watcher = yield* Watcher.Current
    const settings = settingsOf(transport, options, policy, watcher !== undefined || recorder !== undefined)
    const voice = options.voice ?? {}
    const over = yield* Deferred.make<Ending, TransportError>()
    const interim = Interim.make()
    const reports = yield* Queue.unbounded<{ readonly report: Event.Report; readonly asks: boolean }>()
    const forkIn = Effect.runForkWith(context)
    const fork = (effect: Effect.Effect<void>) => {
      const fiber = forkIn(effect)
      forkedFibers.add(fiber)
      fiber.addObserver(() => forkedFibers.delete(fiber))
      return fiber
    }
    const forkedFibers = new Set<ReturnType<typeof forkIn<void, never>>>()
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        for (const fiber of forkedFibers) fiber.interruptUnsafe()
      })
    )

    let state = State.initial(settings, voice)
    const inbox: Array<Told> = []
    let isStepping = false
    const tell = (told: Told): void => {
      inbox.push(told)
      if (isStepping) return
      isStepping = true
      for (let next = inbox.shift(); next !== undefined; next = inbox.shift()) {
        const [after, wanted] = Pipeline.step(state, next, { now: ear.now(), at: at() })
        state = after
        for (const each of wanted) perform(each)
      }
      isStepping = false
    }

    const ear = Ear.make(vad, format, options.vad ?? VadEdges.defaultPolicy, at())
    const outbox = Outbox.make(transport)
    const retry = options.retry ?? Schedule.exponential("100 millis").pipe(Schedule.upTo({ times: 5 }))
    const speaker = Speaker.make({ tts, format, retry, scope, fork, tell })
    const listener = Listener.make({
      stt,
      format,
      session: options.recogniser ?? {},
      retry,
      againMs: millis(options.resend, 5000),
      heard: (event) => tell({ _tag: "Recognised", event })
    })
    const sound = background(transport, options)
    const dialogue: Array<{ readonly role: "user" | "agent"; readonly text: string }> = []

    /** The span of the call, once it is made. */
    let span: Tracer.AnySpan | undefined

    const perform = (wanted: Wanted): void => {
      switch (wanted._tag) {
        case "Send":
          return outbox.send(sound === undefined ? wanted.outputs : wanted.outputs.map(sound(state)))
        case "Clear":
          return outbox.clear({ generation: wanted.generation, stream: wanted.stream })
        case "Show": {
          if (transport.show !== undefined) outbox.perform(transport.show(wanted.event))
          const { event } = wanted
          const said =
            event._tag === "Transcript" && event.isFinal ? "user" : event._tag === "AgentText" ? "agent" : undefined
          if (said !== undefined && "text" in event) remember(dialogue, said, event.text)
          return
        }
        case "Dtmf":
          return outbox.perform(transport.dtmf?.(wanted.button) ?? Effect.logWarning("This line cannot send keys."))
        case "Transfer":
          if (transport.transfer !== undefined) return outbox.perform(transport.transfer(wanted.targetPhoneNumber))
          outbox.perform(Effect.logWarning("This line cannot transfer a call."))
          return tell({
            _tag: "Line",
            incoming: { _tag: "Transferred", outcome: "Failed", targetPhoneNumber: wanted.targetPhoneNumber }
          })
        case "Custom":
          if (transport.custom !== undefined) outbox.perform(transport.custom(wanted.metadata))
          return
        case "Log":
          return outbox.perform(logged(wanted.output))
        case "Report":
          Queue.offerUnsafe(reports, wanted)
          return
        case "Judge": {
          const { silenceMs, transcript } = wanted
          interim.tell(transcript)
          const judgement = detector.judge({ transcript, history: dialogue, silenceMs, audio: listener.recent() })
          return tell({ _tag: "Judged", transcript, judgement })
        }
        case "Learn":
          return detector.learn(wanted.pauseMs)
        case "FlushWords":
          return listener.flush()
        case "WordsFinal":
          return listener.forget()
        case "Listen":
          return listener.speaks(wanted.language)
        case "OpenVoice":
          return speaker.open(wanted.utterance, wanted.attempt, wanted.voice)
        case "Say":
          return speaker.say(wanted.utterance, wanted.text)
        case "EndVoice":
          return speaker.end(wanted.utterance)
        case "CancelVoice":
          return speaker.cancel(wanted.utterance)
        case "PullVoice":
          return speaker.pull(wanted.utterance)
        case "Stepped":
          if (recorder !== undefined && FloorNote.isTold(wanted.step)) recorder.note(FloorNote.of(wanted.step))
          return watcher?.stepped(wanted.step, policy)
        case "Measured":
          fork(measure(wanted.timing, options.measured, span))
          return
        case "Finish":
          if (wanted.hangUp !== undefined) outbox.perform(transport.hangUp(wanted.hangUp))
          Deferred.doneUnsafe(over, Effect.succeed(wanted.ending))
          return
        default:
          return wanted satisfies never
      }
    }

    let keyedAt = AudioTime.make(Number.NEGATIVE_INFINITY)
    /** With push-to-talk, words are ignored while the key is not held. */
    const meant = (frame: AudioFrame.AudioFrame): AudioFrame.AudioFrame => {
      if (policy.endpointing !== "push") return frame
      if (state.floor.pressed) keyedAt = frame.time
      if (frame.time - keyedAt <= keyTailMs) return frame
      return { ...frame, bytes: new Uint8Array(frame.bytes.length).fill(AudioFormat.silentByte(format)) }
    }
    const frame = (heard: Ear.Heard) => {
      listener.hear(meant(heard.frame))
      tell({ _tag: "Frame", edges: heard.edges })
    }
    const read = transport.incoming.pipe(
      Stream.runForEach((incoming) =>
        Effect.sync(() => {
          if (incoming._tag === "Audio") ear.push(incoming.bytes, at(), frame)
          else if (incoming._tag === "Gap") ear.gap(incoming.ms, at(), frame)
          else tell({ _tag: "Line", incoming })
        })
      ),
      Effect.andThen(Effect.sync(() => tell({ _tag: "LineEnded" })))
    )
    const watch = Effect.suspend(() => {
      const left = ear.due() - at()
      if (left > 0) return Effect.sleep(Math.ceil(left))
      ear.tick(at())
      tell({ _tag: "Tick" })
      return Effect.void
    }).pipe(Effect.forever)

    const broken = (error: TransportError) => Deferred.fail(over, error)
    yield* Effect.forkScoped(Effect.catch(read, broken))
    yield* Effect.forkScoped(Effect.catch(outbox.run, broken))
    yield* Effect.forkScoped(watch)
    yield* Effect.forkScoped(
      Effect.andThen(
        listener.run,
        Effect.sync(() => tell({ _tag: "Deaf" }))
      )
    )

    speaker.warm(voice)

    const agentScope = yield* Scope.fork(scope)
    const making = factory(transport.request).pipe(
      Scope.provide(agentScope),
      Effect.provideService(Interim.Current, interim),
      Effect.onError(() => transport.hangUp("agent_failed"))
    )
    // If the caller leaves before there is an agent, there is nothing to end.
    const agent = yield* Effect.raceFirst(
      Effect.map(making, (spec) => ({ spec })),
      Effect.map(Deferred.await(over), (ending) => ({ ending }))
    )
    if ("ending" in agent) return agent.ending
    const { spec } = agent
    const harness: Harness.Harness = {
      send: (outputs) => Effect.sync(() => tell({ _tag: "Sent", outputs })),
      turn: (change) => tell({ _tag: "Turn", change }),
      fail: () => Effect.sync(() => tell({ _tag: "AgentFailed" }))
    }
    const opened = yield* Call.make(
      watched(spec, (isRunning) => tell({ _tag: "Work", isRunning })),
      { request: transport.request, harness: watcher?.harness(harness) ?? harness }
    )
    span = opened.span
    const made = watcher?.call(opened) ?? opened
    const take = Effect.flatMap(Queue.take(reports), ({ asks, report }) =>
      Effect.flatMap(made.receive(report), ({ decision }) => {
        if (!asks) return Effect.void
        const eventId = report.eventId ?? ""
        return Effect.forkScoped(
          Effect.map(decision, (decision) => tell({ _tag: "Decided", eventId, decision })),
          { startImmediately: true }
        )
      })
    )
    const reporting = yield* Effect.forkScoped(Effect.forever(take, { disableYield: true }))
    const exit = yield* Effect.exit(Deferred.await(over))
    // The call receives all reports before it ends.
    reporting.interruptUnsafe()
    for (let left = Queue.takeUnsafe(reports); left?._tag === "Success"; left = Queue.takeUnsafe(reports)) {
      yield* made.receive(left.value.report)
    }
    yield* Effect.timeoutOption(outbox.drained, "5 seconds")
    yield* made.end
    return yield* exit
  })

/** People release the key while they are finishing a word. */
const keyTailMs = 200

/** Number of lines of the dialogue shown to a turn detector. */
const remembered = 8

const remember = (
  dialogue: Array<{ readonly role: "user" | "agent"; readonly text: string }>,
  role: "user" | "agent",
  text: string
): void => {
  const last = dialogue.at(-1)
  if (role === "agent" && last?.role === "agent") dialogue[dialogue.length - 1] = { role, text: last.text + text }
  else dialogue.push({ role, text })
  if (dialogue.length > remembered) dialogue.shift()
}

/** A policy that fits the line, the recogniser and the detector. */
const policyFor = (
  { capabilities }: Transport,
  stt: SpeechToText.SpeechToText["Service"],
  turns: TurnDetector.TurnDetector["Service"]
): FloorPolicy.FloorPolicy => ({
  ...(capabilities.echoFree ? FloorPolicy.telephone : FloorPolicy.browser),
  partials: stt.capabilities.partials,
  endpointing: stt.capabilities.turns ? "stt" : turns.endpointing
})

const settingsOf = (
  transport: Transport,
  options: Options,
  policy: FloorPolicy.FloorPolicy,
  tellsSteps: boolean
): State.Settings => ({
  policy,
  format: transport.format,
  report: transport.capabilities.heard,
  latencyMs: transport.capabilities.latencyMs ?? 0,
  leadMs: millis(options.lead, 100),
  messageMs: transport.capabilities.messageMs ?? 0,
  aheadMs: millis(options.ahead, 3000),
  clauses: options.clauses ?? {},
  filter: options.filter ?? ((language) => SpeechText.filter(language === undefined ? {} : { language })),
  texts: {
    reprompts: options.texts?.reprompts ?? ["Are you still there?"],
    goodbye: options.texts?.goodbye ?? "I cannot hear you, so I will hang up now. Goodbye.",
    fillers: options.texts?.fillers ?? [],
    deaf: options.texts?.deaf ?? "I am sorry, I cannot hear you at the moment. Please call again later."
  },
  budgetMs: millis(options.budget, 1500),
  exitMs: millis(options.exitLimit, 60_000),
  voiceMs: millis(options.voiceTimeout, 8000),
  voiceAttempts: options.voiceAttempts ?? 3,
  isContinuous: options.background !== undefined,
  tellsSteps
})

/** Mixes a background sound into outgoing audio, if there is one. */
const background = ({ format }: Transport, options: Options) => {
  if (options.background === undefined && options.working === undefined) return undefined
  const office = options.background && Mixer.make(options.background)
  const typing = options.working && Mixer.make(options.working)
  return (state: State.State) =>
    (output: Playback.Output): Playback.Output => {
      if (output._tag === "Mark") return output
      let samples = Pcm.decode({ format, bytes: output.bytes, time: output.at })
      if (office !== undefined) samples = office.under(samples)
      if (typing !== undefined && state.toolsTold) samples = typing.under(samples)
      return { ...output, bytes: Pcm.encode(format, samples) }
    }
}

const logged = (output: Event.LogMessage | Event.LogMetric): Effect.Effect<void> => {
  if (output._tag === "LogMetric") return Effect.logDebug(`metric ${output.name}`)
  return output.level === "error" ? Effect.logError(output.message) : Effect.logInfo(output.message)
}

const measure = (
  timing: TurnTiming,
  measured: Options["measured"],
  span: Tracer.AnySpan | undefined
): Effect.Effect<void> =>
  Effect.gen(function* () {
    if (span !== undefined) yield* Trace.past("answer", { parent: span, ...inSpan(timing) })
    for (const stage of stages) {
      const ms = timing.ms[stage]
      if (ms !== undefined)
        yield* Metric.update(Metric.withAttributes(latency, { stage }), Duration.millis(Math.max(0, ms)))
    }
    if (timing.isLate) yield* Metric.update(Metric.withAttributes(late, { stage: timing.slowest ?? "none" }), 1)
    if (measured !== undefined) yield* measured(timing)
  })

/** An answer by voice as a span: its stages in seconds from the end of the caller's speech. */
const inSpan = ({ isLate, ms, slowest, turn }: TurnTiming) => {
  const names = {
    endOfTurn: "end_of_turn",
    firstText: "first_text",
    firstClause: "first_clause",
    firstAudio: "first_audio",
    firstSent: "first_sent",
    firstHeard: "first_heard",
    asked: "asked"
  }
  const told = stages.flatMap((stage): ReadonlyArray<readonly [string, number]> => {
    const at = ms[stage]
    return at === undefined ? [] : [[`antiphon.answer.${names[stage]}`, at / 1000]]
  })
  return {
    seconds: (ms.firstHeard ?? ms.firstSent ?? 0) / 1000,
    attributes: {
      "antiphon.turn.id": turn,
      ...Object.fromEntries(told),
      "antiphon.answer.late": isLate,
      ...(slowest !== undefined && { "antiphon.answer.slowest": names[slowest] })
    }
  }
}

/** Tracks background work: while it runs, a silent caller is not asked. */
const watched = <R>(
  spec: Agent.AgentSpec<unknown, R>,
  work: (isRunning: boolean) => void
): Agent.AgentSpec<unknown, R> => ({
  ...spec,
  agent: (event, turn) => {
    const background: Turn.Turn["background"] = (name, effect, options) => {
      const noted = Effect.acquireUseRelease(
        Effect.sync(() => work(true)),
        () => effect,
        () => Effect.sync(() => work(false))
      )
      return turn.background(name, noted, options)
    }
    return spec.agent(event, { ...turn, background })
  }
})
