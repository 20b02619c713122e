/**
 * The open HTTP responses of one call. A response comes in one piece or as a stream. Unread bytes of a slow platform
 * are limited, as on a socket.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Latch from "effect/Latch"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { Link } from "../CallHost.ts"
import type * as Protocol from "../Protocol.ts"
import type { Settings } from "../Settings.ts"
import * as Answers from "./answers.ts"

interface Reply {
  readonly head: Deferred.Deferred<HttpServerResponse.HttpServerResponse>
  readonly pieces: Queue.Queue<Uint8Array, Cause.Done | Dropped>
}

/** Failure that cuts off the connection of a response. */
type Dropped = "Dropped"

type Wanted<Tag extends Protocol.Outward["_tag"]> = Extract<Protocol.Outward, { readonly _tag: Tag }>

export interface Replies {
  readonly link: Link
  /** Opens a reply, tells the machine its number, and returns the response as soon as it has begun. */
  readonly awaitReply: (
    tell: (reply: Protocol.ReplyId) => Effect.Effect<void>
  ) => Effect.Effect<HttpServerResponse.HttpServerResponse>
}

const encoder = new TextEncoder()
const callIsOver = Answers.respond(503, { detail: "The call is over" })

export const make = (options: {
  readonly settings: Pick<Settings, "maxBufferedBytes" | "stallTimeout">
  /** Runs when the platform closes a connection before its reply was complete. */
  readonly onClosed: (reply: Protocol.ReplyId) => Effect.Effect<void>
  readonly onStalled: Effect.Effect<void>
}): Replies => {
  const { maxBufferedBytes, stallTimeout } = options.settings
  const open = new Map<Protocol.ReplyId, Reply>()
  const roomy = Latch.makeUnsafe(true)
  let last = 0
  let waiting = 0
  let over = false

  const count = (bytes: number) => {
    waiting += bytes
    if (waiting > maxBufferedBytes) roomy.closeUnsafe()
    else roomy.openUnsafe()
  }

  /** The platform is gone: nothing more is sent for this reply. */
  const abandoned = (id: Protocol.ReplyId) =>
    Effect.suspend(() => (open.delete(id) ? options.onClosed(id) : Effect.void))

  const streamed = (id: Protocol.ReplyId, { pieces }: Reply) =>
    HttpServerResponse.stream(
      Stream.fromQueue(pieces).pipe(
        Stream.tap((piece) => Effect.sync(() => count(-piece.length))),
        Stream.onExit(() => Effect.andThen(forget(pieces), abandoned(id)))
      ),
      { contentType: "text/event-stream", headers: { "cache-control": "no-store" } }
    )
  const forget = (pieces: Reply["pieces"]) =>
    Effect.map(Queue.clear(pieces).pipe(Effect.catch(() => Effect.succeed([]))), (left) =>
      left.forEach((piece) => count(-piece.length))
    )

  const answer = ({ body, contentType = "application/json", reply: id, status }: Wanted<"Answer">): void => {
    const reply = open.get(id)
    if (reply === undefined) return
    open.delete(id)
    Deferred.doneUnsafe(reply.head, Effect.succeed(HttpServerResponse.text(body, { status, contentType })))
  }

  const chunk = ({ last, reply: id, text }: Wanted<"Chunk">): void => {
    const reply = open.get(id)
    if (reply === undefined) return
    if (text !== "") {
      const piece = encoder.encode(text)
      count(piece.length)
      Queue.offerUnsafe(reply.pieces, piece)
    }
    if (last) {
      open.delete(id)
      Queue.endUnsafe(reply.pieces)
    }
    Deferred.doneUnsafe(reply.head, Effect.succeed(streamed(id, reply)))
  }

  const one = (wanted: Protocol.Outward): void => {
    switch (wanted._tag) {
      case "Answer":
        return answer(wanted)
      case "Chunk":
        return chunk(wanted)
      // There is no socket.
      case "Send":
      case "Close":
      case "Dropped":
        return
      default:
        return wanted satisfies never
    }
  }

  const perform = (wanted: ReadonlyArray<Protocol.Outward>) => Effect.sync(() => wanted.forEach(one))

  const close = (how: "End" | "Drop") =>
    Effect.sync(() => {
      over = true
      roomy.openUnsafe()
      for (const { head, pieces } of open.values()) {
        Deferred.doneUnsafe(head, Effect.succeed(callIsOver))
        if (how === "End") Queue.endUnsafe(pieces)
        else Queue.failCauseUnsafe(pieces, Cause.fail("Dropped"))
      }
      open.clear()
    })

  return {
    link: {
      perform,
      ready: Effect.suspend(() =>
        waiting <= maxBufferedBytes || over
          ? Effect.void
          : Effect.timeoutOrElse(roomy.await, { duration: stallTimeout, orElse: () => options.onStalled })
      ),
      deafen: Effect.void,
      end: (lastWords) => Effect.andThen(perform(lastWords), close("End")),
      drop: close("Drop")
    },
    awaitReply: (tell) =>
      Effect.gen(function* () {
        if (over) return callIsOver
        const id = ++last
        const reply: Reply = {
          head: yield* Deferred.make<HttpServerResponse.HttpServerResponse>(),
          pieces: yield* Queue.unbounded<Uint8Array, Cause.Done | Dropped>()
        }
        open.set(id, reply)
        return yield* Effect.onInterrupt(Effect.andThen(tell(id), Deferred.await(reply.head)), () => abandoned(id))
      })
  }
}
