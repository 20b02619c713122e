/**
 * A fake Asterisk for tests. It connects to an AudioSocket like one of its channels, sends a frame every 20 ms, and records what it
 * receives.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { createConnection } from "node:net"
import * as Frames from "../internal/audioSocket/frames.ts"

/** Options for a channel. */
export interface Options {
  readonly port: number
  /** `40325ec2-5efd-4bd3-805f-53576e581d13` by default. */
  readonly uuid?: string | undefined
  /** Size of the pieces in which frames are written, in bytes. Whole frames by default. */
  readonly pieces?: number | undefined
  /** Sends no UUID. */
  readonly isAnonymous?: boolean | undefined
}

/** A connected channel. Times are milliseconds since it connected. */
export interface Channel {
  /** Queues speech of the caller: 16-bit samples at 8000 Hz. */
  readonly say: (audio: Uint8Array) => void
  readonly press: (digit: string) => void
  /** Sends a frame of any kind. */
  readonly frame: (kind: number, payload?: Uint8Array) => void
  readonly hangUp: Effect.Effect<void>
  readonly drop: Effect.Effect<void>
  /** Audio frames that were received, in order. */
  readonly played: ReadonlyArray<{ readonly at: number; readonly bytes: Uint8Array }>
  readonly recording: () => Uint8Array
  /** Waits until the server hangs up or the connection is lost. */
  readonly over: Effect.Effect<"hung up" | "lost">
}

const frameMs = 20
const frameBytes = 320

/** Connects a channel until the scope closes. */
export const connect = (options: Options): Effect.Effect<Channel, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const over = yield* Deferred.make<"hung up" | "lost">()
    const socket = yield* Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createConnection>>((resume) => {
        const socket = createConnection({ port: options.port, host: "127.0.0.1", noDelay: true })
        socket.once("connect", () => resume(Effect.succeed(socket)))
        socket.on("error", () => {})
        socket.on("close", () => Deferred.doneUnsafe(over, Effect.succeed("lost" as const)))
      }),
      (socket) => Effect.sync(() => socket.destroy())
    )
    const startedAt = Number(clock.monotonicTimeNanosUnsafe()) / 1e6
    const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6 - startedAt
    const played: Array<{ readonly at: number; readonly bytes: Uint8Array }> = []
    let rest: Uint8Array = new Uint8Array(0)
    socket.on("data", (data: Buffer) => {
      const [after, frames] = Frames.split(rest, new Uint8Array(data))
      rest = after
      for (const frame of frames) {
        if (frame[0] === Frames.kinds.hangUp) Deferred.doneUnsafe(over, Effect.succeed("hung up" as const))
        else played.push({ at: now(), bytes: frame.subarray(3) })
      }
    })
    const frame = (kind: number, payload: Uint8Array = new Uint8Array(0)) => {
      if (socket.destroyed || socket.writableEnded) return
      const bytes = Frames.encode(kind, payload)
      const size = options.pieces ?? bytes.length
      for (let at = 0; at < bytes.length; at += size) socket.write(bytes.subarray(at, at + size))
    }
    let speech: Uint8Array = new Uint8Array(0)
    const uuid = (options.uuid ?? "40325ec2-5efd-4bd3-805f-53576e581d13").replaceAll("-", "")
    if (options.isAnonymous !== true) frame(Frames.kinds.uuid, Buffer.from(uuid, "hex"))
    let sent = 0
    const beat = Effect.suspend(() => {
      for (; now() >= sent * frameMs; sent++) {
        const bytes = new Uint8Array(frameBytes)
        bytes.set(speech.subarray(0, frameBytes))
        speech = speech.subarray(frameBytes)
        frame(0x10, bytes)
      }
      return Effect.sleep(Math.max(1, sent * frameMs - now()))
    })
    yield* Effect.forkScoped(Effect.forever(beat))
    return {
      say: (audio) => {
        speech = Buffer.concat([speech, audio])
      },
      press: (digit) => frame(Frames.kinds.dtmf, Buffer.from(digit, "latin1")),
      frame,
      hangUp: Effect.sync(() => {
        frame(Frames.kinds.hangUp)
        socket.end()
      }),
      drop: Effect.sync(() => socket.destroy()),
      played,
      recording: () => Buffer.concat(played.map(({ bytes }) => bytes)),
      over: Deferred.await(over)
    }
  })
