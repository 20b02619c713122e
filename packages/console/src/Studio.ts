/**
 * The console's features for developers of an agent: inspect all calls and their model requests, hang up, replay a call
 * from a turn with another prompt or model, and make models and tools fail.
 *
 * It shows prompts and the words of callers to anyone who may open a call, so mount it only on servers for developers.
 * The server's token and origins apply.
 *
 * @since 0.1.0
 */
import * as Agent from "@antiphon/core/Agent"
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as ErrorText from "@antiphon/core/ErrorText"
import * as Event from "@antiphon/core/Event"
import type * as Recorder from "@antiphon/core/recording/Recorder"
import * as Recording from "@antiphon/core/recording/Recording"
import * as Replay from "@antiphon/core/testing/Replay"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as PromptedModel from "@antiphon/llm/testing/PromptedModel"
import * as RealModel from "@antiphon/llm/testing/RealModel"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as LanguageModel from "effect/ai/LanguageModel"
import type * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import * as Predicate from "effect/Predicate"
import * as Ref from "effect/Ref"
import * as References from "effect/References"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as CallView from "./CallView.ts"
import * as Faults_ from "./internal/faults.ts"
import * as KeptCalls from "./internal/keptCalls.ts"
import * as LiveAudio from "./internal/liveAudio.ts"

/** The current faults of models and tools. */
export type Faults = Faults_.Faults
export const Faults = Faults_.Faults

/** A call in the list, with the studio's own id. `canHangUp` while it is open on this server, `canListen` if it has audio. */
export interface Listed extends CallView.CallSummary {
  readonly id: string
  readonly canHangUp: boolean
  readonly canListen: boolean
}

/** Options of a replay. */
export interface Fork {
  /** The first turn to run differently, counted from 1. */
  readonly turn: number
  readonly systemPrompt?: string | undefined
  /** A model by name that replaces the agent's, such as `openai/gpt-4.1-mini`. */
  readonly model?: string | undefined
}

/** A request of the studio failed. The message says why, and may be shown. */
export class StudioError extends Data.TaggedError("StudioError")<{
  readonly reason: "NotFound" | "Impossible"
  readonly message: string
}> {}

/** The studio of one agent. */
export interface Studio<R = never> {
  /** The agent to serve. */
  readonly agent: Agent.Factory<unknown, never, R>
  /** Records each call into memory; undefined if recordings are read from a folder, into which the server writes. */
  readonly record: ((request: CallRequest) => Effect.Effect<Recorder.Recorder>) | undefined
  /** The agent's model, to provide. */
  readonly model: Layer.Layer<LanguageModel.LanguageModel, unknown>
  /** Must also be provided to the server. */
  readonly tools: Layer.Layer<never>
  readonly calls: Effect.Effect<ReadonlyArray<Listed>>
  readonly call: (id: string) => Effect.Effect<CallView.CallView, StudioError>
  /** The recording, as text. */
  readonly recording: (id: string) => Effect.Effect<string, StudioError>
  readonly hangUp: (id: string) => Effect.Effect<void, StudioError>
  /**
   * Listens to a call from now on, until it is over: a WAV file of 16-bit stereo without an end, with the caller on the left, and on the
   * right what they heard of the agent. It is 1.5 seconds late, because a line reports late what was heard. Only calls by voice that are
   * recorded into memory can be listened to, each by at most eight at a time.
   */
  readonly listen: (id: string) => Effect.Effect<Stream.Stream<Uint8Array>, StudioError>
  /** Replays a call. Tools of earlier turns do not run; tools from that turn on do. */
  readonly fork: (id: string, fork: Fork) => Effect.Effect<CallView.CallView, StudioError>
  readonly faults: Effect.Effect<Faults>
  readonly setFaults: (faults: Faults) => Effect.Effect<void>
}

/** Options of a studio. */
export interface Options<R = never> {
  readonly agent: Agent.Factory<unknown, never, R>
  readonly model: Layer.Layer<LanguageModel.LanguageModel, unknown>
  /** Folder of the server's recordings. Without it, calls are kept in memory. */
  readonly folder?: string | undefined
  /** Number of calls to keep and list. 50 by default. */
  readonly calls?: number | undefined
}

/** Longest recording to keep or read, in characters. */
const longest = 16 * 1024 * 1024

