/**
 * Handles one call of a carrier from admission to close: reads the stream, runs the answer, and cleans up. A call can lose its stream
 * during a transfer and return on another one.
 */
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as Recorder from "@antiphon/core/recording/Recorder"
import type * as EventId from "@antiphon/core/EventId"
import * as CallHost from "@antiphon/server/CallHost"
import type * as Calls from "@antiphon/server/Calls"
import * as Ending from "@antiphon/server/Ending"
import * as Entrance from "@antiphon/server/Entrance"
import type * as Settings from "@antiphon/server/Settings"
import * as Transport from "@antiphon/speech/Transport"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Predicate from "effect/Predicate"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import type { Answer } from "../Answer.ts"
import * as Gate from "./gate.ts"
import * as Inbox from "./inbox.ts"
import * as Line from "./line.ts"
import type { Message, Started } from "./message.ts"
import * as Parting from "./parting.ts"

/** A call in progress, as the carrier's routes see it. */
export interface Session {
  /** Passes something to the pipeline that did not arrive on the stream. */
  readonly tell: (incoming: Transport.Incoming) => Effect.Effect<void>
  /** Ends the call. The first reason counts. */
  readonly stop: (ending: Ending.Ending) => void
  /** Whether the stream may end without ending the call, because the caller may return on another stream. */
  isAway: boolean
  /** The carrier's id of the current stream. */
  streamId: string
  /** Accepts another stream of the same call, and returns the response. */
  readonly rejoin: (request: HttpServerRequest) => Effect.Effect<HttpServerResponse.HttpServerResponse>
}

/** What is specific to a carrier. */
export interface Carrier {
  /** One word, for logs. */
  readonly name: string
  readonly decode: (frame: Entrance.Frame) => Message
  readonly codec: Line.Codec
  /** How many messages of audio may wait for a missing one. */
  readonly mostHeld: number
  /** Whether the line returns none of the agent's own voice. */
  readonly echoFree: (started: Started) => boolean
  /** The call ends if nothing is received for this long, not even a ping. Without it, the setting applies and pings do not count. */
  readonly idleTimeout?: Duration.Duration | undefined
  /** Makes the request of the call. Fails with the reason if the call is refused. */
  readonly admit: (started: Started) => Effect.Effect<CallRequest, string>
  /** Makes the line. By default `Line.make` with the codec. */
  readonly line?: ((options: Line.Options) => Line.Line) | undefined
  /** A message that is sent when the call starts. */
  readonly greeting?: ((started: Started) => Entrance.Frame) | undefined
  readonly control: (started: Started, session: Session) => Line.Control
  /** Run when the call has started, and when it is over. */
  readonly began?: ((session: Session) => Effect.Effect<void>) | undefined
  readonly over?: Effect.Effect<void> | undefined
  /** How the socket is closed, if not as `Parting` says. */
  readonly parting?: ((ending: Ending.Ending, farewell: string | undefined) => Parting.Parting) | undefined
}

/** What calls need from their server. */
export interface Place {
  readonly reception: Entrance.Reception
  readonly nextId: EventId.EventId
  readonly answer: Answer<unknown>
}

/** Admits a carrier's socket and handles its call, which outlives the request. */
export const open = (
  request: HttpServerRequest,
  carrier: Carrier,
  place: Place
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.gen(function* () {
    const over = yield* Deferred.make<Ending.Ending>()
    const visit = yield* enter(request, carrier, place, over)
    yield* Effect.forkDetach(hold(visit, over, carrier, place), { startImmediately: true })
    return HttpServerResponse.empty()
  }).pipe(Effect.catch(Effect.succeed))

/** A stream of a call. `leave` releases it. */
export interface Visit {
  readonly visitor: Entrance.Visitor
  readonly leave: Effect.Effect<void>
  /** Bytes that were received, including pings, if known. */
  readonly bytesRead: () => number
}

const enter = (
  request: HttpServerRequest,
  carrier: Carrier,
  place: Place,
  over: Deferred.Deferred<Ending.Ending>
): Effect.Effect<Visit, HttpServerResponse.HttpServerResponse> =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const leave = Scope.close(scope, Exit.void)
    const visitor = yield* Entrance.enter(request, {
      name: carrier.name,
      reception: place.reception,
      // Audio is not kept, so only its rate is limited.
      limits: { maxCallBytes: 0 },
      onStalled: Effect.asVoid(Deferred.succeed(over, Ending.Ending.Stalled()))
    }).pipe(
      Scope.provide(scope),
      Effect.onError(() => leave)
    )
    return { visitor, leave, bytesRead: () => bytesReadOf(request) }
  })

