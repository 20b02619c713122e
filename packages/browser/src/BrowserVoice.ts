/**
 * Serves voice calls from web pages: a WebSocket route for any server, and the client's files for pages without a
 * bundler.
 *
 * The server's token, origins and limits apply to a page, and its call counts among the server's. Invalid messages are
 * answered with an error text; audio and words go through a `Transport`.
 *
 * @since 0.1.0
 */
import * as CallRequest from "@antiphon/core/CallRequest"
import * as EventId from "@antiphon/core/EventId"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as CallHost from "@antiphon/server/CallHost"
import type * as Calls from "@antiphon/server/Calls"
import * as Ending from "@antiphon/server/Ending"
import * as Entrance from "@antiphon/server/Entrance"
import type * as Mount from "@antiphon/server/Mount"
import type * as Settings from "@antiphon/server/Settings"
import * as Transport from "@antiphon/speech/Transport"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import type * as Config from "effect/Config"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Gate from "./internal/gate.ts"
import * as Line from "./internal/line.ts"
import * as VoiceWire from "./VoiceWire.ts"

/** Runs a call on the line to a page, until it is over. If it succeeds without hanging up, the line is hung up. */
export interface Answer<out E = never, out R = never> {
  (transport: Transport.Transport): Effect.Effect<unknown, E, R>
}

/** Options beside the answer. */
export interface Options {
  /** The path of the socket. `/voice` by default. */
  readonly path?: HttpRouter.PathInput | undefined
  /** JSON that pages are told about this server, such as which recogniser and voice are in use. */
  readonly about?: { readonly [key: string]: unknown } | undefined
}

/**
 * Mounts voice calls on a server, beside its other wires: `VoiceAgentApp.layer(agent, { protocols: [..., mount(...)]
 * })`.
 */
export const mount = <E = never, R = never>(answer: Answer<E, R>, options: Options = {}): Mount.Mount<R> => ({
  name: "voice",
  routes: (reception) => routes(answer, options, reception)
})

/**
 * Layer that adds voice calls to a router. Counts them among the `Calls` in the context, or with a limit of its own if
 * there are none.
 */
export const layer = <E = never, R = never>(
  answer: Answer<E, R>,
  options: Options & {
    readonly settings?: Settings.Overrides | undefined
    /** Makes the recorder of each call, such as `RecordingFile.recorder({ directory, audio: true })`. None by default. */
    readonly record?: CallHost.Record | undefined
  } = {}
): Layer.Layer<never, Config.ConfigError, HttpRouter.HttpRouter | Exclude<R, Scope.Scope>> =>
  Layer.effectDiscard(
    Effect.flatMap(Entrance.reception(options.settings), (reception) =>
      routes(answer, options, { ...reception, record: options.record })
    )
  ) as Layer.Layer<never, Config.ConfigError, HttpRouter.HttpRouter | Exclude<R, Scope.Scope>>

const routes = <E, R>(answer: Answer<E, R>, options: Options, reception: Entrance.Reception) =>
  Effect.gen(function* () {
    const services = yield* Effect.context<R>()
    const router = yield* HttpRouter.HttpRouter
    const nextId = yield* EventId.make
    const answered: Answer<E> = (transport) => Effect.provideContext(answer(transport), services as Context.Context<R>)
    yield* router.add("*", options.path ?? "/voice", (request) =>
      open(request, { reception, nextId, answer: answered, about: options.about ?? {} })
    )
  })

interface Place {
  readonly reception: Entrance.Reception
  readonly nextId: EventId.EventId
  readonly answer: Answer<unknown>
  readonly about: { readonly [key: string]: unknown }
}

/** Admits a page. Its call outlives the upgrade request. */
const open = (request: HttpServerRequest, place: Place): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const over = yield* Deferred.make<Ending.Ending>()
    const visitor = yield* Entrance.enter(request, {
      name: "voice",
      reception: place.reception,
      // The history does not keep audio, so only its rate is limited, not its length.
      limits: { maxCallBytes: 0 },
      onStalled: Effect.asVoid(Deferred.succeed(over, Ending.Ending.Stalled()))
    }).pipe(
      Scope.provide(scope),
      Effect.onError(() => Scope.close(scope, Exit.void))
    )
    const held = Effect.ensuring(Scope.provide(hold(visitor, over, place), scope), Scope.close(scope, Exit.void))
    yield* Effect.forkDetach(held, { startImmediately: true })
    return HttpServerResponse.empty()
  }).pipe(Effect.catch(Effect.succeed))

/** Number of a page's messages that may wait for the pipeline before reading pauses. */
const readAhead = 256

type Inbox = Queue.Queue<Transport.Incoming, Transport.TransportError | Cause.Done>

/** The parts of a call. */
interface Held extends Place {
  readonly visitor: Entrance.Visitor
  readonly over: Deferred.Deferred<Ending.Ending>
  readonly inbox: Inbox
  readonly call: { -readonly [K in keyof Calls.OpenCall]: Calls.OpenCall[K] }
  readonly clock: Clock.Clock
  /** Bytes of the words that both sides have said. */
  saidBytes: number
  /** Set once the call has started. */
  started: { readonly line: Line.Line; readonly answering: Fiber.Fiber<void> } | undefined
}