/** Makes a studio. */
export const make = <R>(options: Options<R>): Effect.Effect<Studio<R>, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const limits = { calls: options.calls ?? 50, length: longest }
    const live = LiveAudio.make()
    const memory = options.folder === undefined ? KeptCalls.inMemory(limits, live) : undefined
    const kept = memory ?? (yield* KeptCalls.inFolder(options.folder!, limits))
    const faults = yield* Ref.make(Faults_.none)
    const ending = new Map<string, Deferred.Deferred<void>>()

    const text = (id: string) =>
      Effect.flatMap(kept.text(id), (text) =>
        text === undefined
          ? Effect.fail(new StudioError({ reason: "NotFound", message: "There is no such call." }))
          : Effect.succeed(text)
      )
    const recording = (id: string) =>
      Effect.flatMap(text(id), (text) =>
        Effect.mapError(Effect.fromResult(Recording.decode(text)), ({ message }) =>
          impossible(`The recording: ${message}.`)
        )
      )
    const canHangUp = (view: CallView.CallSummary) => view.open && ending.has(view.callId)

    return {
      agent: (request) => Effect.map(options.agent(request), (spec) => endable(spec, request, ending)),
      record: memory?.record,
      model: Faults_.model(options.model, Ref.get(faults)),
      tools: Faults_.tools(Ref.get(faults)),
      calls: Effect.map(kept.all, (all) =>
        all.map(([id, recording]) => {
          const view = CallView.summary(CallView.make(recording))
          return { ...view, id, canHangUp: canHangUp(view), canListen: live.has(id) }
        })
      ),
      call: (id) => Effect.map(recording(id), CallView.make),
      recording: text,
      hangUp: (id) =>
        Effect.flatMap(recording(id), ({ header }) => {
          const end = ending.get(header.request.callId)
          return end === undefined ? Effect.fail(impossible("The call is over.")) : Deferred.succeed(end, undefined)
        }),
      listen: (id) =>
        Effect.flatMap(text(id), () => {
          const heard = live.listen(id)
          return heard === undefined
            ? Effect.fail(
                impossible("This call cannot be listened to: it has no audio, is over, or has eight listeners.")
              )
            : Effect.succeed(heard)
        }),
      fork: (id, fork) => Effect.flatMap(recording(id), (recording) => play(recording, options, fork)),
      faults: Ref.get(faults),
      setFaults: (next) => Ref.set(faults, next)
    }
  })

const impossible = (message: string) => new StudioError({ reason: "Impossible", message })

/** Adds a session to an agent, through which the call can be ended from outside. */
const endable = <R>(
  spec: Agent.AgentSpec<unknown, R>,
  request: CallRequest,
  ending: Map<string, Deferred.Deferred<void>>
): Agent.AgentSpec<unknown, R> => {
  const end = Deferred.makeUnsafe<void>()
  const hangUp = Stream.fromEffect(Deferred.await(end)).pipe(
    Stream.map((): Event.Output => Event.endCall({ reason: "console", interruptible: false })),
    Stream.onStart(Effect.sync(() => ending.set(request.callId, end))),
    Stream.ensuring(Effect.sync(() => ending.get(request.callId) === end && ending.delete(request.callId)))
  )
  return {
    ...spec,
    session: (call) => (spec.session === undefined ? hangUp : Stream.merge(spec.session(call), hangUp))
  }
}

const play = <R>(recording: Recording.Recording, { agent, model }: Options<R>, { turn, ...fork }: Fork) =>
  Effect.gen(function* () {
    const named = fork.model === undefined || fork.model === "" ? model : DefaultModel.only(fork.model)
    const real = RealModel.layer(named as Layer.Layer<LanguageModel.LanguageModel, unknown>)
    const prompt = promptOf(recording, fork.systemPrompt)
    const layer = prompt === undefined ? real : PromptedModel.layer(real, prompt)
    const played = yield* Effect.provide(Replay.fork(recording, agent as Agent.Factory<unknown>, { turn }), layer)
    const view = CallView.make(played.recording)
    return prompt === undefined ? view : prompted(view, turn, prompt)
  }).pipe(
    Effect.provideService(References.MinimumLogLevel, "None"),
    Effect.catchCause((cause) => Effect.fail(impossible(ErrorText.of(cause))))
  )

const promptOf = (recording: Recording.Recording, systemPrompt: string | undefined) =>
  systemPrompt === undefined
    ? undefined
    : {
        systemPrompt,
        insteadOf: CallView.systemPromptOf(Result.getOrElse(Recording.modelRequests(recording), () => []))
      }

/** Replaces the model requests with those of the new model, because the recording only has the agent's own. */
const prompted = (
  view: CallView.CallView,
  from: number,
  { insteadOf, systemPrompt }: PromptedModel.Options
): CallView.CallView => {
  const message = (one: unknown) =>
    Predicate.isReadonlyObject(one) && "role" in one && one.role === "system" && "content" in one
      ? insteadOf === undefined || one.content === insteadOf
        ? { ...one, content: systemPrompt }
        : one
      : one
  return {
    ...view,
    systemPrompt,
    all: view.all.map((turn) =>
      turn.turn < from
        ? turn
        : { ...turn, requests: turn.requests.map((request) => ({ ...request, prompt: request.prompt.map(message) })) }
    )
  }
}
