/**
 * A WebSocket to a provider: refusals, closes and silence become `SpeechError`s.
 *
 * Pings tell a dead connection from a quiet one: a peer that neither sends anything nor answers a ping is given up.
 */
import * as NodeWS from "@effect/platform-node/NodeWS"
import type * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import * as SpeechError from "../SpeechError.ts"
import * as VendorReason from "./vendorReason.ts"

/** A message of the WebSocket. */
export type Message = string | Uint8Array

/** Timeouts for a provider. */
export interface Timing {
  /** Longest wait until the provider accepts the connection. Defaults to 5 seconds. */
  readonly openTimeout?: Duration.Input | undefined
  /** Longest wait for an answer that the provider owes. Defaults to 5 seconds. */
  readonly answerTimeout?: Duration.Input | undefined
  /** How often to check that the provider is still there. Defaults to 10 seconds. */
  readonly pingEvery?: Duration.Input | undefined
}

/** Where to connect. */
export interface Options extends Timing {
  readonly provider: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** An open connection, closed with its scope. */
export interface Connection {
  /** Sends a message. Drops it if the connection is closed, which `read` reports. */
  readonly write: (message: Message) => void
  /** Returns the messages received since the last read. Fails when the connection ends, from either side. */
  readonly read: Effect.Effect<Arr.NonEmptyReadonlyArray<Message>, SpeechError.SpeechError>
}

/** What the server answered instead of accepting the WebSocket. */
interface Refusal {
  readonly status: number
  readonly retryAfterMs: number | undefined
}

/** Milliseconds to wait for the closing handshake, so that a dead peer cannot keep the process alive. */
const closeTimeoutMs = 1000

/** Connects. */
export const open = (options: Options): Effect.Effect<Connection, SpeechError.SpeechError, Scope.Scope> =>
  Effect.gen(function* () {
    const { openTimeout = "5 seconds", pingEvery = "10 seconds", provider } = options
    const line = {
      refusal: undefined as Refusal | undefined,
      isAlive: true,
      isGivenUp: false,
      socket: undefined as NodeWS.WebSocket | undefined
    }
    // `closeTimeout` is newer than the types of `ws`, which allow it only in an object that is not a literal.
    const socketOptions = { headers: options.headers, perMessageDeflate: false, closeTimeout: closeTimeoutMs }
    const dial = Effect.acquireRelease(
      Effect.sync(() => {
        const socket = new NodeWS.WebSocket(options.url, socketOptions)
        line.socket = socket
        socket.on("unexpected-response", (_, response) => {
          line.refusal = { status: response.statusCode ?? 0, retryAfterMs: retryAfter(response.headers["retry-after"]) }
          socket.terminate()
        })
        const heard = () => void (line.isAlive = true)
        socket.on("pong", heard)
        socket.on("message", heard)
        return socket
      }),
      (socket) => Effect.sync(() => socket.close(1000))
    )
    const failed = (error: Socket.SocketError): SpeechError.SpeechError => {
      const { reason } = error
      switch (reason._tag) {
        case "SocketOpenError":
          if (reason.kind === "Timeout") return late("connection", openTimeout)
          return SpeechError.make(
            provider,
            line.refusal === undefined
              ? { _tag: "Unreachable", code: systemCode(reason.cause) }
              : VendorReason.fromStatus(line.refusal.status, line.refusal)
          )
        case "SocketCloseError":
          return line.isGivenUp
            ? late("answer", pingEvery)
            : SpeechError.make(provider, closed(reason.code), reason.closeReason)
        default:
          return SpeechError.make(provider, { _tag: "Closed", closeCode: 1006 })
      }
    }
    const late = (what: "connection" | "answer", after: Duration.Input) =>
      SpeechError.make(provider, { _tag: "TimedOut", what, afterMs: Duration.toMillis(after) })

    const socket = yield* Socket.fromWebSocket(dial, { openTimeout })
    const { pull } = yield* Effect.mapError(socket.reader, failed)
    const giveUp = Effect.sync(() => {
      if (line.isAlive) {
        line.isAlive = false
        if (line.socket?.readyState === NodeWS.WebSocket.OPEN) line.socket.ping()
      } else {
        line.isGivenUp = true
        line.socket?.terminate()
      }
    })
    yield* Effect.forkScoped(Effect.forever(Effect.delay(giveUp, pingEvery), { disableYield: true }))
    return {
      write: (message) => {
        if (line.socket?.readyState === NodeWS.WebSocket.OPEN) line.socket.send(message)
      },
      read: Effect.mapError(pull, failed)
    }
  })

/** Seconds, or a date, which providers of speech do not use. */
const retryAfter = (header: string | undefined): number | undefined => {
  const seconds = Number(header)
  return header === undefined || !Number.isFinite(seconds) ? undefined : seconds * 1000
}

/** Only the code, because the event itself holds the request, including the key. */
const systemCode = (event: unknown): string | undefined => {
  const error = typeof event === "object" && event !== null && "error" in event ? event.error : undefined
  return typeof error === "object" && error !== null && "code" in error
    ? VendorReason.readableCode(error.code)
    : undefined
}

const closed = (closeCode: number): SpeechError.Reason => {
  switch (closeCode) {
    case 1008:
      return { _tag: "Rejected", code: String(closeCode) }
    case 1012:
    case 1013:
      return { _tag: "Unavailable", code: String(closeCode) }
    default:
      return { _tag: "Closed", closeCode }
  }
}