const hold = (visitor: Entrance.Visitor, over: Held["over"], place: Place): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { calls, settings } = place.reception
    const clock = yield* Clock.Clock
    const stop = (reason: Ending.OfServer) => Effect.asVoid(Deferred.succeed(over, Ending.Ending[reason]()))
    const call = { lastReceivedAt: Entrance.millis(clock), weight: () => held.saidBytes, stop }
    const inbox: Inbox = yield* Queue.bounded<Transport.Incoming, Transport.TransportError | Cause.Done>(readAhead)
    const held: Held = { ...place, visitor, over, inbox, call, clock, saidBytes: 0, started: undefined }
    yield* calls.open(call)
    const reading = yield* Effect.forkScoped(
      Effect.catchCause(read(held), (cause) => Deferred.succeed(over, endingOf(cause, settings)))
    )
    yield* Effect.forkScoped(
      Effect.delay(
        Effect.suspend(() => (held.started === undefined ? Deferred.succeed(over, lateStart) : Effect.void)),
        settings.startTimeout
      )
    )
    const ending = yield* Deferred.await(over)
    reading.interruptUnsafe()
    yield* conclude(held, ending)
  })

const lateStart = Ending.Ending.StartFailed({ message: "no start message came in time" })

/** Reads until the page is gone or has exceeded a limit. */
const read = (held: Held): Effect.Effect<never, Ending.Ending | Entrance.Lost> =>
  Effect.gen(function* () {
    const { inbox, visitor } = held
    const { maxCallBytes, maxFrameBytes } = held.reception.settings
    const gone = Effect.andThen(visitor.gone, Effect.fail(Ending.Ending.PeerClosed()))
    let gate = Gate.initial
    let textBytes = 0
    let isWatched = false

    const hand = (incoming: ReadonlyArray<Transport.Incoming>): Effect.Effect<void, Ending.Ending> => {
      for (const one of incoming) if (one._tag === "Played") held.started?.line.played(one)
      // There is almost always room, and a race per frame would cost as much as everything else.
      const rest = Queue.offerAllUnsafe(inbox, incoming)
      return rest.length === 0 ? Effect.void : Effect.raceFirst(Queue.offerAll(inbox, rest), gone)
    }
    /** Takes a step that answers the page, starts the call, or ends it. */
    const settle = ({ incoming, isStopped, replies, start }: Gate.Step): Effect.Effect<void, Ending.Ending> =>
      Effect.gen(function* () {
        const texts = replies.map(VoiceWire.encode)
        if (Arr.isReadonlyArrayNonEmpty(texts)) yield* visitor.send(texts)
        if (start !== undefined) yield* begin(held, start)
        yield* hand(incoming)
        if (isStopped === true) return yield* Effect.fail(Ending.Ending.PeerClosed())
      })
    const take = (frame: Entrance.Frame): Effect.Effect<void, Ending.Ending> => {
      if (frame.length > maxFrameBytes) return Effect.fail(Ending.Ending.TooLarge({ limit: maxFrameBytes }))
      if (typeof frame === "string") textBytes += frame.length
      if (maxCallBytes > 0 && textBytes > maxCallBytes) {
        return Effect.fail(Ending.Ending.Spent({ limit: maxCallBytes }))
      }
      const step = Gate.step(gate, frame, Entrance.millis(held.clock))
      gate = step.gate
      return Gate.isPlain(step) ? hand(step.incoming) : settle(step)
    }
    /** Keeps hearing a page that does not read, for a while. */
    const watch = Effect.suspend(() => {
      if (isWatched) return Effect.void
      isWatched = true
      return Effect.forkDetach(
        Effect.andThen(
          visitor.ready,
          Effect.sync(() => (isWatched = false))
        )
      )
    })
    const next = Effect.flatMap(visitor.pull, (frames): Effect.Effect<void, Ending.Ending> => {
      visitor.log.received(frames.length)
      held.call.lastReceivedAt = Entrance.millis(held.clock)
      const excess = visitor.excess(frames)
      // Messages of earlier pulls count: words are not lost because too many messages followed.
      if (excess !== undefined) return Effect.fail(excess)
      const taken = frames.length === 1 ? take(frames[0]) : Effect.forEach(frames, take, { discard: true })
      return visitor.isBehind() ? Effect.andThen(taken, watch) : taken
    })
    return yield* Effect.forever(next, { disableYield: true })
  })

const endingOf = (cause: Cause.Cause<Ending.Ending | Entrance.Lost>, settings: Settings.Settings): Ending.Ending => {
  const failure = cause.reasons.find(Cause.isFailReason)?.error
  if (failure === undefined) return CallHost.broken(cause)
  return failure._tag === "SocketError" ? Entrance.endingOf(failure, settings) : failure
}

