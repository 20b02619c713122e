/**
 * Runs a voice call: connects a line, a voice detector, a recogniser, turn taking, an agent, a voice and the playback.
 *
 * Everything that happens goes to one pure step function, in one order and on one clock: audio time, counted from the
 * caller's samples. Whatever the step wants is started at once and never awaited, so that nothing delays reading from
 * the line.
 *
 * ```ts
 * Speech.run(agent, transport, { policy: FloorPolicy.patient }).pipe(Effect.provide([Vad.silero, TurnDetector.TurnDetector.text(), ...]))
 * ```
 *
 * @since 0.1.0
 */
import * as Agent from "@antiphon/core/Agent"
import * as Interim from "@antiphon/core/agent/Interim"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import * as SpeechToText from "./SpeechToText.ts"
import * as TextToSpeech from "./TextToSpeech.ts"
import type { Incoming, Transport, TransportError } from "./Transport.ts"
import * as TurnDetector from "./TurnDetector.ts"
import * as Vad from "./Vad.ts"
import * as VadEdges from "./VadEdges.ts"
import * as AgentSide from "./speech/internal/agentSide.ts"
import * as BackgroundSound from "./speech/internal/backgroundSound.ts"
import * as Ear from "./speech/internal/ear.ts"
import * as Effects from "./speech/internal/effects.ts"
import * as Forks from "./speech/internal/forks.ts"
import * as Listener from "./speech/internal/listener.ts"
import * as Measured from "./speech/internal/measured.ts"
import type { Options } from "./speech/internal/options.ts"
import * as Outbox from "./speech/internal/outbox.ts"
import * as PushToTalk from "./speech/internal/pushToTalk.ts"
import * as Recorded from "./speech/internal/recorded.ts"
import * as Settings from "./speech/internal/settings.ts"
import * as Speaker from "./speech/internal/speaker.ts"
import * as State from "./speech/internal/state.ts"
import * as Steps from "./speech/internal/steps.ts"
import type { Told } from "./speech/internal/told.ts"
import * as Watcher from "./speech/internal/watcher.ts"
import type { Ending } from "./speech/internal/wanted.ts"

export { late, latency } from "./speech/internal/measured.ts"
export type { Options, Texts } from "./speech/internal/options.ts"
export type { Stage, TurnTiming } from "./speech/internal/timing.ts"
export type { Ending } from "./speech/internal/wanted.ts"

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

