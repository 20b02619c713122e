/**
 * The caller's side of a call: a WebSocket whose messages are taken one by one, in order.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { WebSocket } from "ws"

/** An arrival from a socket. `Closed` is the last one. */
export type Arrival =
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Binary" }
  | { readonly _tag: "Closed"; readonly code: number }

/** An open socket. */
export interface Caller {
  readonly _tag: "Caller"
  readonly send: (data: string | Uint8Array) => Effect.Effect<void>
  /** The next arrival, or undefined if none comes within this many milliseconds. */
  readonly next: (withinMs: number) => Effect.Effect<Option.Option<Arrival>>
  /** Closes the socket, and waits until it is closed. */
  readonly close: Effect.Effect<void>
}

/** The socket was refused. Without a status, the connection itself failed. */
export interface Refused {
  readonly _tag: "Refused"
  readonly status: number | undefined
}

/** Length of a slice of a wait, in milliseconds. */
const sliceMs = 10

/**
 * Waits for this many milliseconds during which the process could run. On a busy machine a slice takes longer, so that the server, which runs in the same process, always has as many turns of the event loop.
 */
export const wait = (ms: number): Effect.Effect<void> =>
  ms <= sliceMs
    ? Effect.sleep(ms)
    : Effect.andThen(
        Effect.sleep(sliceMs),
        Effect.suspend(() => wait(ms - sliceMs))
      )

/** Longest wait for a peer to confirm that the socket closes. */
const closeMs = 1000

const close = (socket: WebSocket): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (socket.readyState === WebSocket.CLOSED) return resume(Effect.void)
    socket.once("close", () => resume(Effect.void))
    socket.close(1000)
  }).pipe(
    Effect.interruptible,
    Effect.timeoutOrElse({ duration: closeMs, orElse: () => Effect.sync(() => socket.terminate()) })
  )

/** Opens a socket. It closes with the scope. */
export const open = (url: string): Effect.Effect<Caller | Refused, never, Scope.Scope> =>
  Effect.gen(function* () {
    const arrivals = yield* Queue.unbounded<Arrival>()
    const socket = yield* Effect.acquireRelease(
      Effect.sync(() => new WebSocket(url, { perMessageDeflate: false })),
      close
    )
    socket.on("message", (data: Buffer, isBinary) =>
      Queue.offerUnsafe(arrivals, isBinary ? { _tag: "Binary" } : { _tag: "Text", text: data.toString("utf8") })
    )
    socket.on("close", (code) => Queue.offerUnsafe(arrivals, { _tag: "Closed", code }))
    const refused = yield* Effect.callback<Refused | undefined>((resume) => {
      socket.once("open", () => resume(Effect.succeed(undefined)))
      socket.once("unexpected-response", (request, { statusCode }) => {
        resume(Effect.succeed({ _tag: "Refused", status: statusCode }))
        request.destroy()
      })
      // Errors after the opening come here, too. An error is always followed by a close, and only the close counts.
      socket.on("error", () => resume(Effect.succeed({ _tag: "Refused", status: undefined })))
    })
    if (refused !== undefined) return refused
    return {
      _tag: "Caller",
      send: (data) =>
        Effect.sync(() => {
          // A message sent into a socket that the server has just closed is lost.
          if (socket.readyState === WebSocket.OPEN) socket.send(data)
        }),
      next: (withinMs) =>
        Effect.flatMap(Queue.poll(arrivals), (ready) =>
          Option.isSome(ready)
            ? Effect.succeed(ready)
            : Effect.raceFirst(Effect.asSome(Queue.take(arrivals)), Effect.as(wait(withinMs), Option.none()))
        ),
      close: close(socket)
    }
  })