/** Bytes that Node's socket of a request has read. */
const bytesReadOf = ({ source }: HttpServerRequest): number =>
  Predicate.hasProperty(source, "socket") &&
  Predicate.hasProperty(source.socket, "bytesRead") &&
  typeof source.socket.bytesRead === "number"
    ? source.socket.bytesRead
    : 0

/** State of a call. */
interface Held {
  readonly carrier: Carrier
  readonly place: Place
  readonly over: Deferred.Deferred<Ending.Ending>
  readonly inbox: Inbox.Inbox
  readonly call: { -readonly [K in keyof Calls.OpenCall]: Calls.OpenCall[K] }
  readonly clock: Clock.Clock
  readonly session: Session
  readonly returns: Queue.Queue<Visit>
  readonly log: Entrance.Visitor["log"]
  /** Bytes of everything but audio, which the history may keep. */
  keptBytes: number
  /** Bytes of the words that both sides have said. */
  saidBytes: number
  /** Undefined until the call has started. */
  started: { readonly line: Line.Line; readonly answering: Fiber.Fiber<void> } | undefined
}

/** How many messages may wait for the pipeline before reading pauses. */
const readAhead = 256

/** Handles the call of an admitted visitor. Completing `over` ends it. */
export const hold = (
  first: Visit,
  over: Deferred.Deferred<Ending.Ending>,
  carrier: Carrier,
  place: Place
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { calls, settings } = place.reception
    const clock = yield* Clock.Clock
    const inbox = Inbox.make(readAhead)
    const returns = yield* Queue.unbounded<Visit>()
    const session: Session = {
      tell: (incoming) => inbox.put([incoming]),
      stop: (ending) => void Deferred.doneUnsafe(over, Effect.succeed(ending)),
      isAway: false,
      streamId: "",
      rejoin: (request) =>
        enter(request, carrier, place, over).pipe(
          Effect.flatMap((visit) =>
            Queue.offerUnsafe(returns, visit)
              ? Effect.succeed(HttpServerResponse.empty())
              : Effect.as(Effect.andThen(visit.visitor.close(1000), visit.leave), HttpServerResponse.empty())
          ),
          Effect.catch(Effect.succeed)
        )
    }
    let alive = { bytes: 0, at: Entrance.millis(clock) }
    const call = {
      idleTimeout: carrier.idleTimeout,
      client: first.visitor.client,
      get lastReceivedAt() {
        const bytes = carrier.idleTimeout === undefined ? 0 : first.bytesRead()
        if (bytes !== alive.bytes) alive = { bytes, at: Entrance.millis(clock) }
        return alive.at
      },
      set lastReceivedAt(at: number) {
        alive = { ...alive, at }
      },
      weight: () => held.keptBytes + held.saidBytes,
      stop: (reason: Ending.OfServer) => Effect.sync(() => session.stop(Ending.Ending[reason]()))
    }
    const held: Held = {
      carrier,
      place,
      over,
      inbox,
      call,
      clock,
      session,
      returns,
      log: first.visitor.log,
      keptBytes: 0,
      saidBytes: 0,
      started: undefined
    }
    yield* calls.open(call)
    yield* Effect.forkScoped(
      Effect.delay(
        Effect.sync(() => (held.started === undefined ? session.stop(lateStart) : undefined)),
        settings.startTimeout
      )
    )
    const [ending, last] = yield* converse(held, first)
    yield* conclude(held, ending, last)
  }).pipe(Effect.scoped)

const lateStart = Ending.Ending.StartFailed({ message: "no start message came in time" })

/** Reads one stream after another until the call is over. */
const converse = (held: Held, visit: Visit): Effect.Effect<readonly [Ending.Ending, Visit | undefined]> =>
  Effect.gen(function* () {
    const { over, place, session } = held
    const reading = Effect.matchCause(read(held, visit.visitor), {
      onSuccess: (never) => never,
      onFailure: (cause) => endingOf(cause, place.reception.settings)
    })
    const ending = yield* Effect.raceFirst(Deferred.await(over), reading)
    if (ending._tag !== "PeerClosed" || !session.isAway || held.started === undefined) return [ending, visit]
    held.started.line.detach()
    yield* visit.visitor.close(1000)
    yield* visit.leave
    const next = yield* Effect.raceFirst(Deferred.await(over), Queue.take(held.returns))
    return "visitor" in next ? yield* converse(held, next) : [next, undefined]
  })

