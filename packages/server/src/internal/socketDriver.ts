/**
 * Runs a call on a WebSocket. One fiber reads the socket and passes each frame on; what the machine wants is written by
 * the fiber that caused it.
 */
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Scope from "effect/Scope"
import type * as Socket from "effect/socket/Socket"
import * as CallHost from "../CallHost.ts"
import { Ending } from "../Ending.ts"
import type * as Protocol from "../Protocol.ts"
import type { Settings } from "../Settings.ts"
import * as Intake from "./intake.ts"
import * as Peer from "./peer.ts"

type Frame = string | Uint8Array

/** The fiber that reads a socket, once it does. */
interface Reading {
  fiber: Fiber.Fiber<void> | undefined
}

/** Opens a call on a socket, and returns once the socket is open. The call outlives its upgrade request. */
export const open = <State>(
  socket: Socket.Socket,
  options: {
    readonly request: HttpServerRequest
    readonly admitted: Protocol.Admitted
    /** Identifies the client, for limits per client. */
    readonly client?: string | undefined
    readonly protocol: Protocol.Protocol<State>
    readonly reception: CallHost.Reception
  }
): Effect.Effect<void, Socket.SocketError> =>
  Effect.gen(function* () {
    const { admitted, client, protocol, reception, request } = options
    const { settings } = reception
    const scope = yield* Scope.make()
    const reading: Reading = { fiber: undefined }
    const connect = (stop: CallHost.CallHost["stop"]) =>
      Effect.gen(function* () {
        const writer = yield* Effect.scoped(socket.writer)
        const { pull } = yield* Scope.provide(socket.reader, scope)
        const peer = Peer.make({ request, writer, settings, onStalled: stop(Ending.Stalled()) })
        return { pull, peer }
      })
    let connected: Effect.Success<ReturnType<typeof connect>>
    const host = yield* reception.open({
      protocol,
      admitted,
      client,
      scope,
      connect: (stop) =>
        Effect.map(connect(stop), (made) => {
          connected = made
          return new SocketLink(made.peer, reading)
        })
    })
    const { peer, pull } = connected!
    reading.fiber = yield* Effect.forkDetach(read(pull, host, peer, reception, client), { startImmediately: true })
  })

class SocketLink implements CallHost.Link {
  readonly #peer: Peer.Peer
  readonly #reading: Reading

  constructor(peer: Peer.Peer, reading: Reading) {
    this.#peer = peer
    this.#reading = reading
  }

  /** Writes frames in order. Ignores what answers HTTP requests. */
  perform(wanted: ReadonlyArray<Protocol.Outward>): Effect.Effect<void> {
    const texts: Array<string> = []
    let close: Extract<Protocol.Outward, { readonly _tag: "Close" }> | undefined
    for (const one of wanted) {
      switch (one._tag) {
        case "Send":
          texts.push(one.text)
          break
        case "Close":
          close ??= one
          break
        case "Answer":
        case "Chunk":
        case "Dropped":
          break
        default:
          one satisfies never
      }
    }
    const peer = this.#peer
    const sent = texts.length === 0 ? Effect.void : peer.send(texts as unknown as Arr.NonEmptyReadonlyArray<string>)
    return close === undefined ? sent : Effect.andThen(sent, peer.close(close.code, close.reason))
  }

  get ready(): Effect.Effect<void> {
    return this.#peer.ready
  }

  get deafen(): Effect.Effect<void> {
    return Effect.sync(() => this.#reading.fiber?.interruptUnsafe())
  }

  end(lastWords: ReadonlyArray<Protocol.Outward>): Effect.Effect<void> {
    const closes = lastWords.some(({ _tag }) => _tag === "Close")
    return Effect.andThen(this.perform(lastWords), closes ? Effect.void : this.drop)
  }

  get drop(): Effect.Effect<void> {
    return this.#peer.terminate
  }
}

/** Number of frames of one peer handled before others have their turn. */
const atOnce = 16

type Pull = Effect.Effect<Arr.NonEmptyReadonlyArray<Frame>, Socket.SocketError>

/** Reads until the socket is gone or a frame exceeds a limit, which ends the call. */
const read = (
  pull: Pull,
  host: CallHost.CallHost,
  peer: Peer.Peer,
  { calls, settings }: Pick<CallHost.Reception, "calls" | "settings">,
  client: string | undefined
): Effect.Effect<void> =>
  Effect.flatMap(Clock.Clock, (clock) => {
    const intake = Intake.make(settings, clock, client === undefined ? undefined : calls.paceOf(client))
    const reader = new Reader(host, peer, intake, settings.maxFrameBytes)
    const next = Effect.flatMap(pull, (frames) => reader.take(frames))
    return Effect.catchCause(Effect.forever(next, { disableYield: true }), (cause) =>
      host.stop(endingOf(cause, settings))
    )
  })

/** Tells a call the frames of one peer. */
class Reader {
  readonly #host: CallHost.CallHost
  readonly #peer: Peer.Peer
  readonly #intake: Intake.Intake
  readonly #maxFrameBytes: number
  /** Frames since others have had their turn. */
  #handled = 0
  /** Whether a peer that does not read is being waited for. */
  #watched = false

