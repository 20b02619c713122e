/**
 * Admits sockets that carry no text protocol, such as one that carries audio: with the server's token and origins, its place
 * for calls, its limits and its log, as every wire of the server has them.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import type * as Config from "effect/Config"
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
import * as CallLog from "./internal/callLog.ts"
import * as Door from "./internal/door.ts"
import * as Intake from "./internal/intake.ts"
import * as Monotonic from "./internal/monotonic.ts"
import * as OpenCalls from "./internal/openCalls.ts"
import * as Peer from "./internal/peer.ts"
import * as Refusals from "./internal/refusals.ts"
import * as Running from "./internal/running.ts"
import * as SocketDriver from "./internal/socketDriver.ts"
import * as Settings from "./Settings.ts"

/** A frame of a socket. */
export type Frame = string | Uint8Array

/** Somebody who came in. */
export interface Visitor {
  /** What came since it was last asked, or why nothing comes any more. */
  readonly pull: Effect.Effect<Arr.NonEmptyReadonlyArray<Frame>, Socket.SocketError>
  /** Sends frames in order, and does not wait until they are read. Somebody who is gone takes everything. */
  readonly send: (frames: Arr.NonEmptyReadonlyArray<Frame>) => Effect.Effect<void>
  /** Waits while more than `maxBufferedBytes` have not been read; after `stallTimeout`, runs `onStalled`. */
  readonly ready: Effect.Effect<void>
  readonly isBehind: () => boolean
  /** Closes, after what was sent. */
  readonly close: (code: number, reason?: string) => Effect.Effect<void>
  /** Drops the connection without a word. */
  readonly terminate: Effect.Effect<void>
  /** Waits until the connection is lost. */
  readonly gone: Effect.Effect<void>
  /** With which ending frames are more than the limits allow, or undefined. Counts them. */
  readonly excess: (frames: ReadonlyArray<Frame>) => Ending.Ending | undefined
  /** The lines that a call leaves. */
  readonly log: CallLog.CallLog
}

/** How somebody is let in. */
export interface Options {
  /** One word, for logs. */
  readonly name: string
  readonly reception: Pick<CallHost.Reception, "calls" | "settings" | "refused">
  /** Limits that differ from the server's: audio has a pace of its own. */
  readonly limits?: Partial<Intake.Limits> | undefined
  readonly onStalled: Effect.Effect<void>
}

/** Lets a request in as a socket, which stays open as long as the scope. Fails with the answer if it is not let in. */
export const enter = (
  request: HttpServerRequest,
  { limits, name, onStalled, reception }: Options
): Effect.Effect<Visitor, HttpServerResponse, Scope.Scope> =>
  Effect.gen(function* () {
    const { settings } = reception
    if (!Door.isUpgrade(request)) return yield* Effect.fail(Answers.notFound)
    const refusal = Admission.refusal(request, settings)
    if (refusal !== undefined) {
      yield* reception.refused(refusal.status, refusal.detail)
      return yield* Effect.fail(Answers.respond(refusal.status, { detail: refusal.detail }))
    }
    yield* Door.roomFor(reception)
    const badUpgrade = () => Answers.badUpgrade
    const socket = yield* Effect.mapError(request.upgrade, badUpgrade)
    const writer = yield* Effect.mapError(Effect.scoped(socket.writer), badUpgrade)
    const { pull } = yield* Effect.mapError(socket.reader, badUpgrade)
    const clock = yield* Clock.Clock
    const peer = Peer.make({ request, writer, settings, onStalled })
    const log = CallLog.make(name, clock, reception.calls.health)
    // Whoever goes on from here in this fiber does so for the call. Not before the fiber that led here has gone on.
    yield* Effect.yieldNow
    Running.become(log)
    return {
      ...peer,
      pull,
      close: (code, reason) => peer.close(code, reason),
      excess: Intake.make({ ...settings, ...limits }, clock).excess,
      log
    }
  })

/** What a server gives to whoever lets sockets in. */
export type Reception = Options["reception"]

/**
 * Makes what a server gives, for routes that are mounted without one: its settings from the environment, and the `Calls` of the
 * context if there are any, else calls of its own.
 */
export const reception = (
  overrides: Settings.Overrides = {}
): Effect.Effect<Reception, Config.ConfigError, Scope.Scope> =>
  Effect.gen(function* () {
    const settings = yield* Settings.load(overrides)
    const shared = yield* Effect.serviceOption(Calls.Calls)
    const calls = Option.isSome(shared) ? shared.value : yield* OpenCalls.make(settings)
    return { settings, calls, refused: Refusals.make(yield* Clock.Clock, calls.health) }
  })

/** The socket is lost. */
export type Lost = Socket.SocketError

/** What the loss of a socket means. */
export const endingOf = SocketDriver.endingOfLoss

/** Milliseconds of the monotonic clock, as `OpenCall.lastReceivedAt` counts them. */
export const millis: (clock: Clock.Clock) => number = Monotonic.millis
