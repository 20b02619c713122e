/**
 * Pools connections in the WebSocket mode of the Responses API. Each serves one conversation, recognised by what was
 * said in it.
 *
 * A request uses the connection whose last response it continues, and sends only what is new. Otherwise it is sent
 * whole over a free connection, or a new one. If none can be opened, or one closes before a response has started, the
 * request goes over HTTP. After a failure to open one, or if there are too many, no WebSocket is opened for a while.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import type OpenAI from "openai"
import * as WireJson from "../provider/wireJson.ts"
import * as Continuation from "./continuation.ts"
import * as ResponsesSocket from "./responsesSocket.ts"

type Body = OpenAI.Responses.ResponseCreateParamsStreaming

/** What the pool needs. */
export interface Options extends ResponsesSocket.Options {
  /** Sends a request over HTTP. */
  readonly http: (body: Body, signal: AbortSignal) => Promise<Response>
  /** Opens an HTTP connection early. */
  readonly greet: (signal: AbortSignal) => Promise<Response>
}

/** The pool's replacements for the two HTTP functions. */
export type Pool = Pick<Options, "http" | "greet">

/** The server closes connections after 60 minutes (https://developers.openai.com/api/docs/guides/websocket-mode). */
const oldest = Duration.minutes(55)
/** Longer than the pauses of a conversation. */
const idle = Duration.minutes(5)
/** Maximum number of connections waiting for their conversation to continue. */
const mostIdle = 100
/** Longest wait for a connection. */
const patience = Duration.seconds(3)
/** How long HTTP is used after a connection could not be opened. */
const pause = Duration.minutes(1)

interface Entry {
  readonly socket: ResponsesSocket.ResponsesSocket
  readonly openedAt: number
}

