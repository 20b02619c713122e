/**
 * A recogniser behind a WebSocket. A dialect knows the provider's addresses and messages; this module sends the audio,
 * keeps the connection open, and times out overdue answers.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../AudioFormat.ts"
import type { AudioTime } from "../../AudioTime.ts"
import * as Connection from "../../internal/connection.ts"
import * as Joined from "../../internal/joined.ts"
import type { Failure } from "../../internal/wireMessage.ts"
import * as SpeechError from "../../SpeechError.ts"
import * as Transcode from "../../Transcode.ts"
import * as AudioClock from "./audioClock.ts"
import type * as Service from "./service.ts"
import { wrongFormat } from "../../internal/wrongFormat.ts"

/** The meaning of a message. */
export interface Told {
  readonly events?: ReadonlyArray<Service.Event> | undefined
  /** The provider has accepted the session. */
  readonly isReady?: boolean | undefined
  /** The provider has answered all requests so far (`flush` or `end`). */
  readonly isAnswer?: boolean | undefined
  /** No more messages will follow. */
  readonly isOver?: boolean | undefined
  readonly failure?: Failure | undefined
}

/** A request to a provider: its messages, and whether the provider always answers them. */
export interface Question {
  readonly messages: ReadonlyArray<Connection.Message>
  readonly isAnswered: boolean
}

/** Talks to a provider over one connection. */
export interface Listener {
  /** Messages to send first. */
  readonly opening?: ReadonlyArray<Connection.Message> | undefined
  readonly audio: (bytes: Uint8Array) => Connection.Message
  readonly flush: () => Question
  readonly end: () => Question
  readonly receive: (message: Connection.Message) => Told
}

/** The differences between providers. */
export interface Dialect {
  readonly provider: string
  readonly model: string
  readonly capabilities: Service.Capabilities
  readonly headers: Readonly<Record<string, string>>
  readonly url: (wire: AudioFormat.AudioFormat, options: Service.Options) => string
  /** Chooses the format to send for audio in a given format. */
  readonly wireFormat: (format: AudioFormat.AudioFormat) => AudioFormat.AudioFormat
  /** Whether the provider confirms the session. Otherwise an open connection counts as accepted. */
  readonly saysReady: boolean
  /** The minimum amount of audio in one message. By default each frame is sent at once. */
  readonly chunkMs?: number | undefined
  /** The message to send after this long without audio. */
  readonly keepAlive?: { readonly every: Duration.Input; readonly message: Connection.Message } | undefined
  /**
   * Makes the listener of a connection. `at` converts a time in the stream to the time in the call, in milliseconds.
   */
  readonly listen: (
    at: (streamMs: number) => AudioTime,
    wire: AudioFormat.AudioFormat,
    options: Service.Options
  ) => Listener
}

/** Makes the recogniser. */
export const make = (dialect: Dialect, timing: Connection.Timing = {}): Service.SpeechToText["Service"] => ({
  name: `${dialect.provider}/${dialect.model}`,
  capabilities: dialect.capabilities,
  warmUp: Effect.scoped(Effect.asVoid(openConnection(dialect, dialect.wireFormat(AudioFormat.pcm16000), {}, timing))),
  open: (format, options = {}) => open(dialect, timing, format, options)
})

const openConnection = (
  dialect: Dialect,
  wire: AudioFormat.AudioFormat,
  options: Service.Options,
  timing: Connection.Timing
) =>
  Connection.open({
    ...timing,
    provider: dialect.provider,
    url: dialect.url(wire, options),
    headers: dialect.headers
  })

