/**
 * Streams the parts of a reply from the body of an HTTP response.
 *
 * All that one network chunk holds travels as one array: reading the events here, and not in the SDK, is what keeps the
 * cost of a token near that of the bytes.
 *
 * @since 0.1.0
 */
import * as Monotonic from "@antiphon/core/Monotonic"
import type * as AiError from "effect/ai/AiError"
import type * as Response from "effect/ai/Response"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as AiErrors from "./aiErrors.ts"
import * as Answer from "./answer.ts"
import * as ErrorNames from "./errorNames.ts"
import * as EventStream from "./eventStream.ts"
import * as ProviderSentence from "./providerSentence.ts"
import * as Sse from "./sse.ts"
import * as Waiting from "./waiting.ts"
import * as WireJson from "./wireJson.ts"

/** The part type that providers send. */
export type Part = Response.StreamPartEncoded

/** Reads one reply, event by event. */
export interface Reply {
  /** Takes an event and appends its parts. Returns the error that the event reports, if any. */
  readonly take: (event: Sse.ServerEvent, out: Array<Part>) => AiErrors.Failure | undefined
  /** Whether the provider has announced the end. */
  readonly done: () => boolean
  /** Whether it has said how the reply ends, so that only the end of the message is missing. Not by default. */
  readonly ending?: (() => boolean) | undefined
  /** Ends the reply when the connection has ended, and appends the last parts; false if it was not complete. */
  readonly end: (out: Array<Part>) => boolean
}

/** Parses an event as JSON and takes it. Fails if it is not JSON, or not of the expected shape. */
export const takeJson = <A>(
  data: string,
  take: (event: A) => AiErrors.Failure | undefined
): AiErrors.Failure | undefined => {
  const event = WireJson.parse(data)
  if (event === undefined) return AiErrors.malformed("an event is not JSON")
  try {
    return take(event as A)
  } catch {
    return AiErrors.malformed("an event has another shape than documented")
  }
}

/** A request and how its reply is read. */
export interface Options {
  readonly source: AiErrors.Source
  readonly open: (signal: AbortSignal) => Promise<globalThis.Response>
  readonly reply: Reply
  /** The longest wait for the provider. */
  readonly timeout: Duration.Input | undefined
  /** Called at the end of the reply, before the end is passed on. */
  readonly onFinish: (part: Response.FinishPartEncoded) => Effect.Effect<void>
  /**
   * Called when the request is closed, if its reply did not come to an end but is billed: it was given up, or broke off.
   * With the number of characters that have come.
   */
  readonly onGivenUp: (characters: number) => Effect.Effect<void>
}

/** How far a reply has come. */
interface Course {
  finished: boolean
  failed: boolean
  characters: number
}

/** Pulls the parts of a reply. The request is sent by the first pull, and closed with the scope. */
export const open = (options: Options, scope: Scope.Scope): PartPull => {
  let reading: PartPull | undefined
  // Around each pull rather than each read, because keep-alive comments are not progress.
  const send = Effect.flatMap(sent(options, scope), (pull) => (reading = patiently(options, pull)))
  return Effect.suspend(() => reading ?? send)
}

const sent = (options: Options, scope: Scope.Scope): Effect.Effect<PartPull, AiError.AiError> =>
  Effect.suspend(() => {
    const controller = new AbortController()
    let isRead = false
    const course: Course = { finished: false, failed: false, characters: 0 }
    // A request that is over needs no end, and an abort makes an exception with a stack.
    const close = Effect.suspend(() => {
      if (!isRead) controller.abort()
      const { characters, failed, finished } = course
      // A request that failed before anything came is not billed.
      return finished || (failed && characters === 0) ? Effect.void : options.onGivenUp(characters)
    })
    const response = Waiting.promise(
      () => options.open(controller.signal),
      (cause) => AiErrors.make(options.source, AiErrors.fromRejection(options.source, cause))
    )
    const answered = Effect.flatMap(patiently(options, response), (response) =>
      Effect.map(bodyOf(options, response), (body) =>
        typeof body === "function"
          ? makePull(options, parserOf(response), body, { course, onRead: () => (isRead = true) })
          : wholePull(options, body, course)
      )
    )
    const failed = Effect.sync(() => {
      course.failed = true
    })
    return Effect.andThen(
      Scope.addFinalizer(scope, close),
      Effect.tapError(answered, () => failed)
    )
  })

interface Parsers {
  readonly parse: Sse.Parser
  /** The event at which the message has ended, if its end was left out. */
  readonly last: () => ReadonlyArray<Sse.ServerEvent>
}