/** Makes a pool whose connections close with the scope. */
export const make = (options: Options): Effect.Effect<Pool, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const scope = yield* Effect.scope
    const context = yield* Effect.context<never>()
    const now = () => clock.currentTimeMillisUnsafe()
    const free = new Set<Entry>()
    const all = new Set<Entry>()
    const closing = new AbortController()
    let offUntil = 0
    /** A connection being opened for no request in particular. */
    let opening: Promise<unknown> | undefined

    const drop = (entry: Entry) => {
      free.delete(entry)
      all.delete(entry)
      entry.socket.close()
    }

    const isGood = ({ openedAt, socket }: Entry) => socket.isOpen && now() - openedAt < Duration.toMillis(oldest)

    const sweep = Effect.sync(() => {
      for (const entry of all) {
        const isIdle = free.has(entry) && now() - entry.socket.idleSince > Duration.toMillis(idle)
        if (isIdle || !entry.socket.isOpen || (free.has(entry) && !isGood(entry))) drop(entry)
      }
    })

    const openOne = (signal: AbortSignal): Promise<Entry> => {
      const opened = Effect.tryPromise({
        try: (timeUp) => ResponsesSocket.open(options, AbortSignal.any([signal, timeUp])),
        catch: (cause) => cause
      }).pipe(Effect.timeout(patience))
      return Effect.runPromiseWith(context)(opened).then(
        (socket) => {
          const entry = { socket, openedAt: now() }
          all.add(entry)
          return entry
        },
        (cause: unknown) => {
          if (!signal.aborted) offUntil = now() + Duration.toMillis(pause)
          throw cause
        }
      )
    }

    const release = (entry: Entry) => {
      if (!isGood(entry)) return drop(entry)
      entry.socket.idleSince = now()
      free.add(entry)
      for (const other of free) {
        if (free.size <= mostIdle) break
        drop(other)
      }
    }

    /** Opens a connection that waits for a request. Requests arriving meanwhile wait for it. */
    const ready = (signal: AbortSignal): Promise<void> => {
      const opened = openOne(signal).then((entry) => (closing.signal.aborted ? drop(entry) : release(entry)))
      const over = () => {
        if (opening === settled) opening = undefined
      }
      const settled = opened.then(over, over)
      opening = settled
      return opened
    }

    /**
     * Prepares a connection for the next request, as a replacement for one that was closed, without blocking anything.
     */
    const prepare = () => {
      const isReady = [...free].some((entry) => entry.socket.known === undefined && isGood(entry))
      if (opening !== undefined || isReady || now() < offUntil || closing.signal.aborted) return
      ready(closing.signal).catch(() => {})
    }
    /** The connection for a request, and the part of its input to be sent. */
    const take = (
      body: Body
    ): { readonly entry: Entry; readonly rest: ReadonlyArray<unknown> | undefined } | undefined => {
      for (const entry of free) if (!isGood(entry)) drop(entry)
      const input = Array.isArray(body.input) ? body.input : []
      let fresh: Entry | undefined
      let related: Entry | undefined
      for (const entry of free) {
        const { known } = entry.socket
        if (known === undefined) fresh = entry
        else if (Continuation.isRelated(known, input)) related = entry
        const rest = known === undefined ? undefined : Continuation.rest(known, input)
        if (rest !== undefined) {
          free.delete(entry)
          return { entry, rest }
        }
      }
      const chosen = related ?? fresh
      if (chosen === undefined) return undefined
      free.delete(chosen)
      return { entry: chosen, rest: undefined }
    }

    const over = async (
      entry: Entry,
      rest: ReadonlyArray<unknown> | undefined,
      body: Body,
      signal: AbortSignal,
      isReplaced = false
    ): Promise<Response> => {
      const { socket } = entry
      const { input, stream: _, background: __, ...fields } = body
      const continued = rest === undefined ? { input } : { previous_response_id: socket.known?.id, input: rest }
      const items = Array.isArray(input) ? input : []
      const abandon = () => {
        drop(entry)
        prepare()
      }
      signal.addEventListener("abort", abandon, { once: true })
      const message = JSON.stringify({ type: "response.create", ...fields, ...continued })
      const answer = await socket.ask(message, signal, (whole) => {
        // From here on another conversation may use the connection.
        signal.removeEventListener("abort", abandon)
        socket.known = Continuation.known(items, whole)
        release(entry)
      })
      const refusal = refusalIn(answer.first)
      if (refusal === undefined) return new Response(answer.body, { headers: { "content-type": "text/event-stream" } })
      // This event ends the response, and the connection is free again, unless another request has taken it already.
      if (rest !== undefined && refusal.code === "previous_response_not_found") {
        return over(free.delete(entry) ? entry : await openOne(signal), undefined, body, signal)
      }
      if (refusal.code === "websocket_connection_limit_reached") {
        drop(entry)
        if (!isReplaced) return over(await openOne(signal), undefined, body, signal, true)
        // Not the age of this connection, but too many of them.
        offUntil = now() + Duration.toMillis(pause)
        throw new ResponsesSocket.Unanswered("too many connections")
      }
      return refusal.status === undefined
        ? new Response(answer.body, { headers: { "content-type": "text/event-stream" } })
        : Promise.reject(Object.assign(new Error(`status ${refusal.status}`), refusal))
    }

    const http: Pool["http"] = async (body, signal) => {
      if (now() < offUntil) return options.http(body, signal)
      let entry: Entry | undefined
      try {
        let taken = take(body)
        if (taken === undefined && opening !== undefined) {
          await opening
          if (signal.aborted) throw new ResponsesSocket.Unanswered("aborted")
          if (now() < offUntil) return await options.http(body, signal)
          taken = take(body)
        }
        entry = taken?.entry ?? (await openOne(signal))
        return await over(entry, taken?.rest, body, signal)
      } catch (cause) {
        if (signal.aborted || !isUnanswered(cause)) throw cause
        if (entry !== undefined) drop(entry)
        return options.http(body, signal)
      }
    }

    const greet: Pool["greet"] = (signal) => {
      if (now() < offUntil) return options.greet(signal)
      return ready(signal).then(
        () => new Response(""),
        (cause: unknown) => (signal.aborted ? Promise.reject(cause) : options.greet(signal))
      )
    }

    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        closing.abort()
        for (const entry of all) drop(entry)
      })
    )
    yield* Effect.forkIn(Effect.forever(Effect.andThen(Effect.sleep("30 seconds"), sweep)), scope)
    return { http, greet }
  })

const isUnanswered = (cause: unknown): boolean =>
  cause instanceof ResponsesSocket.Unanswered || (Predicate.hasProperty(cause, "_tag") && cause._tag === "TimeoutError")

interface Refusal {
  readonly status: number | undefined
  readonly code: string | undefined
  readonly error: unknown
  readonly headers: Headers
}

/** The error in the first event, in the form the SDK gives an error over HTTP. */
const refusalIn = (first: string): Refusal | undefined => {
  const event = WireJson.parse(first)
  if (!Predicate.hasProperty(event, "type") || event.type !== "error") return undefined
  const error: unknown = Predicate.hasProperty(event, "error") ? event.error : event
  const code = Predicate.hasProperty(error, "code") && typeof error.code === "string" ? error.code : undefined
  const status = Predicate.hasProperty(event, "status") && typeof event.status === "number" ? event.status : undefined
  const headers = new Headers()
  if (Predicate.hasProperty(event, "headers") && Predicate.isObject(event.headers)) {
    for (const [name, value] of Object.entries(event.headers)) if (typeof value === "string") headers.set(name, value)
  }
  return { status, code, error, headers }
}
