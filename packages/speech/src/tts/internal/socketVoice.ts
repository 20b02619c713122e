/**
 * A voice behind a WebSocket. A dialect knows the provider's addresses and messages; this module paces the text,
 * assembles the audio of a reply, and keeps the connection open.
 *
 * A reply is spoken in one or more sections, each with its own id, so that late messages for a cancelled section can be
 * dropped.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../AudioFormat.ts"
import * as AudioTime from "../../AudioTime.ts"
import * as Clauses from "../../Clauses.ts"
import * as Connection from "../../internal/connection.ts"
import type { Failure } from "../../internal/wireMessage.ts"
import * as SpeechError from "../../SpeechError.ts"
import type { SpokenAudio, SpokenWord } from "../../SpokenAudio.ts"
import * as Transcode from "../../Transcode.ts"
import type * as Service from "./service.ts"
import * as SharedTime from "./sharedTime.ts"
import * as WordPlaces from "./wordPlaces.ts"

/** A word and its time in its section, in milliseconds. */
export interface TimedWord {
  readonly text: string
  readonly startMs: number
  readonly endMs: number
}

/** The meaning of a message. A message without an id concerns the connection, or its only section. */
export type Told =
  | { readonly _tag: "Audio"; readonly id?: string | undefined; readonly bytes: Uint8Array }
  | { readonly _tag: "Words"; readonly id?: string | undefined; readonly words: ReadonlyArray<TimedWord> }
  /** All flushed text was spoken. */
  | { readonly _tag: "Flushed"; readonly id?: string | undefined }
  /** The section is over. */
  | { readonly _tag: "Done"; readonly id?: string | undefined }
  | { readonly _tag: "Failed"; readonly id?: string | undefined; readonly failure: Failure }

type Messages = ReadonlyArray<Connection.Message>

/** Talks to a provider over one connection. */
export interface Speaker {
  readonly begin: (id: string) => Messages
  readonly say: (id: string, text: string) => Messages
  readonly flush: (id: string) => Messages
  readonly end: (id: string) => Messages
  readonly cancel: (id: string) => Messages
  readonly receive: (message: Connection.Message) => ReadonlyArray<Told>
}

/** The differences between providers. */
export interface Dialect {
  readonly provider: string
  readonly model: string
  readonly capabilities: Service.Capabilities
  readonly headers: Readonly<Record<string, string>>
  readonly url: (voice: Service.Voice, wire: AudioFormat.AudioFormat) => string
  /** Chooses the format to request for audio in a given format. */
  readonly wireFormat: (format: AudioFormat.AudioFormat) => AudioFormat.AudioFormat
  /**
   * Whether a connection serves one reply at a time, and must be closed to cancel it. Otherwise it serves many replies
   * by their ids.
   */
  readonly isExclusive: boolean
  /**
   * Whether text is sent at once or clause by clause. In the latter case each clause is flushed, each flush is answered
   * with `Flushed`, and the reply is over when all flushes were answered.
   */
  readonly unit: "text" | "clause"
  /**
   * Whether the provider drops a section that receives no text for a while, so that a pause must end it. Otherwise a
   * pause flushes it.
   */
  readonly endsInPause: boolean
  readonly speaker: (voice: Service.Voice, wire: AudioFormat.AudioFormat) => Speaker
}

