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
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import type { Calls, OpenCall } from "./Calls.ts"
import { answer, Ending } from "./Ending.ts"
import * as Peer from "./internal/peer.ts"
import type { Settings } from "./Settings.ts"
import * as Wire from "./Wire.ts"

type Frame = string | Uint8Array
type Pull = Effect.Effect<Arr.NonEmptyReadonlyArray<Frame>, Socket.SocketError>

/** A call on a socket, from outside. */
export interface CallSocket {
  /** Waits until the call is over and the socket closed. Never fails. */
  readonly await: Effect.Effect<void>
  /** Ends the call because its connection is lost, or because the server lets go of it. */
  readonly leave: Effect.Effect<void>
}

/** Starts the call of a socket, in a fiber of its own: it has an end to handle also where its request is interrupted. */
export const open = <E, R>(
  socket: Socket.Socket,
  options: {
    readonly request: HttpServerRequest
    readonly factory: Agent.Factory<E, R>
    readonly calls: Calls["Service"]
    readonly settings: Settings
  }
): Effect.Effect<CallSocket, never, Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const { calls, factory, request, settings } = options
    const clock = yield* Clock.Clock
    const nextId = yield* EventId.make
    const readScope = yield* Scope.make()
    const callScope = yield* Scope.make()
    const writer = yield* Effect.scoped(socket.writer)
    let ending: Ending | undefined
    let callId = "unknown"
    let call: Call.Call | undefined

    // The reader fails when its scope closes: so a call is stopped from outside by giving the reason first.
    const stop = (reason: Ending): Effect.Effect<void> =>
      Effect.suspend(() => {
        ending ??= reason
        return Scope.close(readScope, Exit.void)
      })
    const peer = Peer.make({ request, writer, settings, onStalled: stop(Ending.Stalled()) })
    const self: OpenCall = {
      lastReceivedAt: clock.currentTimeMillisUnsafe(),
      stop: (reason) => stop(Ending[reason]())
    }

    const converse = (request: CallRequest, pull: Pull, rest: ReadonlyArray<Frame>) =>
      Effect.gen(function* () {
        const spec = yield* makeAgent(factory, request, settings, callScope)
        const harness: Call.Harness = {
          send: (outputs) => peer.send(Arr.map(outputs, Wire.encode)),
          fail: (error) => stop(Ending.AgentFailed({ error }))
        }
        call = yield* Scope.provide(Call.make(spec, { request, harness }), callScope)
        const receive = receiver(call, settings, clock)
        if (rest.length > 0) yield* receive(rest)
        return yield* Effect.forever(
          Effect.flatMap(pull, (frames) => {
            self.lastReceivedAt = clock.currentTimeMillisUnsafe()
            return receive(frames)
          }),
          { disableYield: true }
        )
      })

    const listen = Effect.gen(function* () {
      yield* calls.open(self)
      const { pull } = yield* Scope.provide(socket.reader, readScope)
      const [first, ...rest] = yield* firstFrames(pull, settings)
      const request = yield* readStart(first, settings)
      callId = request.callId
      return yield* Effect.annotateLogs(converse(request, pull, rest), { callId })
    })

    const finish = (ending: Ending) =>
      Effect.gen(function* () {
        const errorId = nextId()
        const { cause, callEnded, closeCode, error, level } = answer(ending, {
          errorId,
          exposeErrors: settings.exposeErrors
        })
        yield* Effect.logWithLevel(level)(
          `The call ended: ${ending._tag}.`,
          ...(cause === undefined ? [] : [cause])
        ).pipe(Effect.annotateLogs(error === undefined ? {} : { errorId, answer: error }))
        if (error !== undefined) yield* peer.send([Wire.encodeError(error)])
        yield* ending._tag === "Stalled" ? peer.terminate : peer.close(closeCode)
        if (callEnded && call !== undefined) yield* call.end
      })

    const fiber = yield* Effect.scoped(listen).pipe(
      Effect.catchCause((cause) => Effect.annotateLogs(finish(ending ?? endingOf(cause, settings)), { callId })),
      Effect.ensuring(Scope.close(callScope, Exit.void)),
      Effect.ensuring(Scope.close(readScope, Exit.void)),
      Effect.forkDetach({ startImmediately: true })
    )
    return {
      await: Effect.asVoid(Fiber.await(fiber)),
      leave: Effect.suspend(() => stop(peer.isGone() ? Ending.PeerClosed() : Ending.Draining()))
    }
  })

const endingOf = (cause: Cause.Cause<Ending | Socket.SocketError>, settings: Settings): Ending => {
  const failure = cause.reasons.find(Cause.isFailReason)?.error
  if (failure === undefined) return Ending.FactoryFailed({ callId: "unknown", cause })
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
const readStart = (frame: Frame, settings: Settings): Effect.Effect<CallRequest, Ending> =>
  checkSize(frame, settings).pipe(
    Effect.andThen(() => Effect.fromResult(Wire.decodeStart(frame))),
    Effect.catchTag("WireError", ({ message }) => Effect.fail(Ending.StartFailed({ message })))
  )

const makeAgent = <E, R>(
  factory: Agent.Factory<E, R>,
  request: CallRequest,
  { startTimeout }: Settings,
  callScope: Scope.Closeable
) =>
  Effect.suspend(() => factory(request)).pipe(
    Effect.timeoutOrElse({
      duration: startTimeout,
      orElse: () => Effect.die(new Error("the agent was not made in time"))
    }),
    Scope.provide(callScope),
    Effect.catchCause((cause) => Effect.fail(Ending.FactoryFailed({ callId: request.callId, cause })))
  )

/** What the limits and the format say to a frame, before the call sees it. */
const checkSize = (frame: Frame, { maxFrameBytes }: Settings): Effect.Effect<void, Ending> =>
  frame.length > maxFrameBytes ? Effect.fail(Ending.TooLarge({ limit: maxFrameBytes })) : Effect.void

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
    if (frame.length > maxFrameBytes) return Effect.fail(Ending.TooLarge({ limit: maxFrameBytes }))
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