const open = Effect.fnUntraced(function* (
  dialect: Dialect,
  timing: Connection.Timing,
  format: AudioFormat.AudioFormat,
  options: Service.Options
) {
  const { openTimeout = "5 seconds", answerTimeout = "5 seconds" } = timing
  const wire = dialect.wireFormat(format)
  const clock = AudioClock.make()
  const listener = dialect.listen(clock.at, wire, options)
  const connection = yield* openConnection(dialect, wire, options, timing)
  const events = yield* Effect.acquireRelease(
    Queue.unbounded<Service.Event, SpeechError.SpeechError | Cause.Done>(),
    (queue) => Queue.shutdown(queue)
  )
  const ready = Deferred.makeUnsafe<void, SpeechError.SpeechError>()
  const state = { isOver: false, hasEnded: false, asked: 0, answered: 0, isIdle: true }

  const fail = (error: SpeechError.SpeechError) => {
    if (state.isOver) return
    state.isOver = true
    Queue.failCauseUnsafe(events, Cause.fail(error))
    Deferred.doneUnsafe(ready, Effect.fail(error))
  }
  const finish = () => {
    state.isOver = true
    Queue.endUnsafe(events)
  }
  const take = (message: Connection.Message) => {
    if (state.isOver) return
    const told = listener.receive(message)
    if (told.isReady === true) Deferred.doneUnsafe(ready, Effect.void)
    if (told.isAnswer === true) state.answered = state.asked
    if (told.events !== undefined) Queue.offerAllUnsafe(events, told.events)
    if (told.failure !== undefined) {
      fail(SpeechError.make(dialect.provider, told.failure.reason, told.failure.detail))
    } else if (told.isOver === true && state.hasEnded) finish()
  }
  yield* Effect.forever(
    Effect.map(connection.read, (messages) => messages.forEach(take)),
    { disableYield: true }
  ).pipe(
    Effect.catch((error) =>
      Effect.sync(() => {
        const isGood = state.hasEnded && error.reason._tag === "Closed" && error.reason.closeCode <= 1005
        if (isGood && !state.isOver) finish()
        else fail(error)
      })
    ),
    Effect.forkScoped
  )

  for (const message of listener.opening ?? []) connection.write(message)
  if (dialect.saysReady) {
    yield* Effect.timeoutOrElse(Deferred.await(ready), {
      duration: openTimeout,
      orElse: () => Effect.fail(late(dialect.provider, "connection", openTimeout))
    })
  }
  if (dialect.keepAlive !== undefined) {
    const { every, message } = dialect.keepAlive
    const keep = Effect.sync(() => {
      if (state.isIdle && !state.hasEnded) connection.write(message)
      state.isIdle = true
    })
    yield* Effect.forkScoped(Effect.forever(Effect.delay(keep, every), { disableYield: true }))
  }

  const scope = yield* Effect.scope
  const sender = makeSender(format, wire, dialect.chunkMs ?? 0, (bytes) => {
    state.isIdle = false
    connection.write(listener.audio(bytes))
  })
  /** Sends a request, and fails if the provider owes an answer and does not send it in time. */
  const ask = (question: () => Question) =>
    Effect.suspend(() => {
      if (state.isOver || state.hasEnded) return Effect.void
      sender.flush()
      const { isAnswered, messages } = question()
      for (const message of messages) connection.write(message)
      if (!isAnswered) return Effect.void
      const number = ++state.asked
      const check = Effect.sync(() => {
        if (state.answered < number) fail(late(dialect.provider, "answer", answerTimeout))
      })
      return Effect.asVoid(Effect.forkIn(Effect.delay(check, answerTimeout), scope, { startImmediately: true }))
    })

  return {
    send: (frame) =>
      Effect.sync(() => {
        if (!AudioFormat.equals(frame.format, format)) throw wrongFormat(format, frame.format)
        if (state.isOver || state.hasEnded) return
        clock.sent(frame)
        sender.push(frame.bytes)
      }),
    flush: ask(listener.flush),
    end: Effect.andThen(
      ask(listener.end),
      Effect.sync(() => void (state.hasEnded = true))
    ),
    events: Stream.fromQueue(events)
  } satisfies Service.Session
})

const late = (provider: string, what: "connection" | "answer", after: Duration.Input) =>
  SpeechError.make(provider, { _tag: "TimedOut", what, afterMs: Duration.toMillis(after) })

/** Converts audio, and collects it until there is enough for a message. */
const makeSender = (
  format: AudioFormat.AudioFormat,
  wire: AudioFormat.AudioFormat,
  chunkMs: number,
  write: (bytes: Uint8Array) => void
) => {
  const transcoder = Transcode.make(format, wire)
  const enough = AudioFormat.bytesOf(wire, chunkMs)
  let pending: Array<Uint8Array> = []
  let length = 0
  const flush = () => {
    if (length === 0) return
    const bytes = pending.length === 1 ? pending[0]! : Joined.bytes(pending)
    pending = []
    length = 0
    write(bytes)
  }
  return {
    push: (bytes: Uint8Array) => {
      const converted = transcoder.push(bytes)
      if (converted.length === 0) return
      pending.push(converted)
      length += converted.length
      if (length >= enough) flush()
    },
    flush
  }
}