  constructor(host: CallHost.CallHost, peer: Peer.Peer, intake: Intake.Intake, maxFrameBytes: number) {
    this.#host = host
    this.#peer = peer
    this.#intake = intake
    this.#maxFrameBytes = maxFrameBytes
  }

  take(frames: Arr.NonEmptyReadonlyArray<Frame>): Effect.Effect<void, Ending> {
    this.#host.touch(frames.length)
    const excess = this.#intake.excess(frames)
    if (excess !== undefined) return Effect.fail(excess)
    const told = frames.length === 1 ? this.#one(frames[0]) : this.#all(frames)
    return Effect.andThen(
      told,
      Effect.suspend(() => Effect.andThen(this.#peerKeepsUp(), this.#callKeepsUp()))
    )
  }

  #one(frame: Frame): Effect.Effect<void, Ending> {
    return Intake.isTooLarge(frame, this.#maxFrameBytes)
      ? Effect.fail(Ending.TooLarge({ limit: this.#maxFrameBytes }))
      : this.#host.tell({ _tag: "Frame", frame })
  }

  /** Handles frames. A peer that sends many at once lets others in between. */
  #all(frames: ReadonlyArray<Frame>): Effect.Effect<void, Ending> {
    this.#handled += Math.min(frames.length, atOnce)
    const first = Effect.forEach(frames.slice(0, atOnce), (frame) => this.#one(frame), { discard: true })
    if (this.#handled < atOnce) return first
    this.#handled = 0
    const rest = frames.slice(atOnce)
    const others = Effect.andThen(first, Effect.yieldNow)
    return rest.length === 0
      ? others
      : Effect.andThen(
          others,
          Effect.suspend(() => this.#all(rest))
        )
  }

  /**
   * Reading goes on even if the peer does not read, so that the caller can still interrupt. The peer must
   * nevertheless read in time what it is sent meanwhile, such as answers to keepalives.
   */
  #peerKeepsUp(): Effect.Effect<unknown> {
    if (this.#watched || !this.#peer.isBehind()) return Effect.void
    this.#watched = true
    const watch = Effect.andThen(
      this.#peer.ready,
      Effect.sync(() => (this.#watched = false))
    )
    return Effect.forkDetach(watch)
  }

  /** Reading stops while the call is behind with its reports. Meanwhile, this notices a peer that leaves. */
  #callKeepsUp(): Effect.Effect<void, Ending> {
    const room = this.#host.room()
    if (room === undefined) return Effect.void
    return Effect.raceFirst(room, Effect.andThen(this.#peer.gone, Effect.fail(Ending.PeerClosed())))
  }
}

const endingOf = (cause: Cause.Cause<Ending | Socket.SocketError>, settings: Settings): Ending => {
  const failure = cause.reasons.find(Cause.isFailReason)?.error
  if (failure === undefined) return CallHost.broken(cause)
  return failure._tag === "SocketError" ? endingOfLoss(failure, settings) : failure
}

/** The ending to report when the socket is lost. */
export const endingOfLoss = (
  { reason }: Socket.SocketError,
  { maxFrameBytes }: Pick<Settings, "maxFrameBytes">
): Ending =>
  // The socket library closes by itself if a frame exceeds its own limit, and reports that as a failed read.
  reason._tag === "SocketReadError" && /max payload/i.test(String(messageOf(reason.cause)))
    ? Ending.TooLarge({ limit: maxFrameBytes })
    : Ending.PeerClosed()

const messageOf = (cause: unknown): unknown =>
  typeof cause === "object" && cause !== null && "message" in cause ? cause.message : cause