/** After a pause this long in the text, an incomplete sentence is spoken as it is. */
const pauseMs = 800
/** How far synthesis runs ahead of the audio pulled. */
const aheadMs = 8000
const sentenceEnd = /[.!?\u2026\u3002\uff01\uff1f]["')\]\u2019\u201d]*\s*$/

/** Makes the voice. */
export const make = (dialect: Dialect, timing: Connection.Timing = {}): Service.TextToSpeech["Service"] => {
  const dial = (voice: Service.Voice, wire: AudioFormat.AudioFormat) =>
    Connection.open({ ...timing, provider: dialect.provider, url: dialect.url(voice, wire), headers: dialect.headers })
  return {
    name: `${dialect.provider}/${dialect.model}`,
    capabilities: dialect.capabilities,
    warmUp: Effect.scoped(Effect.asVoid(dial({}, dialect.wireFormat(AudioFormat.pcm16000)))),
    open: (voice, format) => open(dialect, timing, dial, voice, format)
  }
}

/** An open connection, and its listeners. */
interface Line {
  readonly connection: Connection.Connection
  readonly speaker: Speaker
  readonly listeners: Map<string, (told: Told) => void>
  readonly scope: Scope.Closeable
  failure: SpeechError.SpeechError | undefined
}

const open = Effect.fnUntraced(function* (
  dialect: Dialect,
  timing: Connection.Timing,
  dial: (
    voice: Service.Voice,
    wire: AudioFormat.AudioFormat
  ) => Effect.Effect<Connection.Connection, SpeechError.SpeechError, Scope.Scope>,
  voice: Service.Voice,
  format: AudioFormat.AudioFormat
) {
  const wire = dialect.wireFormat(format)
  const session = yield* Effect.scope
  const alone = Semaphore.makeUnsafe(1)
  let spare: Line | undefined
  let sections = 0

  const connect = Effect.gen(function* () {
    const scope = yield* Scope.fork(session)
    const connection = yield* Scope.provide(dial(voice, wire), scope).pipe(
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
    )
    const line: Line = {
      connection,
      speaker: dialect.speaker(voice, wire),
      listeners: new Map(),
      scope,
      failure: undefined
    }
    yield* Effect.forever(
      Effect.map(connection.read, (messages) => {
        for (const message of messages) for (const told of line.speaker.receive(message)) deliver(line, told)
      }),
      { disableYield: true }
    ).pipe(
      Effect.catch((error) => Effect.sync(() => fail(line, error))),
      Effect.forkIn(scope)
    )
    return line
  })
  const fail = (line: Line, error: SpeechError.SpeechError) => {
    line.failure ??= error
    const failure: Told = { _tag: "Failed", failure: { reason: error.reason } }
    for (const listener of Array.from(line.listeners.values())) listener(failure)
  }
  const deliver = (line: Line, told: Told) => {
    if (told.id !== undefined) return line.listeners.get(told.id)?.(told)
    if (told._tag === "Failed") return fail(line, SpeechError.make(dialect.provider, told.failure.reason))
    // Iterates over a copy, because telling one section may begin the next, which must not receive this message.
    for (const listener of Array.from(line.listeners.values())) listener(told)
  }
  /** Returns the shared connection, or one for a single reply. Reconnects if it was lost. */
  const take = Semaphore.withPermit(
    alone,
    Effect.gen(function* () {
      const known = spare
      if (dialect.isExclusive) spare = undefined
      if (known !== undefined && known.failure === undefined) return known
      if (known !== undefined) yield* Scope.close(known.scope, Exit.void)
      const line = yield* connect
      if (!dialect.isExclusive) spare = line
      return line
    })
  )
  /** A connection whose audio has no ids must be closed to cancel a reply; a new one is opened for the next reply. */
  const giveBack = (line: Line, isClean: boolean): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (!dialect.isExclusive) return Effect.void
      if (isClean && line.failure === undefined && spare === undefined) {
        spare = line
        return Effect.void
      }
      const renew = Semaphore.withPermit(
        alone,
        Effect.suspend(() => {
          if (spare !== undefined) return Effect.void
          return Effect.map(connect, (next) => void (spare = next))
        })
      )
      return Effect.andThen(Scope.close(line.scope, Exit.void), Effect.forkIn(Effect.ignore(renew), session))
    })

  spare = yield* connect
  return {
    format,
    context: Effect.gen(function* () {
      const line = yield* take
      const reply = makeReply(dialect, timing, line, format, wire, () => `${dialect.provider}-${++sections}`)
      const scope = yield* Effect.scope
      yield* Scope.addFinalizer(
        scope,
        Effect.suspend(() => {
          const isClean = reply.isOver()
          return Effect.andThen(reply.context.cancel, giveBack(line, isClean))
        })
      )
      yield* Effect.forkScoped(reply.run)
      return reply.context
    })
  } satisfies Service.Session
})

type Item = { readonly _tag: "Text"; readonly text: string } | { readonly _tag: "Flush" } | { readonly _tag: "End" }