const call = (factory: Agent.Factory<unknown, never, never>, line: Transport, options: Options) =>
  Effect.gen(function* () {
    const scope = yield* Scope.Scope
    const clock = yield* Clock.Clock
    const at = () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000
    const recorder = yield* Recorder.Current
    const watcher = yield* Watcher.Current
    const transport = recorder?.audio === undefined ? line : yield* Recorded.line(line, recorder.audio, at)
    const { format } = transport
    const stt = yield* SpeechToText.SpeechToText
    const tts = yield* TextToSpeech.TextToSpeech
    const turns = yield* TurnDetector.TurnDetector
    const detector = yield* turns.make
    const vad = yield* (yield* Vad.Vad).make
    const fork = yield* Forks.make

    const policy = options.policy ?? Settings.policyFor(transport, stt, turns)
    const tellsSteps = watcher !== undefined || recorder !== undefined
    const settings = Settings.make(transport, options, policy, tellsSteps, tts.capabilities.wordTimes)
    const retry = options.retry ?? Schedule.exponential("100 millis").pipe(Schedule.upTo({ times: 5 }))
    const voice = options.voice ?? {}
    const over = yield* Deferred.make<Ending, TransportError>()
    const reports = yield* Queue.unbounded<Effects.Asked>()
    const interim = Interim.make()
    const sound = BackgroundSound.make(transport, options)
    /** The span of the call, once it is made. */
    let span: Tracer.AnySpan | undefined

    const tell = (told: Told): void => steps.tell(told)
    const ear = Ear.make(vad, format, options.vad ?? VadEdges.defaultPolicy, at())
    const outbox = Outbox.make(transport)
    const speaker = Speaker.make({ tts, format, retry, scope, fork, tell })
    const listener = Listener.make({
      stt,
      format,
      session: options.recogniser ?? {},
      retry,
      againMs: Settings.millis(options.resend, 5000),
      heard: (event) => tell({ _tag: "Recognised", event })
    })
    const perform = Effects.make({
      transport,
      outbox,
      listener,
      speaker,
      detector,
      policy,
      interim,
      reports,
      over,
      recorder,
      watcher,
      sound: sound && ((output) => sound(steps.state())(output)),
      measured: (timing) => void fork(Measured.record(timing, options.measured, span)),
      tell
    })
    const steps = Steps.make(
      State.initial(settings, voice),
      () => ({ now: ear.now(), at: at() }),
      perform,
      (defect) => {
        Deferred.doneUnsafe(over, Exit.die(defect))
        outbox.perform(transport.hangUp("failed"))
      }
    )

    const meant = policy.endpointing === "push" ? PushToTalk.gate(format) : undefined
    const frame = (heard: Ear.Heard) => {
      listener.hear(meant === undefined ? heard.frame : meant(heard.frame, steps.state().floor.pressed))
      tell({ _tag: "Frame", edges: heard.edges })
    }
    const hear = (incoming: Incoming) => {
      if (incoming._tag === "Audio") ear.push(incoming.bytes, at(), frame)
      else if (incoming._tag === "Gap") ear.gap(incoming.ms, at(), frame)
      else tell({ _tag: "Line", incoming })
    }
    /** Advances the clock if the line has sent nothing for a while. */
    const pass = () => {
      if (ear.due() > at()) return
      ear.tick(at())
      tell({ _tag: "Tick" })
    }
    /**
     * Reports of what was heard come first. Otherwise a frame that cuts the agent short would clear the line, and the mark behind it would
     * look like one that this clear sent back. The time that has passed comes next: while the process could not run, it sent nothing, and the
     * line played what it had.
     */
    const take = (arrived: ReadonlyArray<Incoming>) => {
      for (const incoming of arrived) if (isReport(incoming)) hear(incoming)
      pass()
      for (const incoming of arrived) if (!isReport(incoming)) hear(incoming)
    }
    const read = transport.incoming.pipe(
      Stream.runForEachArray((arrived) => Effect.sync(() => take(arrived))),
      Effect.andThen(Effect.sync(() => tell({ _tag: "LineEnded" })))
    )
    const watch = Effect.suspend(() => {
      const left = ear.due() - at()
      if (left > 0) return Effect.sleep(Math.ceil(left))
      pass()
      return Effect.void
    }).pipe(Effect.forever)
    const listen = Effect.andThen(
      listener.run,
      Effect.sync(() => tell({ _tag: "Deaf" }))
    )

    // A defect must not leave a call that nobody runs: neither the line nor the agent would learn that it is over.
    const broken = (cause: Cause.Cause<TransportError>) =>
      Effect.andThen(Cause.hasDies(cause) ? transport.hangUp("failed") : Effect.void, Deferred.failCause(over, cause))
    yield* Effect.forkScoped(Effect.catchCause(read, broken))
    yield* Effect.forkScoped(Effect.catchCause(outbox.run, broken))
    yield* Effect.forkScoped(Effect.catchCause(watch, broken))
    yield* Effect.forkScoped(listen)
    speaker.warm(voice)

    const agent = yield* AgentSide.make(factory, transport, { interim, over })
    // The caller left before there was an agent, so there is nothing to end.
    if ("ending" in agent) return agent.ending
    const opened = yield* AgentSide.open(agent.spec, transport, { tell, watcher })
    span = opened.span
    const made = watcher?.call(opened) ?? opened
    const exit = yield* AgentSide.report(made, reports, { over: Deferred.await(over), tell })
    yield* Effect.timeoutOption(outbox.drained, "5 seconds")
    yield* made.end
    return yield* exit
  })

/** Whether the line tells what was heard. */
const isReport = ({ _tag }: Incoming): boolean => _tag === "Mark" || _tag === "Played"
