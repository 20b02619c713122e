/** The behaviour of every recogniser behind a WebSocket, tested once for all. */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as AudioFormat from "../../src/AudioFormat.ts"
import * as AudioFrame from "../../src/AudioFrame.ts"
import * as AudioTime from "../../src/AudioTime.ts"
import * as Pcm from "../../src/Pcm.ts"
import type * as Credentials from "../../src/provider/internal/credentials.ts"
import type * as SpeechError from "../../src/SpeechError.ts"
import * as SpeechToText from "../../src/SpeechToText.ts"
import * as RecogniserServer from "../support/recogniserServer.ts"
import type * as SocketServer from "../support/socketServer.ts"

/** An implementation. */
export interface Subject {
  readonly name: string
  readonly protocol: () => RecogniserServer.Protocol
  readonly layer: (options: Credentials.Options) => Layer.Layer<SpeechToText.SpeechToText, SpeechError.SpeechError>
  readonly capabilities: SpeechToText.Capabilities
  /** The header or parameter with the key. */
  readonly keyOf: (connection: SocketServer.Connection) => string | undefined
  /** Whether the provider reports that speech began. Providers that detect turns always do. */
  readonly tellsStart: boolean
  /** A message that the key was rejected, if the provider has one besides the status 401. */
  readonly refusedKey?: { readonly message: unknown; readonly reason: SpeechError.Reason["_tag"] } | undefined
  /** A message of a known type with another shape. */
  readonly misshapen: unknown
}

const secret = "sk-secret-key"
const format = AudioFormat.pcm16000

/** A rising line, so that every sample differs from its neighbours. */
export const audio = (ms: number, wire = format): ReadonlyArray<AudioFrame.AudioFrame> => {
  const frames: Array<AudioFrame.AudioFrame> = []
  const size = (20 * wire.sampleRateHz) / 1000
  for (let i = 0; i * 20 < ms; i++) {
    const samples = Int16Array.from({ length: size }, (_, n) => ((i * size + n) * 7) % 20_000)
    frames.push(Pcm.encodeFrame(wire, samples, AudioTime.make(i * 20)))
  }
  return frames
}

const turnPlot: ReadonlyArray<RecogniserServer.Step> = [
  { when: 100, say: { _tag: "SpeechStarted" } },
  { when: 200, say: { _tag: "Partial", text: "a table" } },
  { when: 300, say: { _tag: "EagerEnd", text: "a table" } },
  { when: 400, say: { _tag: "Resumed" } },
  { when: 500, say: { _tag: "Partial", text: "a table for two" } },
  { when: 600, say: { _tag: "EagerEnd", text: "A table for two." } },
  { when: 700, say: { _tag: "TurnEnded", text: "A table for two." } }
]

const wordPlot: ReadonlyArray<RecogniserServer.Step> = [
  { when: 100, say: { _tag: "SpeechStarted" } },
  { when: 200, say: { _tag: "Partial", text: "a" } },
  { when: 300, say: { _tag: "Partial", text: "a table" } },
  { when: 400, say: { _tag: "Final", text: "table." } },
  { when: 600, say: { _tag: "Partial", text: "for" } },
  { when: 700, say: { _tag: "Final", text: "two." } }
]

/** An event without the fields that only some providers know. */
export const plain = (event: SpeechToText.Event): string =>
  "text" in event ? `${event._tag} ${event.text}` : event._tag