/** Events come as text, or in AWS's binary form. */
const parserOf = (response: globalThis.Response): Parsers => {
  if (/eventstream/.test(Answer.contentType(response))) {
    return { parse: EventStream.makeParser(), last: () => [] }
  }
  const parse = Sse.makeParser()
  return {
    parse,
    // Several servers leave out the blank line behind the last event. One that was cut off is not JSON.
    last: () => parse(blankLine).filter(({ data }) => data === "[DONE]" || WireJson.parse(data) !== undefined)
  }
}

const blankLine = new TextEncoder().encode("\n\n")

/** Pulls the parts of a reply. */
export type PartPull = Pull.Pull<Arr.NonEmptyReadonlyArray<Part>, AiError.AiError>

const makePull = (
  options: Options,
  { last, parse }: Parsers,
  readNext: Answer.Read,
  { course, onRead }: { readonly course: Course; readonly onRead: () => void }
): PartPull => {
  const { reply, source } = options
  const content = new Content()
  let failure: AiError.AiError | undefined
  let ended = false
  let pieces = 0
  let endingSince: number | undefined

  const read = Waiting.callback<Uint8Array | undefined, ReadFailure>((resume) =>
    readNext(
      (bytes) => resume(Effect.succeed(bytes)),
      (cause) => resume(Effect.fail(new ReadFailure(cause))),
      // The first words go ahead of what has come with them. Thoughts and calls need not.
      !content.begun && pieces++ < mostAhead
    )
  )

  const emit = (out: Array<Part>): PartPull => {
    // An empty reply is an error, but its thoughts are billed.
    const finish = out.at(-1)
    const empty = content.take(out)
    if (empty !== undefined) failure = AiErrors.make(source, empty)
    note(course, out, finish)
    const emitted = Arr.isArrayNonEmpty(out) ? Effect.succeed(out) : pull
    return finish?.type === "finish" ? Effect.andThen(options.onFinish(finish), emitted) : emitted
  }

  const accept = (events: ReadonlyArray<Sse.ServerEvent>, out: Array<Part>) => {
    for (const event of events) {
      const told = reply.take(event, out) ?? failureOf(event)
      if (told !== undefined) {
        failure = AiErrors.make(source, AiErrors.reasonOf(source, told))
        break
      }
      if (reply.done()) break
    }
  }

  const cutOff = (cause: unknown) => {
    const out: Array<Part> = []
    ended = true
    if (cause === undefined) accept(last(), out)
    if (failure === undefined && !reply.done() && !reply.end(out)) {
      failure = AiErrors.make(source, AiErrors.cut(source, cause))
    }
    return emit(out)
  }

  /** Waits for usage and the end of the message, but not for long: the reply itself is complete. */
  const readEnd = Effect.clockWith((clock) => {
    const now = Monotonic.millis(clock)
    endingSince ??= now
    return Effect.timeoutOrElse(read, {
      duration: Math.max(0, endingSince + endTime - now),
      orElse: () => Effect.succeed(undefined)
    })
  })

  // Reads the end of the message after the last event, so that the connection can serve the next turn. It is free for
  // that one turn of the event loop later. The end has nearly always come with the last event, and then needs no timer.
  const drain = Effect.suspend(() => {
    let isOver = false
    let resume: ((over: Effect.Effect<void>) => void) | undefined
    const over = () => {
      isOver = true
      resume?.(Effect.void)
    }
    const rest = (): void =>
      readNext((bytes) => {
        if (bytes !== undefined) return rest()
        onRead()
        over()
      }, over)
    rest()
    const late = Effect.timeoutOption(
      Effect.callback<void>((resumed) => void (resume = resumed)),
      drainTime
    )
    return Effect.andThen(
      Effect.yieldNow,
      Effect.suspend(() => (isOver ? Effect.void : Effect.andThen(late, Effect.yieldNow)))
    )
  })

  const taking = (read: Effect.Effect<Uint8Array | undefined, ReadFailure | AiError.AiError>): PartPull =>
    Effect.matchEffect(read, {
      onFailure: (error) => {
        if (error instanceof ReadFailure) return cutOff(error.cause)
        course.failed = true
        return Effect.fail(error)
      },
      onSuccess: (bytes) => {
        if (bytes === undefined) return cutOff(undefined)
        const out: Array<Part> = []
        accept(parse(bytes), out)
        // What still brings parts has not ended.
        if (out.length > 0) endingSince = undefined
        return emit(out)
      }
    })
  const takeNext = taking(read)
  const takeEnd = taking(readEnd)

  const pull: PartPull = Effect.suspend(() => {
    if (failure !== undefined) {
      course.failed = true
      return Effect.fail(failure)
    }
    if (ended) return Cause.done()
    if (reply.done()) {
      ended = true
      return Effect.andThen(drain, Cause.done())
    }
    return reply.ending?.() === true ? takeEnd : takeNext
  })
  return pull
}

