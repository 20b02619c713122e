/**
 * Admits sockets that do not carry a text protocol, for example audio. The server's token, origins, number of calls and
 * limits apply to them, and they are logged like calls on any other wire.
 *
 * @since 0.1.0
 */
import * as Limits from "@antiphon/core/CallLimits"
import type * as Arr from "effect/Array"
import * as ByteSize from "effect/ByteSize"
import * as Clock from "effect/Clock"
import type * as Config from "effect/Config"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import type * as CallHost from "./CallHost.ts"
import * as Calls from "./Calls.ts"
import type * as Ending from "./Ending.ts"
import * as Admission from "./internal/admission.ts"
import * as Answers from "./internal/answers.ts"
import * as Body from "./internal/body.ts"
import * as Client from "./internal/client.ts"
import * as CallLimits from "./internal/callLimits.ts"
import * as CallLog from "./internal/callLog.ts"
import * as Door from "./internal/door.ts"
import * as Intake from "./internal/intake.ts"
import * as Monotonic from "@antiphon/core/Monotonic"
import * as OpenCalls from "./internal/openCalls.ts"
import * as Peer from "./internal/peer.ts"
import * as Refusals from "./internal/refusals.ts"
import * as Running from "./internal/running.ts"
import * as SocketDriver from "./internal/socketDriver.ts"
import * as Settings from "./Settings.ts"

/** A frame of a socket. */
export type Frame = string | Uint8Array

/** An admitted peer. */
export interface Visitor {
  /** Returns the frames received since the last pull. Fails once no more can arrive. */
  readonly pull: Effect.Effect<Arr.NonEmptyReadonlyArray<Frame>, Socket.SocketError>
  /** Sends frames in order, without waiting until they are read. Frames to a disconnected peer are dropped. */
  readonly send: (frames: Arr.NonEmptyReadonlyArray<Frame>) => Effect.Effect<void>
  /** Waits while more than `maxBufferedBytes` are unread. Runs `onStalled` after `stallTimeout`. */
  readonly ready: Effect.Effect<void>
  readonly isBehind: () => boolean
  /** Closes the socket after everything sent before. */
  readonly close: (code: number, reason?: string) => Effect.Effect<void>
  /** Drops the connection without a closing message. */
  readonly terminate: Effect.Effect<void>
  /** Waits until the connection is lost. */
  readonly gone: Effect.Effect<void>
  /** Counts frames. Returns the ending if they exceed the limits. */
  readonly excess: (frames: ReadonlyArray<Frame>) => Ending.Ending | undefined
  /** Identifies the client, for limits per client. */
  readonly client?: string | undefined
  /** The log of the call. */
  readonly log: CallLog.CallLog
}

/** Options for admitting a peer. */
export interface Options {
  /** One word, for logs. */
  readonly name: string
  readonly reception: Pick<CallHost.Reception, "calls" | "settings" | "refused" | "record" | "clientOf">
  /** Limits that replace the server's, because audio has its own pace. */
  readonly limits?: Partial<Intake.Limits> | undefined
  readonly onStalled: Effect.Effect<void>
}

/** Fails with a response if a request lacks the server's token, or comes from a page that may not call. */
export const admit = (
  request: HttpServerRequest,
  reception: Pick<Reception, "refused" | "settings">
): Effect.Effect<void, HttpServerResponse> => {
  const refusal = Admission.refusal(request, reception.settings)
  if (refusal === undefined) return Effect.void
  return Effect.andThen(
    reception.refused(refusal.status, refusal.detail),
    Effect.fail(Answers.respond(refusal.status, { detail: refusal.detail }))
  )
}

/**
 * Makes a function that reads the body of a request as text: at most `longestBytes`, within `startTimeout`, and `maxOpenings` bodies at
 * a time. It fails with the response.
 */
export const bodyReader = (
  { settings }: Pick<Reception, "settings">,
  longestBytes: number
): ((request: HttpServerRequest) => Effect.Effect<string, HttpServerResponse>) =>
  Body.reader(settings, ByteSize.bytes(longestBytes))

/**
 * Admits a request, and opens its socket for as long as the scope. Fails with the response if the request is refused.
 */