const endingOf = (cause: Cause.Cause<Ending.Ending | Entrance.Lost>, settings: Settings.Settings): Ending.Ending => {
  const failure = cause.reasons.find(Cause.isFailReason)?.error
  if (failure === undefined) return CallHost.broken(cause)
  return failure._tag === "SocketError" ? Entrance.endingOf(failure, settings) : failure
}

/** Reads until the carrier is gone or exceeds a limit. */
const read = (held: Held, visitor: Entrance.Visitor): Effect.Effect<never, Ending.Ending | Entrance.Lost> =>
  Effect.gen(function* () {
    const { carrier, clock, inbox } = held
    const { maxCallBytes, maxFrameBytes } = held.place.reception.settings
    const gone = Effect.andThen(visitor.gone, Effect.fail(Ending.Ending.PeerClosed()))
    let gate = Gate.make(carrier.mostHeld)
    let isWatched = false

    const hand = (incoming: ReadonlyArray<Transport.Incoming>): Effect.Effect<void, Ending.Ending> => {
      for (const one of incoming) if (one._tag === "Mark") held.started?.line.marked(one.name)
      // There is almost always room, and a race per frame would cost as much as everything else.
      const rest = inbox.offer(incoming)
      return rest.length === 0 ? Effect.void : Effect.raceFirst(inbox.put(rest), gone)
    }
    const settle = ({
      dropped,
      incoming,
      isStopped,
      refused,
      started
    }: Gate.Step): Effect.Effect<void, Ending.Ending> =>
      Effect.gen(function* () {
        if (dropped !== undefined) yield* held.log.dropped(dropped)
        if (refused !== undefined) return yield* Effect.fail(Ending.Ending.StartFailed({ message: refused }))
        if (started !== undefined) yield* start(held, visitor, started)
        yield* hand(incoming)
        if (isStopped === true) return yield* Effect.fail(Ending.Ending.PeerClosed())
      })
    const take = (frame: Entrance.Frame): Effect.Effect<void, Ending.Ending> => {
      if (frame.length > maxFrameBytes) return Effect.fail(Ending.Ending.TooLarge({ limit: maxFrameBytes }))
      const message = carrier.decode(frame)
      if (message._tag !== "Media") held.keptBytes += frame.length
      if (maxCallBytes > 0 && held.keptBytes > maxCallBytes) {
        return Effect.fail(Ending.Ending.Spent({ limit: maxCallBytes }))
      }
      const step = Gate.step(gate, message, Entrance.millis(clock))
      gate = step.gate
      return Gate.isPlain(step) ? hand(step.incoming) : settle(step)
    }
    /** Keeps reading from a carrier that does not read, for a while. */
    const watch = Effect.suspend(() => {
      if (isWatched) return Effect.void
      isWatched = true
      const watching = Effect.andThen(
        visitor.ready,
        Effect.sync(() => (isWatched = false))
      )
      return Effect.asVoid(Effect.forkDetach(watching))
    })
    const next = Effect.flatMap(visitor.pull, (frames): Effect.Effect<void, Ending.Ending> => {
      held.log.received(frames.length)
      held.call.lastReceivedAt = Entrance.millis(clock)
      const excess = visitor.excess(frames)
      if (excess !== undefined) return Effect.fail(excess)
      const taken =
        frames.length === 1 ? take(frames[0]) : inbox.together(Effect.forEach(frames, take, { discard: true }))
      return visitor.isBehind() ? Effect.andThen(taken, watch) : taken
    })
    return yield* Effect.forever(next, { disableYield: true })
  })

/** Starts the call, or continues it on another stream. */
const start = (held: Held, visitor: Entrance.Visitor, started: Started): Effect.Effect<void, Ending.Ending> => {
  if (held.started === undefined) return begin(held, visitor, started)
  return Effect.suspend(() => {
    held.session.isAway = false
    held.session.streamId = started.streamId
    held.started?.line.attach({ visitor, streamId: started.streamId })
    return held.session.tell({ _tag: "Held", isHeld: false })
  })
}