/** One reply: text in, audio out. */
const makeReply = (
  dialect: Dialect,
  timing: Connection.Timing,
  line: Line,
  format: AudioFormat.AudioFormat,
  wire: AudioFormat.AudioFormat,
  nextId: () => string
) => {
  const answerTimeout = timing.answerTimeout ?? "5 seconds"
  const items = Effect.runSync(Queue.unbounded<Item>())
  const out = Effect.runSync(Queue.unbounded<SpokenAudio, SpeechError.SpeechError | Cause.Done>())
  const room = Latch.makeUnsafe(true)
  const transcoder = Transcode.make(wire, format)
  const sampleBytes = AudioFormat.bytesPerSample(format)
  const state = {
    isClosed: false,
    isDone: false,
    isCancelled: false,
    samples: 0,
    pulledMs: 0,
    heard: 0,
    said: "",
    at: 0
  }
  let clauses = Clauses.make()
  /** The text being spoken under one id. `owed`: clauses whose flush was not answered yet, the oldest since `since`. */
  let section:
    | {
        readonly id: string
        /** The time of its first sample, and the position of its first character. */
        readonly origin: AudioTime.AudioTime
        readonly at: number
        readonly done: Deferred.Deferred<void>
        readonly owed: Array<{ readonly text: string; readonly at: number }>
        since: AudioTime.AudioTime
        hasUnflushed: boolean
        isEnding: boolean
      }
    | undefined

  const now = () => AudioTime.fromSamples(state.samples, format.sampleRateHz)
  /** Milliseconds of audio that were received or requested, but not pulled yet. */
  const ahead = () => {
    const expected =
      section === undefined ? 0 : section.origin + (state.said.length - section.at) * SharedTime.msPerCharacter
    return Math.max(now(), expected) - state.pulledMs
  }
  const emit = (bytes: Uint8Array, words: ReadonlyArray<SpokenWord>) => {
    if (bytes.length === 0 && words.length === 0) return
    const audio = { format, bytes, time: now() }
    state.samples += bytes.length / sampleBytes
    if (now() - state.pulledMs >= aheadMs) room.closeUnsafe()
    Queue.offerUnsafe(out, { audio, words })
  }
  const close = (exit: Cause.Cause<SpeechError.SpeechError> | undefined) => {
    if (state.isClosed) return
    state.isClosed = true
    finish()
    room.openUnsafe()
    if (exit === undefined) Queue.endUnsafe(out)
    else Queue.failCauseUnsafe(out, exit)
  }
  const failed = (failure: Failure) =>
    close(Cause.fail(SpeechError.make(dialect.provider, failure.reason, failure.detail)))

  /** The oldest owed clause was spoken: divides the time since the previous clause among its words. */
  const settle = () => {
    const clause = section?.owed.shift()
    if (section === undefined || clause === undefined) return
    // A clause without audio was not said.
    if (now() > section.since) emit(new Uint8Array(), SharedTime.share(clause.text, clause.at, section.since, now()))
    section.since = now()
  }
  const finish = () => {
    if (section === undefined) return
    line.listeners.delete(section.id)
    Deferred.doneUnsafe(section.done, Effect.void)
  }
  const isPaid = () => dialect.unit === "clause" && section?.isEnding === true && section.owed.length === 0
  const timed = (origin: AudioTime.AudioTime, words: ReadonlyArray<TimedWord>) =>
    words
      .toSorted((a, b) => a.startMs - b.startMs)
      .map(({ endMs, startMs, text }): SpokenWord => {
        const place = WordPlaces.find(state.said, text, state.at)
        if (place !== undefined) state.at = place.to
        return { text, start: AudioTime.plus(origin, startMs), end: AudioTime.plus(origin, endMs), ...place }
      })
  const listen = (told: Told) => {
    if (state.isClosed || section === undefined) return
    state.heard++
    switch (told._tag) {
      case "Audio":
        return emit(transcoder.push(told.bytes), [])
      case "Words":
        return emit(new Uint8Array(), timed(section.origin, told.words))
      case "Flushed":
        settle()
        return isPaid() ? finish() : undefined
      case "Done":
        return finish()
      case "Failed":
        return failed(told.failure)
    }
  }

  const write = (messages: Messages) => messages.forEach(line.connection.write)
  const say = (text: string) => {
    if (section === undefined) {
      const id = nextId()
      section = {
        id,
        origin: now(),
        at: state.said.length,
        done: Deferred.makeUnsafe(),
        owed: [],
        since: now(),
        hasUnflushed: false,
        isEnding: false
      }
      line.listeners.set(id, listen)
      write(line.speaker.begin(id))
    }
    if (dialect.unit === "clause") section.owed.push({ text, at: state.said.length })
    state.said += text
    section.hasUnflushed = true
    write(line.speaker.say(section.id, text))
  }
  /** Fails unless the provider sends something in time. */
  const watch = Effect.suspend(() => {
    const before = state.heard
    const check = Effect.sync(() => {
      if (state.heard === before) {
        failed({ reason: { _tag: "TimedOut", what: "audio", afterMs: Duration.toMillis(answerTimeout) } })
      }
    })
    return Effect.delay(check, answerTimeout)
  })
  const flush = Effect.suspend(() => {
    if (section === undefined || !section.hasUnflushed) return Effect.void
    section.hasUnflushed = false
    write(line.speaker.flush(section.id))
    return Effect.asVoid(Effect.forkChild(watch, { startImmediately: true }))
  })
  /** Ends the section, and waits until all of its audio has arrived. */
  const endSection = Effect.suspend(() => {
    const current = section
    if (current === undefined) return Effect.void
    current.isEnding = true
    write(line.speaker.end(current.id))
    if (isPaid()) finish()
    const overdue = Effect.forever(watch)
    return Effect.raceFirst(Deferred.await(current.done), overdue).pipe(
      Effect.andThen(Effect.sync(() => void (section = undefined)))
    )
  })
  const pause = Effect.suspend(() => (dialect.endsInPause ? endSection : flush))
  const speak = (text: string) =>
    Effect.gen(function* () {
      // Only between sentences, because each section sounds like a new beginning.
      if (ahead() >= aheadMs && sentenceEnd.test(state.said)) {
        yield* endSection
        if (now() - state.pulledMs >= aheadMs) yield* room.await
      }
      if (state.isClosed) return
      say(text)
      if (dialect.unit === "clause") yield* flush
    })
  const speakClauses = ([next, ready]: readonly [Clauses.Clauses, ReadonlyArray<Clauses.Clause>]) => {
    clauses = next
    return Effect.forEach(ready, ({ text }) => speak(text), { discard: true })
  }
  const rest = Effect.suspend(() => (dialect.unit === "clause" ? speakClauses(Clauses.flush(clauses)) : Effect.void))

  const run = Effect.gen(function* () {
    while (!state.isClosed) {
      const isWaiting = section?.hasUnflushed === true || clauses.held !== ""
      const next = isWaiting
        ? yield* Effect.timeoutOption(Queue.take(items), pauseMs)
        : Option.some(yield* Queue.take(items))
      const item: Item = Option.getOrElse(next, () => ({ _tag: "Flush" as const }))
      switch (item._tag) {
        case "Text":
          yield* dialect.unit === "clause" ? speakClauses(Clauses.push(clauses, item.text)) : speak(item.text)
          break
        case "Flush":
          yield* rest
          yield* Option.isNone(next) ? pause : flush
          break
        case "End":
          yield* rest
          yield* endSection
          if (state.samples === 0 && /[\p{L}\p{N}]/u.test(state.said)) {
            failed({ reason: { _tag: "BadAnswer", what: "no audio for a text" } })
          }
          emit(transcoderTail(transcoder), [])
          state.isDone = !state.isClosed
          close(undefined)
          break
        default:
          item satisfies never
      }
    }
  })

  const offer = (item: Item) =>
    Effect.sync(() => {
      if (!state.isClosed) Queue.offerUnsafe(items, item)
    })
  const context: Service.SpeechContext = {
    push: (text) => (text === "" ? Effect.void : offer({ _tag: "Text", text })),
    flush: offer({ _tag: "Flush" }),
    end: offer({ _tag: "End" }),
    audio: Stream.fromQueue(out).pipe(
      Stream.rechunk(1),
      // Drops parts that were taken from the queue before a cancel, too.
      Stream.takeWhile(() => !state.isCancelled),
      Stream.tap(({ audio }) =>
        Effect.sync(() => {
          state.pulledMs += AudioFormat.durationMs(format, audio.bytes.length)
          if (now() - state.pulledMs < aheadMs) room.openUnsafe()
        })
      )
    ),
    cancel: Effect.suspend(() => {
      state.isCancelled = true
      if (state.isClosed) return Effect.void
      if (section !== undefined) write(line.speaker.cancel(section.id))
      return Effect.andThen(
        Effect.ignore(Queue.clear(out)),
        Effect.sync(() => close(undefined))
      )
    })
  }
  return { context, run, isOver: () => state.isDone }
}

const transcoderTail = (transcoder: Transcode.Transcoder): Uint8Array => {
  const tail = transcoder.flush()
  return tail._tag === "Success" ? tail.success : new Uint8Array()
}
