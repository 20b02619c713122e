/**
 * Joins one WebSocket to one call.
 *
 * One fiber reads the socket and hands each message to the call; the turns of the call write to the socket from their own
 * fibers. Whatever ends the call, its peer gets the answer that `Ending` states, and the log a line with the call's id.
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import * as Call from "@antiphon/core/Call"
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as EventId from "@antiphon/core/EventId"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { identity } from "effect/Function"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import type { Calls, OpenCall } from "./Calls.ts"
import { answer, Ending } from "./Ending.ts"
import * as Peer from "./internal/peer.ts"
import type { Settings } from "./Settings.ts"
import * as Wire from "./line/Wire.ts"

type Frame = string | Uint8Array
type Record = (request: CallRequest) => Effect.Effect<Recorder.Recorder, never, Scope.Scope>
type Pull = Effect.Effect<Arr.NonEmptyReadonlyArray<Frame>, Socket.SocketError>

/**
 * Starts the call of a socket, in a fiber of its own, and returns once the socket is open. From there on the call is in the
 * hands of `Calls`: it outlives its request, and has an end to handle whatever becomes of that.
 */
export const open = <E, R, R2>(
  socket: Socket.Socket,
  options: {
    readonly request: HttpServerRequest
    readonly factory: Agent.Factory<E, R, R2>
    readonly calls: Calls["Service"]
    readonly settings: Settings
    /** Makes the recorder of a call, where calls are recorded. */
    readonly record?: Record | undefined
  }
): Effect.Effect<void, Socket.SocketError, Exclude<R | R2, Scope.Scope>> =>
  Effect.gen(function* () {
    const { calls, factory, record, request, settings } = options
    const clock = yield* Clock.Clock
    const nextId = yield* EventId.make
    const readScope = yield* Scope.make()
    const callScope = yield* Scope.make()
    const writer = yield* Effect.scoped(socket.writer)
    const fork = Effect.runForkWith(yield* Effect.context())
    let ending: Ending | undefined
    let peer: Peer.Peer | undefined
    let callId = "unknown"
    let call: Call.Call | undefined
    let listening: Fiber.Fiber<void> | undefined

    // Whatever wants the call to end says so here and does not wait. The first reason counts.
    const stop = (reason: Ending): Effect.Effect<void> =>
      Effect.sync(() => {
        if (ending !== undefined) return
        ending = reason
        fork(conclude(reason))
      })
    const self: OpenCall = {
      lastReceivedAt: clock.currentTimeMillisUnsafe(),
      stop: (reason) => stop(Ending[reason]())
    }

    const converse = (request: CallRequest, peer: Peer.Peer, pull: Pull, rest: ReadonlyArray<Frame>) =>
      Effect.gen(function* () {
        const harness: Call.Harness = {
          send: (outputs) => peer.send(Arr.map(outputs, Wire.encode)),
          fail: (error) => stop(Ending.AgentFailed({ error }))
        }
        call = yield* makeAgent(factory, request, settings, callScope).pipe(
          // Nobody reads meanwhile, so this is how a caller who hangs up is noticed.
          Effect.raceFirst(Effect.andThen(peer.gone, Effect.fail(Ending.PeerClosed()))),
          Effect.flatMap((spec) => Scope.provide(Call.make(spec, { request, harness }), callScope)),
          record === undefined ? identity : recorded(record(request), callScope)
        )
        const receive = receiver(call, settings, clock)
        if (rest.length > 0) yield* receive(rest)
        const next = Effect.flatMap(pull, (frames) => {
          self.lastReceivedAt = clock.currentTimeMillisUnsafe()
          return receive(frames)
        })
        // Handed out, and not waited for here: what made the call need not stay in memory as long as it lasts.
        return Effect.forever(next, { disableYield: true })
      })

    const listen = (pull: Pull, peer: Peer.Peer) =>
      Effect.gen(function* () {
        const [first, ...rest] = yield* firstFrames(pull, settings)
        const start = yield* readStart(first, settings)
        callId = start.callId
        return Effect.annotateLogs(Effect.flatten(converse(start, peer, pull, rest)), { callId })
      }).pipe(
        Effect.flatten,
        Effect.catchCause((cause) => stop(endingOf(cause, callId, settings)))
      )

    const conclude = (ending: Ending) =>
      Effect.gen(function* () {
        // Whoever gave the reason goes on first: a turn may fail while its call is still being made.
        yield* Effect.yieldNow
        // Not waited for: what cannot be interrupted (a filter, a factory) would hold up the end of the call.
        listening?.interruptUnsafe()
        yield* finish(ending, { errorId: nextId(), settings, peer, call }).pipe(
          Effect.ensuring(release(callScope, settings)),
          Effect.annotateLogs({ callId })
        )
      }).pipe(Effect.ensuring(Scope.close(readScope, Exit.void)))

    yield* Effect.gen(function* () {
      yield* calls.open(self)
      const { pull } = yield* socket.reader
      peer = Peer.make({ request, writer, settings, onStalled: stop(Ending.Stalled()) })
      listening = yield* Effect.forkDetach(listen(pull, peer), { startImmediately: true })
    }).pipe(
      Scope.provide(readScope),
      Effect.onError(() => Scope.close(readScope, Exit.void))
    )
  })

/** Records what an effect makes, until the scope of the call has closed. */
const recorded =
  (record: ReturnType<Record>, callScope: Scope.Closeable) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Scope.provide(record, callScope), (recorder) => Recorder.provide(self, recorder))

