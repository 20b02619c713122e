/**
 * The sending side of a socket. Frames are written by the fiber that sends them. Unread bytes of a slow peer are
 * limited: while its buffer is full the sender waits, and a peer that does not read for too long is stalled.
 *
 * Effect's sockets do not report how much is waiting to be sent, so this asks the connection of the request, which on
 * Node is a `net.Socket`. On other connections nothing is limited here, and the platform's own limits apply.
 */
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Predicate from "effect/Predicate"
import * as Socket from "effect/socket/Socket"
import type { Settings } from "../Settings.ts"

export interface Peer {
  /** Sends frames in order, without waiting until they are read. Frames to a disconnected peer are dropped. */
  readonly send: (frames: Arr.NonEmptyReadonlyArray<string | Uint8Array>) => Effect.Effect<void>
  /** Waits while the peer is behind with reading. */
  readonly ready: Effect.Effect<void>
  /** Closes the socket after everything sent before. */
  readonly close: (code: number, reason: string | undefined) => Effect.Effect<void>
  /** Drops the connection without a closing message, for a peer that no longer reads. */
  readonly terminate: Effect.Effect<void>
  /** Waits until the connection is lost. */
  readonly gone: Effect.Effect<void>
  /** Whether the connection is known to be lost. */
  readonly isGone: () => boolean
  /** Whether the peer is behind with reading. */
  readonly isBehind: () => boolean
}

interface Connection {
  readonly writableLength: number
  readonly writableNeedDrain: boolean
  readonly destroyed: boolean
  readonly on: (event: "drain" | "close", listener: () => void) => void
  readonly off: (event: "drain" | "close", listener: () => void) => void
  readonly destroy: () => void
  readonly cork: () => void
  readonly uncork: () => void
}

const connectionOf = (request: HttpServerRequest): Connection | undefined => {
  const { source } = request
  return Predicate.hasProperty(source, "socket") &&
    Predicate.hasProperty(source.socket, "writableLength") &&
    Predicate.hasProperty(source.socket, "destroy")
    ? (source.socket as unknown as Connection)
    : undefined
}

/** What a peer is made with. */
export interface Options {
  readonly request: HttpServerRequest
  readonly writer: Socket.Writer
  readonly settings: Pick<Settings, "maxBufferedBytes" | "stallTimeout">
  readonly onStalled: Effect.Effect<void>
}

export const make = (options: Options): Peer => new ConnectedPeer(options)

class ConnectedPeer implements Peer {
  readonly #connection: Connection | undefined
  readonly #writer: Socket.Writer
  readonly #settings: Options["settings"]
  readonly #onStalled: Effect.Effect<void>

  constructor({ onStalled, request, settings, writer }: Options) {
    this.#connection = connectionOf(request)
    this.#writer = writer
    this.#settings = settings
    this.#onStalled = onStalled
  }

  // Several frames are one write to the system, which takes longer than all that comes before it.
  send(frames: Arr.NonEmptyReadonlyArray<string | Uint8Array>): Effect.Effect<void> {
    const write = Effect.ignore(this.#writer.writeAll(frames))
    const connection = this.#connection
    if (connection === undefined || frames.length === 1) return write
    return Effect.suspend(() => {
      connection.cork()
      return Effect.ensuring(
        write,
        Effect.sync(() => connection.uncork())
      )
    })
  }

  get ready(): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.isBehind()
        ? Effect.timeoutOrElse(this.#drained(), {
            duration: this.#settings.stallTimeout,
            orElse: () => this.#onStalled
          })
        : Effect.void
    )
  }

  close(code: number, reason: string | undefined): Effect.Effect<void> {
    return Effect.ignore(this.#writer.write(new Socket.CloseEvent(code, reason)))
  }

  get terminate(): Effect.Effect<void> {
    return Effect.sync(() => this.#connection?.destroy())
  }

  get gone(): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const connection = this.#connection
      if (connection === undefined) return
      if (connection.destroyed) return resume(Effect.void)
      const done = () => resume(Effect.void)
      connection.on("close", done)
      return Effect.sync(() => connection.off("close", done))
    })
  }

  isGone(): boolean {
    return this.#connection?.destroyed === true
  }

  // Node emits no "drain" below its own high-water mark, so a smaller limit is raised to that mark.
  isBehind(): boolean {
    const connection = this.#connection
    return (
      connection !== undefined &&
      connection.writableNeedDrain &&
      connection.writableLength > this.#settings.maxBufferedBytes
    )
  }

  #drained(): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      const connection = this.#connection
      if (connection === undefined || !this.isBehind()) return resume(Effect.void)
      const forget = () => {
        connection.off("drain", done)
        connection.off("close", done)
      }
      const done = () => {
        forget()
        resume(Effect.void)
      }
      connection.on("drain", done)
      connection.on("close", done)
      return Effect.sync(forget)
    })
  }
}