/** A complete reply from a server that ignores the request to stream. */
const wholePull = ({ onFinish, reply, source }: Options, body: ReplyBody, course: Course): PartPull => {
  let out: Array<Part> | undefined = []
  const told = reply.take({ event: undefined, data: JSON.stringify(body) }, out)
  const isComplete = told === undefined && (reply.done() || reply.end(out))
  const finish = out.at(-1)
  note(course, out, finish)
  const reason = told === undefined ? new Content().take(out) : AiErrors.reasonOf(source, told)
  const failure =
    reason ?? (isComplete ? undefined : AiErrors.malformed("the provider answered with JSON that is not a reply"))
  const pull: PartPull = Effect.suspend(() => {
    const parts = out
    out = undefined
    if (parts === undefined) return failure === undefined ? Cause.done() : Effect.fail(AiErrors.make(source, failure))
    const emitted = Arr.isArrayNonEmpty(parts) ? Effect.succeed(parts) : pull
    return finish?.type === "finish" ? Effect.andThen(onFinish(finish), emitted) : emitted
  })
  return pull
}

/** Notes how far a reply has come. */
const note = (course: Course, out: ReadonlyArray<Part>, last: Part | undefined): void => {
  for (const part of out) if ("delta" in part) course.characters += part.delta.length
  course.finished ||= last?.type === "finish"
}

/** Watches whether a reply has anything in it for the caller, or for a tool. */
class Content {
  #some = false

  get begun(): boolean {
    return this.#some
  }

  /** Notes parts. Removes an end without content, which is an error. */
  take(out: Array<Part>): AiError.AiErrorReason | undefined {
    if (this.#some) return undefined
    for (const part of out) {
      if (part.type === "tool-call" || part.type === "file" || (part.type === "text-delta" && /\S/.test(part.delta))) {
        this.#some = true
        return undefined
      }
    }
    const finish = out.at(-1)
    if (finish?.type !== "finish" || finish.reason === "pause") return undefined
    out.pop()
    return finish.reason === "content-filter" ? AiErrors.withheld() : AiErrors.emptyReply(finish.reason)
  }
}

const drainTime = "50 millis"

/** In how many of its first pieces a reply is expected to say something. */
const mostAhead = 8

/** Milliseconds in which usage comes, if it comes. Some servers keep the connection open without another event. */
const endTime = 2000

/** What an event called `error` says, if the reply has not read it as such. */
const failureOf = ({ data, event }: Sse.ServerEvent): AiErrors.Failure | undefined =>
  event === "error" ? AiErrors.fromEvent(WireJson.parse(data)) : undefined

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
const bodyOf = (
  options: Options,
  response: globalThis.Response
): Effect.Effect<Answer.Read | ReplyBody, AiError.AiError> => {
  const { source } = options
  const invalid = (failure: AiErrors.Failure) => Effect.fail(AiErrors.make(source, AiErrors.reasonOf(source, failure)))
  const type = Answer.contentType(response)
  if (/json/.test(type)) {
    const json = Effect.tryPromise(() => response.json() as Promise<unknown>)
    return Effect.flatMap(
      patiently(
        options,
        Effect.orElseSucceed(json, () => undefined)
      ),
      (given) => {
        const body = Array.isArray(given) ? (given[0] as unknown) : given
        if (typeof body !== "object" || body === null) return invalid(notStreamed)
        if (isReply(body)) return Effect.succeed(body)
        const isError = ErrorNames.isError(body) || ProviderSentence.raw(body) !== undefined
        return invalid(isError ? AiErrors.fromEvent(body) : notStreamed)
      }
    )
  }
  const read = /html/.test(type) ? undefined : Answer.reading(response)
  if (read === undefined) {
    return invalid(AiErrors.malformed("the provider answered without a stream of events"))
  }
  return Effect.succeed(read)
}

const notStreamed = AiErrors.malformed("the provider answered with JSON instead of a stream of events")

/** A complete reply. */
interface ReplyBody {
  readonly choices: ReadonlyArray<unknown>
}

const isReply = (body: object): body is ReplyBody =>
  "choices" in body && Array.isArray(body.choices) && body.choices.length > 0