export const enter = (
  request: HttpServerRequest,
  { limits, name, onStalled, reception }: Options
): Effect.Effect<Visitor, HttpServerResponse, Scope.Scope> =>
  Effect.gen(function* () {
    const { settings } = reception
    if (!Door.isUpgrade(request)) return yield* Effect.fail(Answers.notFound)
    yield* admit(request, reception)
    const client = reception.clientOf(request)
    yield* Door.roomFor(reception, client)
    const badUpgrade = () => Answers.badUpgrade
    const socket = yield* Effect.mapError(request.upgrade, badUpgrade)
    const writer = yield* Effect.mapError(Effect.scoped(socket.writer), badUpgrade)
    const { pull } = yield* Effect.mapError(socket.reader, badUpgrade)
    const peer = Peer.make({ request, writer, settings, onStalled })
    return {
      pull,
      client,
      send: (frames) => peer.send(frames),
      ready: peer.ready,
      isBehind: () => peer.isBehind(),
      close: (code, reason) => peer.close(code, reason),
      terminate: peer.terminate,
      gone: peer.gone,
      ...(yield* bounds({ name, limits, reception, client }))
    }
  })

/** Makes the limits and the log of a peer that did not connect by a request, but for example over TCP. */
export const bounds = ({
  client,
  limits,
  name,
  reception
}: Pick<Options, "name" | "limits" | "reception"> & {
  /** Identifies the client, for limits per client. */
  readonly client?: string | undefined
}): Effect.Effect<Pick<Visitor, "excess" | "log">> =>
  Effect.gen(function* () {
    const { calls, settings } = reception
    const clock = yield* Clock.Clock
    const log = CallLog.make(name, clock, calls.health)
    // From here on, this fiber runs on behalf of the call, once the calling fiber has continued.
    yield* Effect.yieldNow
    Running.become(log)
    const pace = client === undefined ? undefined : calls.paceOf(client)
    const intake = Intake.make({ ...settings, ...limits }, clock, pace)
    return { excess: (frames) => intake.excess(frames), log }
  })

/** The parts of a server needed to admit a socket. */
export type Reception = Options["reception"]

/**
 * Makes a reception for routes that are mounted without a server's. Reads the settings from the environment, and uses
 * the `Calls` in the context, or makes its own.
 */
export const reception = (
  overrides: Settings.Overrides = {}
): Effect.Effect<Reception, Config.ConfigError, Scope.Scope> =>
  Effect.gen(function* () {
    const settings = yield* Settings.load(overrides)
    const shared = yield* Effect.serviceOption(Calls.Calls)
    const calls = Option.isSome(shared) ? shared.value : yield* OpenCalls.make(settings)
    return {
      settings,
      calls,
      clientOf: Client.namer(settings.trustedProxies),
      refused: Refusals.make(yield* Clock.Clock, calls.health)
    }
  })

/**
 * Holds the agents of an answer to the server's limits of a call, as on any other wire: the turn after the last one says goodbye and
 * hangs up. `stop` ends the call if it is not over half a minute later.
 */
export const limited = <A, E, R>(
  answer: Effect.Effect<A, E, R>,
  { settings }: Pick<Reception, "settings">,
  stop: (reason: Ending.OfServer) => Effect.Effect<void>
): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const parted = Deferred.makeUnsafe<void>()
    const overlong = Deferred.await(parted).pipe(
      Effect.andThen(Effect.sleep(CallLimits.farewellMs)),
      Effect.andThen(stop("Overlong"))
    )
    yield* Effect.forkChild(overlong)
    const limits = CallLimits.of(settings, () => Deferred.doneUnsafe(parted, Effect.void))
    return yield* Effect.provideService(answer, Limits.Current, limits)
  })

/** Error of a lost socket. */
export type Lost = Socket.SocketError

/** The ending to report when the socket is lost. */
export const endingOf = SocketDriver.endingOfLoss

/** Milliseconds of the monotonic clock, as in `OpenCall.lastReceivedAt`. */
export const millis: (clock: Clock.Clock) => number = Monotonic.millis