/** Starts the call: answers the page, and runs the answer on its line. */
const begin = (held: Held, { format, message }: NonNullable<Gate.Step["start"]>): Effect.Effect<void, Ending.Ending> =>
  Effect.gen(function* () {
    const { visitor } = held
    if (!(yield* held.reception.calls.begin(held.call as Calls.OpenCall)))
      return yield* Effect.fail(Ending.Ending.Full())
    const { call_id = "" } = message
    const callId = call_id.trim() === "" ? `web-${held.nextId()}` : call_id
    const request = CallRequest.make({
      callId,
      from: "web",
      to: message.agent_id ?? "agent",
      agent: { id: message.agent_id ?? null },
      metadata: message.metadata ?? {}
    })
    const line = Line.make({
      visitor,
      request,
      format,
      echoFree: message.echo_free ?? false,
      incoming: Stream.fromQueue(held.inbox)
    })
    yield* visitor.log.started(callId)
    yield* visitor.send([
      VoiceWire.encode({ type: "ready", call_id: callId, format: message.format, about: held.about })
    ])
    const { record } = held.reception
    const answer = Entrance.limited(
      Effect.suspend(() => held.answer(Transport.weighed(line, (bytes) => (held.saidBytes += bytes)))),
      held.reception,
      held.call.stop
    )
    const recorded =
      record === undefined
        ? answer
        : Effect.scoped(
            Effect.flatMap(record(request, held.call.stop("Unrecorded")), (recorder) =>
              Recorder.provide(answer, recorder)
            )
          )
    const answered = Effect.onExit(recorded, (exit) =>
      Deferred.succeed(held.over, Exit.isSuccess(exit) ? Ending.Ending.AgentEnded() : CallHost.broken(exit.cause))
    )
    const answering = yield* Effect.forkDetach(
      answered.pipe(Effect.ignoreCause, Effect.annotateLogs({ callId: visitor.log.callId() })),
      { startImmediately: true }
    )
    held.started = { line, answering: answering as Fiber.Fiber<void> }
  })

/** Sends the last words, waits a limited time for the call to end, and closes. */
const conclude = (held: Held, ending: Ending.Ending): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { inbox, reception, started, visitor } = held
    const { settings } = reception
    const errorId = held.nextId()
    const parting = partingOf(ending, settings)
    const isTold = started?.line.farewell() !== undefined
    started?.line.silence()
    if (parting.message !== undefined && !(isTold && parting.message.type === "bye")) {
      yield* visitor.send([VoiceWire.encode(parting.message)])
    }
    yield* visitor.log.ended(isTold && ending._tag === "PeerClosed" ? Ending.Ending.AgentEnded() : ending, errorId)
    if (ending._tag === "Stalled") {
      yield* Queue.fail(inbox, new Transport.TransportError({ reason: "Stalled", detail: "the page does not read" }))
      yield* visitor.terminate
    } else {
      yield* Queue.end(inbox)
      yield* visitor.close(parting.code, parting.reason)
    }
    if (started !== undefined) yield* finish(started.answering, settings.startTimeout)
  })

/** Waits for the call to end. Interrupts it if that takes too long, and abandons it if it hangs while cleaning up. */
const finish = (answering: Fiber.Fiber<void>, within: Duration.Duration): Effect.Effect<void> =>
  Effect.timeoutOrElse(Effect.asVoid(Fiber.await(answering)), {
    duration: within,
    orElse: () => Effect.sync(() => answering.interruptUnsafe())
  })

interface Parting {
  readonly code: number
  readonly reason: string
  readonly message?: VoiceWire.ToPage | undefined
}

const failing = (code: number, name: string, detail: string): Parting => ({
  code,
  reason: name,
  message: { type: "error", code: name, detail }
})

/** What to tell a page about an ending, and the close code. */
const partingOf = (ending: Ending.Ending, settings: Settings.Settings): Parting => {
  switch (ending._tag) {
    case "PeerClosed":
      return { code: 1000, reason: "" }
    case "AgentEnded":
      return { code: 1000, reason: "", message: { type: "bye", reason: "the agent hung up" } }
    case "Idle":
      return { code: 1000, reason: "idle", message: { type: "bye", reason: "nothing was received for too long" } }
    case "Draining":
      return { code: 1001, reason: "draining", message: { type: "bye", reason: "the server is stopping" } }
    case "Full":
      return failing(1013, "full", "The server is full.")
    case "Overlong":
      return failing(1000, "overlong", "The call has lasted too long.")
    case "Starved":
      return failing(1009, "starved", "The call uses too much memory.")
    case "Unrecorded":
      return failing(1011, "unrecorded", "The call cannot be recorded.")
    case "Flood":
      return failing(1008, "flood", `More than ${ending.limit} ${ending.of} a second came.`)
    case "TooLarge":
      return failing(1009, "too_large", `A frame was longer than ${ending.limit} bytes.`)
    case "Spent":
      return failing(1009, "spent", `The call has sent more than ${ending.limit} bytes of text.`)
    case "StartFailed":
      return failing(1008, "not_started", ending.message)
    case "Malformed":
    case "Binary":
      return failing(1003, "malformed", "A message could not be read.")
    case "Stalled":
      return { code: 1011, reason: "stalled" }
    case "FactoryFailed":
    case "AgentFailed":
      return failing(1011, "failed", Ending.detail(ending, settings))
  }
}
