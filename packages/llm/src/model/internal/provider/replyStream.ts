/**
 * Streams the parts of a reply from the body of an HTTP response.
 *
 * All that one network chunk holds travels as one array: reading the events here, and not in the SDK, is what keeps the
 * cost of a token near that of the bytes.
 *
 * @since 0.1.0
 */
import type * as AiError from "effect/ai/AiError"
import type * as Response from "effect/ai/Response"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"
import * as AiErrors from "./aiErrors.ts"
import * as Sse from "./sse.ts"

/** The part type that providers send. */
export type Part = Response.StreamPartEncoded

/** Reads one reply, event by event. */
export interface Reply {
  /** Takes in an event and appends the parts it makes. Returns what the event says went wrong, if it does. */
  readonly take: (event: Sse.ServerEvent, out: Array<Part>) => AiError.AiErrorReason | undefined
  /** Whether the provider has said that nothing more comes. */
  readonly done: () => boolean
  /** Ends the reply where the connection ended, and appends the last parts; false if it was not complete. */
  readonly end: (out: Array<Part>) => boolean
}

/** A request and how its reply is read. */
export interface Options {
  readonly source: AiErrors.Source
  readonly open: (signal: AbortSignal) => Promise<globalThis.Response>
  readonly reply: Reply
  /** The longest wait for the provider. */
  readonly timeout: Duration.Input | undefined
}

/** Sends the request, and streams its reply. The request is closed with the stream. */
export const make = (options: Options): Stream.Stream<Part, AiError.AiError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      let isRead = false
      const controller = yield* Effect.acquireRelease(
        Effect.sync(() => new AbortController()),
        // A request that is over needs no end, and an abort makes an exception with a stack.
        (controller) => Effect.sync(() => isRead || controller.abort())
      )
      const response = yield* patiently(
        options,
        Effect.tryPromise({
          try: () => options.open(controller.signal),
          catch: (cause) => AiErrors.make(options.source, AiErrors.fromRejection(options.source, cause))
        })
      )
      const body = yield* bodyOf(options, response)
      return Stream.fromPull(Effect.succeed(makePull(options, body.getReader(), () => (isRead = true))))
    })
  )

const makePull = (
  options: Options,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  onRead: () => void
): Pull.Pull<Arr.NonEmptyReadonlyArray<Part>, AiError.AiError> => {
  const { reply, source } = options
  const parse = Sse.makeParser()
  let failure: AiError.AiError | undefined
  let ended = false

  const read = patiently(
    options,
    Effect.tryPromise({ try: () => reader.read(), catch: (cause) => new ReadFailure(cause) })
  )

  const emit = (out: Array<Part>): Pull.Pull<Arr.NonEmptyReadonlyArray<Part>, AiError.AiError> =>
    Arr.isArrayNonEmpty(out) ? Effect.succeed(out) : pull

  const accept = (bytes: Uint8Array) => {
    const out: Array<Part> = []
    for (const event of parse(bytes)) {
      const reason = reply.take(event, out)
      if (reason !== undefined) {
        failure = AiErrors.make(source, reason)
        break
      }
      if (reply.done()) break
    }
    return emit(out)
  }

  const cutOff = (cause: unknown) => {
    const out: Array<Part> = []
    ended = true
    if (!reply.end(out)) failure = AiErrors.make(source, AiErrors.cut(source, cause))
    return emit(out)
  }

  // What follows the last event is only the end of the message: read, the connection can serve the next turn. It is free
  // for that one turn of the event loop later.
  const rest: Effect.Effect<void, unknown> = Effect.suspend(() =>
    Effect.flatMap(read, (chunk) => {
      if (!chunk.done) return rest
      onRead()
      return Effect.yieldNow
    })
  )
  const drain = rest.pipe(Effect.ignore, Effect.timeoutOption(drainTime))

  const pull: Pull.Pull<Arr.NonEmptyReadonlyArray<Part>, AiError.AiError> = Effect.suspend(() => {
    if (failure !== undefined) return Effect.fail(failure)
    if (ended) return Cause.done()
    if (reply.done()) {
      ended = true
      return Effect.andThen(drain, Cause.done())
    }
    return Effect.matchEffect(read, {
      onFailure: (error) => (error instanceof ReadFailure ? cutOff(error.cause) : Effect.fail(error)),
      onSuccess: (chunk) => (chunk.done ? cutOff(undefined) : accept(chunk.value))
    })
  })
  return pull
}

const drainTime = "50 millis"

class ReadFailure {
  readonly cause: unknown
  constructor(cause: unknown) {
    this.cause = cause
  }
}

const patiently = <A, E>(options: Options, wait: Effect.Effect<A, E>): Effect.Effect<A, E | AiError.AiError> =>
  options.timeout === undefined
    ? wait
    : Effect.timeoutOrElse(wait, {
        duration: options.timeout,
        orElse: () => Effect.fail(AiErrors.make(options.source, AiErrors.timedOut("the provider")))
      })

// A proxy's page, or an error with status 200, is not an empty reply.
const bodyOf = (options: Options, response: globalThis.Response) => {
  const invalid = (reason: AiError.AiErrorReason) => Effect.fail(AiErrors.make(options.source, reason))
  const type = response.headers.get("content-type") ?? ""
  if (/json/.test(type)) {
    return Effect.flatMap(
      patiently(
        options,
        Effect.orElseSucceed(
          Effect.tryPromise(() => response.json() as Promise<unknown>),
          () => undefined
        )
      ),
      (body) =>
        typeof body === "object" && body !== null && "error" in body
          ? invalid(AiErrors.fromEvent(body))
          : invalid(AiErrors.malformed("the provider answered with JSON instead of a stream of events"))
    )
  }
  if (/html/.test(type) || response.body === null) {
    return invalid(AiErrors.malformed("the provider answered without a stream of events"))
  }
  return Effect.succeed(response.body)
}
