/**
 * Answers calls of an Asterisk PBX over AudioSocket: a TCP server that a dialplan connects its calls to.
 *
 * ```ts
 * const Phone = AudioSocket.layer((line) => Speech.run(agent, line), { port: 9092 })
 * ```
 * ```
 * exten => 100,1,Answer()
 *  same => n,AudioSocket(40325ec2-5efd-4bd3-805f-53576e581d13,127.0.0.1:9092)
 * ```
 *
 * AudioSocket is unencrypted and has no authentication. It listens on localhost by default, and `identify` decides which UUIDs are
 * accepted.
 *
 * @since 0.1.0
 */
import * as CallRequest from "@antiphon/core/CallRequest"
import * as EventId from "@antiphon/core/EventId"
import * as Ending from "@antiphon/server/Ending"
import * as Entrance from "@antiphon/server/Entrance"
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import type { Incoming } from "@antiphon/speech/Transport"
import * as NodeSocket from "@effect/platform-node/NodeSocket"
import * as NodeSocketServer from "@effect/platform-node/NodeSocketServer"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import type * as Config from "effect/Config"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as EffectSocket from "effect/socket/Socket"
import type * as SocketServer from "effect/socket/SocketServer"
import type { Socket } from "node:net"
import type { Answer, Surroundings } from "./Answer.ts"
import * as Frames from "./internal/audioSocket/frames.ts"
import * as Reception from "./internal/reception.ts"
import * as PacedLine from "./internal/audioSocket/pacedLine.ts"
import * as Holding from "./internal/holding.ts"

/** Facts about a call beside its UUID. */
export interface Identity {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly metadata?: { readonly [key: string]: unknown } | undefined
}

/** Options for answering calls. */
export interface Options<out E = never, out R = never> extends Surroundings {
  /** 9092 by default. With 0 the system picks a free port. */
  readonly port?: number | undefined
  /** Address to listen on. `127.0.0.1` by default. */
  readonly host?: string | undefined
  /** Audio format in both directions. 8000 Hz by default, which is what the `AudioSocket` application uses. */
  readonly format?: AudioFormat.AudioFormat | undefined
  /** Looks up a call by the UUID that the dialplan gave it. Returning undefined refuses the call. By default every call is accepted. */
  readonly identify?: ((uuid: string) => Effect.Effect<Identity | undefined, E, R>) | undefined
}

/** Layer that listens for calls. They count towards the `Calls` in the context, or towards limits of its own. */
export const layer = <E = never, R = never, IE = never, IR = never>(
  answer: Answer<E, R>,
  options: Options<IE, IR> = {}
): Layer.Layer<never, Config.ConfigError | SocketServer.SocketServerError, Exclude<R | IR, Scope.Scope>> =>
  Layer.effectDiscard(serve(answer, options)) as Layer.Layer<
    never,
    Config.ConfigError | SocketServer.SocketServerError,
    Exclude<R | IR, Scope.Scope>
  >

/** Listens until the scope closes. Returns the port. */
export const serve = <E = never, R = never, IE = never, IR = never>(
  answer: Answer<E, R>,
  options: Options<IE, IR> = {}
): Effect.Effect<
  { readonly port: number },
  Config.ConfigError | SocketServer.SocketServerError,
  R | IR | Scope.Scope
> =>
  Effect.gen(function* () {
    const services = yield* Effect.context<R | IR>()
    const provide = <A, E2>(effect: Effect.Effect<A, E2, R | IR>) =>
      Effect.provideContext(effect, services as Context.Context<R | IR>)
    const { format = AudioFormat.pcm8000, host = "127.0.0.1", identify, port = 9092 } = options
    const kind = Frames.kindOf(format)
    if (kind === undefined) return yield* Effect.die(new Error(`AudioSocket has no ${AudioFormat.name(format)}`))
    const desk: Desk = {
      reception: { ...(yield* Entrance.reception(options.settings)), record: options.record },
      nextId: yield* EventId.make,
      answer: (line) => provide(answer(line)),
      format,
      kind,
      identify: identify === undefined ? () => Effect.succeed({}) : (uuid) => provide(identify(uuid))
    }
    const server = yield* NodeSocketServer.make({ port, host, noDelay: true })
    yield* Effect.forkScoped(server.run((socket) => Effect.scoped(take(socket, desk))))
    const { address } = server
    return { port: "port" in address ? address.port : port }
  })

interface Desk extends Holding.Place {
  readonly format: AudioFormat.AudioFormat
  readonly kind: number
  readonly identify: (uuid: string) => Effect.Effect<Identity | undefined, unknown>
}