/** Runs the suite. */
export const suite = (subject: Subject): void => {
  const options = (server: SocketServer.SocketServer): Credentials.Options => ({
    apiKey: Redacted.make(secret),
    baseUrl: server.url
  })
  const serve = (socketOptions?: SocketServer.Options) => RecogniserServer.make(subject.protocol, socketOptions)
  const opened = (server: SocketServer.SocketServer, from = format) =>
    Effect.flatMap(SpeechToText.SpeechToText, ({ open }) => open(from)).pipe(
      Effect.provide(subject.layer(options(server)))
    )
  const plot = subject.capabilities.turns ? turnPlot : wordPlot
  const sendAll = (session: SpeechToText.Session, frames: ReadonlyArray<AudioFrame.AudioFrame>) =>
    Effect.forEach(frames, session.send, { discard: true })
  const failureOf = (session: SpeechToText.Session) => Effect.flip(Stream.runDrain(session.events))

  describe(`${subject.name} as a recogniser`, () => {
    it.effect("reports what is heard, in order, and ends after the last words", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        server.play(plot)
        const session = yield* opened(server)
        const expected = plot.flatMap((step) => ("say" in step ? [plain(step.say)] : []))
        const wanted = subject.tellsStart ? expected : expected.filter((event) => event !== "SpeechStarted")
        const pull = yield* Stream.toPull(session.events)
        const events: Array<string> = []
        yield* sendAll(session, audio(800))
        while (events.length < wanted.length) events.push(...(yield* pull).map(plain))
        assert.deepStrictEqual(events, wanted)
        yield* session.end
        assert.isTrue(Cause.isDone(yield* Effect.flip(pull)))
      })
    )

    it.effect("sends every sample, and the key in its place only", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        const session = yield* opened(server)
        const frames = audio(800)
        yield* sendAll(session, frames)
        yield* session.end
        yield* Stream.runDrain(session.events)
        const connection = yield* server.next
        const sent = server.audioOf(connection)
        const wire = subject.protocol().format(connection)
        if (AudioFormat.equals(wire, format)) {
          assert.deepStrictEqual(sent, Buffer.concat(frames.map(({ bytes }) => bytes)))
        } else {
          assert.closeTo(AudioFormat.durationMs(wire, sent.length), 800, 10)
        }
        assert.include(subject.keyOf(connection), secret)
        assert.notInclude(connection.path + connection.query.toString(), secret)
      })
    )

    it.effect("accepts telephone audio", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        server.play(plot)
        const session = yield* opened(server, AudioFormat.mulaw8000)
        yield* sendAll(session, audio(800, AudioFormat.mulaw8000))
        yield* session.end
        const events = yield* Stream.runCollect(session.events)
        assert.isAbove(events.length, 2)
        const connection = yield* server.next
        assert.deepStrictEqual(subject.protocol().format(connection).encoding !== undefined, true)
        assert.isAbove(server.audioOf(connection).length, 6000)
      })
    )

    it.effect("ignores unknown message types, and reports nothing for empty words", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        server.play([
          { when: 100, send: { type: "somethingNew", message_type: "something_new", event: "x" } },
          { when: 200, say: { _tag: subject.capabilities.turns ? "Partial" : "Final", text: "" } },
          { when: 300, say: { _tag: "Partial", text: "" } }
        ])
        const session = yield* opened(server)
        yield* sendAll(session, audio(400))
        yield* session.end
        assert.deepStrictEqual(yield* Stream.runCollect(session.events), [])
      })
    )

    it.effect("reads a character split between two frames of the socket", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        const text = "caf\u00e9 \u{1f600} \u4f60\u597d"
        server.play([
          {
            when: 100,
            act: (connection) => {
              const [message] = subject.protocol().say({ _tag: "Partial", text })
              const json = JSON.stringify(message)
              const at = Buffer.from(json).indexOf(0xc3) + 1
              connection.sendSplit(json, [at, at + 4])
            }
          }
        ])
        const session = yield* opened(server)
        yield* sendAll(session, audio(200))
        const found = yield* Stream.runHead(Stream.filter(session.events, (event) => event._tag === "Partial"))
        assert.strictEqual(found._tag === "Some" && plain(found.value), `Partial ${text}`)
      })
    )

    for (const [status, reason, isRetryable] of [
      [401, "Unauthorized", false],
      [403, "Unauthorized", false],
      [402, "QuotaExceeded", false],
      [400, "Rejected", false],
      [429, "RateLimited", true],
      [503, "Unavailable", true]
    ] as const) {
      it.effect(`fails to open with ${reason} if the upgrade is answered with ${status}`, () =>
        Effect.gen(function* () {
          const server = yield* serve()
          server.refuse({ status, headers: { "retry-after": "7" } })
          const error = yield* Effect.flip(opened(server))
          assert.strictEqual(error.reason._tag, reason)
          assert.strictEqual(error.isRetryable, isRetryable)
          assert.strictEqual(error.retryAfterMs, status === 429 ? 7000 : 0)
          assert.notInclude(`${error.message} ${String(error)} ${JSON.stringify(error)}`, secret)
        })
      )
    }

    it.effect("fails to open if nothing listens at the address", () =>
      Effect.gen(function* () {
        const server = yield* Effect.scoped(serve())
        const error = yield* Effect.flip(opened(server))
        assert.deepStrictEqual(error.reason, { _tag: "Unreachable", code: "ECONNREFUSED" })
        assert.isTrue(error.isRetryable)
      })
    )

    it.effect("fails to open if the upgrade is not answered in time", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        server.ignore(true)
        const opening = yield* Effect.forkChild(Effect.flip(opened(server)), { startImmediately: true })
        yield* TestClock.adjust("6 seconds")
        const error = yield* Fiber.join(opening)
        assert.deepStrictEqual(error.reason, { _tag: "TimedOut", what: "connection", afterMs: 5000 })
      })
    )

    it.effect("fails if the connection breaks, after the events that came before", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        server.play([
          { when: 100, say: { _tag: "Partial", text: "a table" } },
          { when: 200, act: (connection) => connection.drop() }
        ])
        const session = yield* opened(server)
        yield* sendAll(session, audio(300))
        const heard: Array<string> = []
        const error = yield* Effect.flip(
          Stream.runForEach(session.events, (event) => Effect.sync(() => heard.push(plain(event))))
        )
        assert.include(heard, "Partial a table")
        assert.deepStrictEqual(error.reason, { _tag: "Closed", closeCode: 1006 })
        assert.isTrue(error.isRetryable)
        // Later frames are dropped.
        yield* session.send(audio(20)[0]!)
      })
    )

    it.effect("fails if the server neither speaks nor answers a ping", () =>
      Effect.gen(function* () {
        const server = yield* serve({ autoPong: false })
        const session = yield* opened(server)
        const failing = yield* Effect.forkChild(failureOf(session), { startImmediately: true })
        yield* TestClock.adjust("10 seconds")
        yield* TestClock.adjust("10 seconds")
        const error = yield* Fiber.join(failing)
        assert.strictEqual(error.reason._tag, "TimedOut")
      })
    )

    it.effect("fails if a message cannot be read", () =>
      Effect.gen(function* () {
        for (const message of ["{", subject.misshapen]) {
          const server = yield* serve()
          server.play([{ when: 100, send: message }])
          const session = yield* opened(server)
          yield* sendAll(session, audio(200))
          assert.strictEqual((yield* failureOf(session)).reason._tag, "BadAnswer")
        }
      })
    )

    if (subject.refusedKey !== undefined) {
      const { message, reason } = subject.refusedKey
      it.effect(`fails with ${reason} if the provider reports it in a message, and logs nothing of its text`, () => {
        const lines: Array<string> = []
        const logger = Logger.make((entry) => void lines.push(JSON.stringify([entry.message, String(entry.cause)])))
        return Effect.gen(function* () {
          const server = yield* serve()
          server.play([{ when: 100, send: message }])
          const session = yield* opened(server)
          yield* sendAll(session, audio(200))
          const error = yield* failureOf(session)
          assert.strictEqual(error.reason._tag, reason)
          yield* Effect.logError(error)
          yield* Effect.logError("failed", error)
          assert.isAbove(lines.length, 0)
          assert.notInclude(lines.join(), "private words")
          assert.notInclude(lines.join(), secret)
        }).pipe(Effect.provide(Logger.layer([logger])), Effect.provideService(References.MinimumLogLevel, "Trace"))
      })
    }

    it.effect("closes its connection with its scope", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        yield* Effect.scoped(opened(server))
        const connection = yield* server.next
        yield* connection.closed
      })
    )

    it.effect("warms up without leaving anything open", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        yield* Effect.flatMap(SpeechToText.SpeechToText, ({ warmUp }) => warmUp).pipe(
          Effect.provide(subject.layer(options(server)))
        )
        yield* (yield* server.next).closed
      })
    )
  })
}