const begin = (held: Held, visitor: Entrance.Visitor, started: Started): Effect.Effect<void, Ending.Ending> =>
  Effect.gen(function* () {
    const { carrier, place, session } = held
    const request = yield* Effect.mapError(carrier.admit(started), (message) => Ending.Ending.StartFailed({ message }))
    const { format } = started
    if (format === undefined) return
    if (!(yield* place.reception.calls.begin(held.call as Calls.OpenCall))) {
      return yield* Effect.fail(Ending.Ending.Full())
    }
    const line = (carrier.line ?? Line.make)({
      request,
      format,
      codec: carrier.codec,
      control: carrier.control(started, session),
      close: () => session.stop(Ending.Ending.AgentEnded()),
      clock: held.clock,
      log: held.log,
      echoFree: carrier.echoFree(started),
      incoming: held.inbox.stream
    })
    session.streamId = started.streamId
    line.attach({ visitor, streamId: started.streamId })
    yield* held.log.started(request.callId)
    if (carrier.greeting !== undefined) yield* visitor.send([carrier.greeting(started)])
    const { record } = place.reception
    const answer = Entrance.limited(
      Effect.suspend(() => place.answer(Transport.weighed(line, (bytes) => (held.saidBytes += bytes)))),
      place.reception,
      held.call.stop
    )
    const unrecorded = Effect.sync(() => session.stop(Ending.Ending.Unrecorded()))
    const recorded =
      record === undefined
        ? answer
        : Effect.scoped(Effect.flatMap(record(request, unrecorded), (recorder) => Recorder.provide(answer, recorder)))
    const answered = Effect.onExit(recorded, (exit) =>
      Deferred.succeed(held.over, Exit.isSuccess(exit) ? Ending.Ending.AgentEnded() : CallHost.broken(exit.cause))
    )
    const answering = yield* Effect.forkDetach(
      answered.pipe(Effect.ignoreCause, Effect.annotateLogs({ callId: held.log.callId() })),
      { startImmediately: true }
    )
    held.started = { line, answering: answering as Fiber.Fiber<void> }
    if (carrier.began !== undefined) yield* carrier.began(session)
  })

/** Gives the answer time to finish, and closes the socket. */
const conclude = (held: Held, ending: Ending.Ending, visit: Visit | undefined): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { carrier, inbox, place, started } = held
    const { settings } = place.reception
    const farewell = started?.line.farewell()
    if (started !== undefined && carrier.over !== undefined) yield* carrier.over
    started?.line.detach()
    const told = farewell !== undefined && ending._tag === "PeerClosed" ? Ending.Ending.AgentEnded() : ending
    yield* held.log.ended(told, place.nextId())
    if (ending._tag === "Stalled") {
      const detail = "the carrier does not read"
      inbox.end(new Transport.TransportError({ reason: "Stalled", detail }))
      if (visit !== undefined) yield* visit.visitor.terminate
    } else {
      inbox.end()
    }
    // After a failure the carrier speaks the apology instead, so the call is not hung up.
    if (hangsUp.has(ending._tag) && farewell === undefined) yield* started?.line.control.hangUp ?? Effect.void
    if (visit !== undefined && ending._tag !== "Stalled") {
      const { code, reason } = carrier.parting?.(ending, farewell) ?? Parting.of(ending)
      yield* visit.visitor.close(code, reason)
    }
    if (started !== undefined) yield* finish(started.answering, settings.startTimeout)
    if (visit !== undefined) yield* visit.leave
    // Close streams that came back too late.
    for (const late of yield* Queue.clear(held.returns)) {
      yield* late.visitor.close(1000)
      yield* late.leave
    }
    yield* Queue.shutdown(held.returns)
  })

const hangsUp: ReadonlySet<Ending.Ending["_tag"]> = new Set(["AgentEnded", "Idle", "Overlong"])

/** Waits for the answer. If it takes too long, it is interrupted without waiting any further. */
const finish = (answering: Fiber.Fiber<void>, within: Duration.Duration): Effect.Effect<void> =>
  Effect.timeoutOrElse(Effect.asVoid(Fiber.await(answering)), {
    duration: within,
    orElse: () => Effect.sync(() => answering.interruptUnsafe())
  })