/** Node's socket of the current connection, which the server provides to its handler. */
const netSocket = Effect.map(Effect.serviceOption(NodeSocket.NetSocket), Option.getOrThrow)

/** Handles a connection until its call is over. */
const take = (socket: EffectSocket.Socket, desk: Desk) =>
  Effect.gen(function* () {
    const net = yield* netSocket
    const refusal = yield* desk.reception.calls.refusal
    if (refusal !== undefined) {
      yield* desk.reception.refused(503, Reception.reasons[refusal])
      return yield* hangUp(net)
    }
    const clock = yield* Clock.Clock
    const over = yield* Deferred.make<Ending.Ending>()
    const visitor = yield* visitorOf(socket, desk, over)
    let session: Holding.Session | undefined
    const paced = PacedLine.make({
      visitor,
      kind: desk.kind,
      format: desk.format,
      tell: (incoming: Incoming) => session?.tell(incoming) ?? Effect.void,
      now: () => Entrance.millis(clock)
    })
    const carrier = carrierOf(desk, paced, (held) => {
      session = held
    })
    const visit: Holding.Visit = { visitor, leave: Effect.void, bytesRead: () => net.bytesRead }
    yield* Effect.raceFirst(Holding.hold(visit, over, carrier, desk), paced.run)
  })

/** Sends a hang-up frame, and waits briefly for the peer to close. */
const hangUp = (net: Socket): Effect.Effect<void> =>
  Effect.suspend(() => {
    net.end(Frames.encode(Frames.kinds.hangUp))
    // Keep reading: closing a connection with unread bytes resets it, and the peer may lose the last frame.
    net.resume()
    return Effect.raceFirst(goneOf(net), Effect.sleep(closeTimeout))
  })

const closeTimeout = "1 second"

const goneOf = (net: Socket): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (net.destroyed) return resume(Effect.void)
    const done = () => resume(Effect.void)
    net.on("close", done)
    return Effect.sync(() => net.off("close", done))
  })

/** Wraps a connection as a visitor of the server. */
const visitorOf = (socket: EffectSocket.Socket, { reception }: Desk, over: Deferred.Deferred<Ending.Ending>) =>
  Effect.gen(function* () {
    const { settings } = reception
    const net = yield* netSocket
    const writer = yield* socket.writer
    const reader = yield* socket.reader
    let rest: Uint8Array = new Uint8Array(0)
    const pull: Entrance.Visitor["pull"] = Effect.flatMap(reader.pull, (chunks) => {
      const frames: Array<Uint8Array> = []
      for (const chunk of chunks) {
        const [after, some] = Frames.split(rest, typeof chunk === "string" ? Buffer.from(chunk) : chunk)
        rest = after
        frames.push(...some)
      }
      return Arr.isReadonlyArrayNonEmpty(frames) ? Effect.succeed(frames) : pull
    })
    const stalled = Effect.asVoid(Deferred.succeed(over, Ending.Ending.Stalled()))
    const send: Entrance.Visitor["send"] = (frames) =>
      Effect.ignore(writer.writeAll(frames)).pipe(
        // A write waits while the peer does not read.
        Effect.timeoutOrElse({ duration: settings.stallTimeout, orElse: () => stalled })
      )
    const visitor: Entrance.Visitor = {
      ...(yield* Entrance.bounds({ name: "audiosocket", reception, limits: { maxCallBytes: 0 } })),
      pull,
      send,
      gone: goneOf(net),
      ready: Effect.void,
      isBehind: () => false,
      close: () => hangUp(net),
      terminate: Effect.sync(() => net.destroy())
    }
    return visitor
  })

const carrierOf = (
  desk: Desk,
  paced: PacedLine.PacedLine,
  began: (session: Holding.Session) => void
): Holding.Carrier => ({
  name: "audiosocket",
  decode: Frames.decode(desk.format),
  // Unused: the paced line writes its own frames.
  codec: { media: (_, bytes) => bytes, clear: () => new Uint8Array(0) },
  mostHeld: 0,
  echoFree: () => true,
  line: paced.make,
  admit: ({ callId }) =>
    Effect.matchEffect(desk.identify(callId), {
      onFailure: () => Effect.fail("it could not be found out who calls"),
      onSuccess: (identity) =>
        identity === undefined
          ? Effect.fail("nobody knows the UUID")
          : Effect.succeed(
              CallRequest.make({
                callId,
                from: identity.from ?? "unknown",
                to: identity.to ?? "unknown",
                metadata: { platform: "asterisk", ...identity.metadata }
              })
            )
    }),
  control: (_, session) => {
    began(session)
    return { hangUp: Effect.void }
  }
})
