/**
 * The carrier's end of a media stream: sends the caller's speech in frames of 20 ms, plays what arrives, handles marks
 * and clears, and can be faulty.
 */
import * as NodeWS from "@effect/platform-node/NodeWS"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Faults } from "../Faults.ts"
import type * as Handset from "./handset.ts"

/** What a carrier reads from a frame. */
export type Order =
  | { readonly _tag: "Media"; readonly payload: string }
  | { readonly _tag: "Mark"; readonly name: string }
  | { readonly _tag: "Clear" }
  | { readonly _tag: "Other" }

/** How a carrier encodes and decodes the frames of its stream. */
export interface Dialect {
  readonly opening: ReadonlyArray<object>
  readonly start: object
  readonly media: (payload: string, chunk: number, timestamp: number) => object
  readonly mark: (name: string) => object
  readonly dtmf: (digit: string) => object
  readonly stop: object
  readonly read: (frame: string) => Order
}

/** A close of the socket. */
export interface Close {
  readonly code: number
  readonly reason: string
}

/** An open stream. */
export interface Stream {
  /** Lets the caller speak, after what they are already saying: audio in the format of the stream. */
  readonly say: (audio: Uint8Array) => void
  readonly press: (digit: string) => void
  /** Sends a frame unchanged. */
  readonly raw: (frame: string | Uint8Array) => void
  /** Frames from the server that the carrier does not understand. */
  readonly nonsense: ReadonlyArray<string>
  /** Waits until the socket is closed by either side. */
  readonly closed: Effect.Effect<Close>
  /** Ends the stream as a carrier does. */
  readonly end: Effect.Effect<void>
  /** Drops the connection without a closing handshake. */
  readonly drop: Effect.Effect<void>
  /** When the latest speech started to be sent, in milliseconds of the call. */
  readonly spokeAt: () => number | undefined
}

const frameMs = 20

/** Options for opening a stream. */
export interface Options {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly dialect: Dialect
  readonly faults: Faults
  readonly handset: Handset.Handset
  readonly silentByte: number
  /** Bytes of 20 milliseconds. */
  readonly frameBytes: number
  /** Milliseconds of the call. */
  readonly now: () => number
}

/** Opens a stream. Fails with the response's status if the server rejects it, and with 0 without a response. */
export const open = (options: Options): Effect.Effect<Stream, number, Scope.Scope> =>
  Effect.gen(function* () {
    const { dialect, faults, frameBytes, handset, now } = options
    const pace = faults.pace ?? 1
    const sizes = faults.chunkBytes ?? [frameBytes]
    const ws = yield* connect(options.url, options.headers)
    const closing = yield* Deferred.make<Close>()
    const nonsense: Array<string> = []
    let late: Array<{ readonly dueAt: number; readonly name: string }> = []
    let speech: Uint8Array = new Uint8Array(0)
    let spokeAt: number | undefined
    let isSilent = true
    let chunk = 0
    let sentMs = 0
    let isOver = false
    const write = (frame: object | string | Uint8Array) => {
      if (ws.readyState !== NodeWS.WebSocket.OPEN) return
      ws.send(typeof frame === "string" || frame instanceof Uint8Array ? frame : JSON.stringify(frame))
    }
    const giveBack = (names: ReadonlyArray<string>) => {
      if (faults.marks === "never") return
      const { marks = 0 } = faults
      if (marks === 0) for (const name of names) write(dialect.mark(name))
      else late.push(...names.map((name) => ({ dueAt: now() + marks, name })))
    }
    const take = (frame: string) => {
      const order = dialect.read(frame)
      if (order._tag === "Media") handset.push({ bytes: Buffer.from(order.payload, "base64") }, now())
      else if (order._tag === "Mark") handset.push({ mark: order.name }, now())
      else if (order._tag === "Clear") giveBack(handset.clear(now()))
      else nonsense.push(frame)
    }
    ws.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) nonsense.push("(binary)")
      else take(data.toString("utf8"))
    })
    ws.on("close", (code: number, reason: Buffer) => {
      isOver = true
      Deferred.doneUnsafe(closing, Effect.succeed({ code, reason: reason.toString("utf8") }))
    })
    if (faults.isDeaf === true) ws.pause()

    /** Sends the caller's next audio. */
    const media = () => {
      const bytes = new Uint8Array(sizes[chunk % sizes.length]!).fill(options.silentByte)
      if (speech.length > 0) {
        bytes.set(speech.subarray(0, bytes.length))
        speech = speech.subarray(bytes.length)
        if (isSilent) spokeAt = now()
        isSilent = false
      } else isSilent = true
      chunk++
      if (faults.lost?.(chunk) !== true) {
        write(dialect.media(Buffer.from(bytes).toString("base64"), chunk, Math.round(sentMs)))
      }
      sentMs += (bytes.length * frameMs) / frameBytes
    }
    for (const frame of dialect.opening) write(frame)
    for (let early = 0; early < (faults.early ?? 0); early++) media()
    if (faults.noStart !== true) write(dialect.start)
    for (const frame of faults.garbage ?? []) write(frame)

    const openedAt = now()
    const startedAt = openedAt - sentMs / pace
    let ticks = 0
    const beat = Effect.suspend(() => {
      // Reports what was played before sending the caller's next sound, because that is what an interrupted caller has
      // heard.
      while (!isOver && now() - openedAt >= ticks * frameMs) {
        ticks++
        giveBack(handset.play(now()))
      }
      while (!isOver && faults.isMute !== true && (now() - startedAt) * pace >= sentMs) media()
      const due = late.filter(({ dueAt }) => dueAt <= now())
      late = late.filter(({ dueAt }) => dueAt > now())
      for (const { name } of due) write(dialect.mark(name))
      const nextMedia = faults.isMute === true ? Number.POSITIVE_INFINITY : startedAt + sentMs / pace
      return Effect.sleep(Math.max(1, Math.min(nextMedia, openedAt + ticks * frameMs) - now()))
    })
    yield* Effect.forkScoped(Effect.forever(beat))

    return {
      say: (audio) => {
        speech = Buffer.concat([speech, audio])
      },
      press: (digit) => write(dialect.dtmf(digit)),
      raw: write,
      nonsense,
      closed: Deferred.await(closing),
      end: Effect.sync(() => {
        isOver = true
        const times = { never: 0, once: 1, twice: 2 }[faults.stop ?? "once"]
        for (let sent = 0; sent < times; sent++) write(dialect.stop)
        if (faults.staysOpen !== true) ws.close(1000)
      }),
      drop: Effect.sync(() => ws.terminate()),
      spokeAt: () => spokeAt
    }
  })

const connect = (url: string, headers: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.callback<NodeWS.WebSocket, number>((resume) => {
      const ws = new NodeWS.WebSocket(url, { headers, perMessageDeflate: false })
      ws.once("open", () => resume(Effect.succeed(ws)))
      ws.once("unexpected-response", (_, response) => {
        response.resume()
        resume(Effect.fail(response.statusCode ?? 0))
      })
      ws.on("error", () => resume(Effect.fail(0)))
    }),
    (ws) => Effect.sync(() => ws.terminate())
  )