/** Does what is stated about an ending. */
const finish = (
  ending: Ending,
  {
    call,
    errorId,
    peer,
    settings
  }: {
    readonly errorId: string
    readonly settings: Settings
    /** None where the connection was lost before it became a socket: a write would wait for one. */
    readonly peer: Peer.Peer | undefined
    /** None where it ended before the agent was made. */
    readonly call: Call.Call | undefined
  }
) =>
  Effect.gen(function* () {
    const { exposeErrors } = settings
    const { cause, callEnded, closeCode, error, level } = answer(ending, { errorId, exposeErrors })
    yield* Effect.annotateLogs(
      Effect.logWithLevel(level)(`The call ended: ${ending._tag}.`, ...(cause === undefined ? [] : [cause])),
      error === undefined ? {} : { errorId, answer: error }
    )
    if (peer !== undefined) {
      const last = error === undefined ? undefined : Wire.encodeError(error)
      yield* ending._tag === "Stalled" ? peer.terminate : peer.close(closeCode, last)
    }
    if (callEnded && call !== undefined) yield* call.end
  })

const endingOf = (cause: Cause.Cause<Ending | Socket.SocketError>, callId: string, settings: Settings): Ending => {
  const failure = cause.reasons.find(Cause.isFailReason)?.error
  if (failure === undefined) return Ending.FactoryFailed({ callId, cause })
  if (failure._tag !== "SocketError") return failure
  const { reason } = failure
  // The socket library closes by itself where a frame is beyond its own limit, and tells it as a failed read.
  return reason._tag === "SocketReadError" && /max payload/i.test(String(messageOf(reason.cause)))
    ? Ending.TooLarge({ limit: settings.maxFrameBytes })
    : Ending.PeerClosed()
}

const messageOf = (cause: unknown): unknown =>
  typeof cause === "object" && cause !== null && "message" in cause ? cause.message : cause

const firstFrames = (pull: Pull, { startTimeout }: Settings) =>
  Effect.timeoutOrElse(pull, {
    duration: startTimeout,
    orElse: () => Effect.fail(Ending.StartFailed({ message: "no start message came in time" }))
  })

/** Reads the start message, if it is one. */
const readStart = (frame: Frame, { maxFrameBytes }: Settings): Effect.Effect<CallRequest, Ending> =>
  isTooLarge(frame, maxFrameBytes)
    ? Effect.fail(Ending.TooLarge({ limit: maxFrameBytes }))
    : Effect.mapError(Effect.fromResult(Wire.decodeStart(frame)), ({ message }) => Ending.StartFailed({ message }))

const makeAgent = <E, R, R2>(
  factory: Agent.Factory<E, R, R2>,
  request: CallRequest,
  { startTimeout }: Settings,
  callScope: Scope.Closeable
) =>
  // In a fiber of its own: a factory that cannot be interrupted, or hangs in its cleanup, holds up nothing but itself.
  Effect.suspend(() => factory(request)).pipe(
    Scope.provide(callScope),
    Effect.forkDetach({ startImmediately: true }),
    Effect.flatMap((making) =>
      Effect.ensuring(
        Fiber.join(making),
        Effect.sync(() => making.interruptUnsafe())
      )
    ),
    Effect.timeoutOrElse({
      duration: startTimeout,
      orElse: () => Effect.die(new Error("the agent was not made in time"))
    }),
    Effect.catchCause((cause) => Effect.fail(Ending.FactoryFailed({ callId: request.callId, cause })))
  )

/** Releases what a call holds. What takes too long is left to itself: it must not keep the call, or the server, open. */
const release = (callScope: Scope.Closeable, { startTimeout }: Settings) =>
  Effect.flatMap(
    Effect.forkDetach(Effect.uninterruptible(Scope.close(callScope, Exit.void)), { startImmediately: true }),
    (releasing) =>
      Effect.timeoutOrElse(Effect.interruptible(Fiber.join(releasing)), {
        duration: startTimeout,
        orElse: () => Effect.logWarning("What the agent of a call holds was not released in time.")
      })
  )

// Text takes one to three bytes for each unit of its length, so most frames need no counting.
const isTooLarge = (frame: Frame, limit: number): boolean =>
  frame.length > limit ||
  (typeof frame === "string" && frame.length * 3 > limit && Buffer.byteLength(frame, "utf8") > limit)

/** Seconds over which the rate of frames is averaged: a burst of that many seconds' worth passes. */
const burstSeconds = 10

const receiver = (call: Call.Call, settings: Settings, clock: Clock.Clock) => {
  const { maxFramesPerSecond: rate, maxFrameBytes } = settings
  let allowance = rate * burstSeconds
  let at = clock.currentTimeMillisUnsafe()

  const isFlood = (count: number): boolean => {
    if (rate === 0) return false
    const now = clock.currentTimeMillisUnsafe()
    allowance = Math.min(rate * burstSeconds, allowance + ((now - at) * rate) / 1000) - count
    at = now
    return allowance < 0
  }

  const one = (frame: Frame): Effect.Effect<void, Ending> => {
    if (typeof frame !== "string") return Effect.fail(Ending.Binary())
    if (isTooLarge(frame, maxFrameBytes)) return Effect.fail(Ending.TooLarge({ limit: maxFrameBytes }))
    const received = Wire.decode(frame)
    switch (received._tag) {
      case "Report":
        return call.receive(received.report)
      case "Dropped":
        return Effect.logWarning(`A message was dropped: ${received.reason}.`)
      case "Malformed":
        return Effect.fail(Ending.Malformed({ message: received.reason }))
    }
  }

  return (frames: ReadonlyArray<Frame>): Effect.Effect<void, Ending> => {
    if (isFlood(frames.length)) return Effect.fail(Ending.Flood({ limit: rate }))
    return frames.length === 1 ? Effect.suspend(() => one(frames[0]!)) : Effect.forEach(frames, one, { discard: true })
  }
}
