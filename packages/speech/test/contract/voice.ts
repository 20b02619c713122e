/** The behaviour of every voice behind a WebSocket, tested once for all. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as AudioFormat from "../../src/AudioFormat.ts"
import * as AudioFrame from "../../src/AudioFrame.ts"
import type * as Credentials from "../../src/provider/internal/credentials.ts"
import type * as SpeechError from "../../src/SpeechError.ts"
import type { SpokenAudio } from "../../src/SpokenAudio.ts"
import * as TextToSpeech from "../../src/TextToSpeech.ts"
import type * as SocketServer from "../support/socketServer.ts"
import * as VoiceServer from "../support/voiceServer.ts"

/** An implementation. */
export interface Subject {
  readonly name: string
  readonly protocol: VoiceServer.Protocol
  readonly layer: (options: Credentials.Options) => Layer.Layer<TextToSpeech.TextToSpeech, SpeechError.SpeechError>
  readonly keyOf: (connection: SocketServer.Connection) => string | undefined
}

const secret = "sk-secret-key"

/** All parts of a reply as one. */
export const summary = (parts: ReadonlyArray<SpokenAudio>) => ({
  ms: parts.reduce((sum, { audio }) => sum + AudioFrame.durationMs(audio), 0),
  words: parts.flatMap(({ words }) => words)
})

/** Whether each part begins where the previous one ended. */
export const isContinuous = (parts: ReadonlyArray<SpokenAudio>): boolean => {
  let end = 0
  return parts.every(({ audio }) => {
    const follows = Math.abs(audio.time - end) < 0.1
    end = AudioFrame.end(audio)
    return follows
  })
}

/** Runs the suite. */
export const suite = (subject: Subject): void => {
  const serve = (options?: SocketServer.Options) => VoiceServer.make(subject.protocol, options)
  const opened = (server: SocketServer.SocketServer, format: AudioFormat.AudioFormat = AudioFormat.pcm16000) =>
    Effect.flatMap(TextToSpeech.TextToSpeech, ({ open }) => open({}, format)).pipe(
      Effect.provide(subject.layer({ apiKey: Redacted.make(secret), baseUrl: server.url }))
    )
  const speak = (session: TextToSpeech.Session, pieces: ReadonlyArray<string>) =>
    Effect.scoped(
      Effect.gen(function* () {
        const context = yield* session.context
        yield* Effect.forEach(pieces, context.push)
        yield* context.end
        return [...(yield* Stream.runCollect(context.audio))]
      })
    )

  describe(`${subject.name} as a voice`, () => {
    it.effect("speaks text as it arrives, every word with its time and its place", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        const session = yield* opened(server)
        const text = "Hello there, your table is booked. See you at seven o'clock then!"
        const parts = yield* speak(session, text.match(/.{1,4}/g) ?? [])
        const { ms, words } = summary(parts)
        assert.strictEqual(server.texts().trim(), text)
        assert.deepStrictEqual(
          words.map((word) => word.text),
          text.split(" ")
        )
        assert.deepStrictEqual(
          words.map(({ from, to }) => text.slice(from, to)),
          text.split(" ")
        )
        assert.strictEqual(ms, words.length * VoiceServer.wordMs)
        assert.isTrue(isContinuous(parts))
        let before = 0
        for (const { end, start } of words) {
          assert.isAtLeast(start + 0.001, before)
          assert.isAbove(end, start)
          before = end
        }
        assert.closeTo(before, ms, 1)
        const connection = yield* server.next
        assert.include(subject.keyOf(connection), secret)
      })
    )

    it.effect("speaks in the format of the line", () =>
      Effect.gen(function* () {
        for (const format of [AudioFormat.mulaw8000, AudioFormat.alaw8000, AudioFormat.pcm48000]) {
          const server = yield* serve()
          const session = yield* opened(server, format)
          const parts = yield* speak(session, ["One two three."])
          assert.closeTo(summary(parts).ms, 300, 1)
          assert.isTrue(parts.every(({ audio }) => AudioFormat.equals(audio.format, format)))
        }
      })
    )

    it.effect("speaks one reply after another, each from its own start", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        const session = yield* opened(server)
        for (const text of ["One two.", "Three four five."]) {
          const { words } = summary(yield* speak(session, [text]))
          assert.strictEqual(words.map((word) => word.text).join(" "), text)
          assert.strictEqual(words[0]!.start, 0)
          assert.strictEqual(words[0]!.from, 0)
        }
        assert.lengthOf(server.connections, 1)
      })
    )

    it.effect("says nothing for an empty text", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        const session = yield* opened(server)
        assert.deepStrictEqual(yield* speak(session, []), [])
      })
    )

    it.effect("stops at once when cancelled, and late audio is dropped, then and in the next reply", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        server.behave({ lateWords: 3 })
        const session = yield* opened(server)
        yield* Effect.scoped(
          Effect.gen(function* () {
            const context = yield* session.context
            yield* context.push("One two three four five. ")
            yield* context.flush
            // All of it has arrived, and one part of it is taken.
            const pull = yield* Stream.toPull(context.audio)
            yield* pull
            for (let i = 0; i < 50; i++) yield* Effect.promise(() => new Promise((next) => setImmediate(next)))
            yield* context.cancel
            const more = yield* Effect.exit(pull)
            assert.strictEqual(more._tag, "Failure")
            yield* context.push("More.")
            yield* context.end
          })
        )
        const { ms, words } = summary(yield* speak(session, ["Six seven."]))
        assert.deepStrictEqual(
          words.map((word) => word.text),
          ["Six", "seven."]
        )
        assert.strictEqual(ms, 200)
      })
    )

    it.effect("cancels with its scope", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        const session = yield* opened(server)
        const connection = yield* server.next
        yield* Effect.scoped(
          Effect.gen(function* () {
            const context = yield* session.context
            yield* context.push("One two three. ")
            yield* context.flush
            yield* Stream.runHead(context.audio)
          })
        )
        // The next reply is sent after the cancel.
        yield* speak(session, ["Four."])
        assert.isTrue(server.stopped() === 2 || server.connections.length === 2)
        assert.isAbove(connection.messages.length, 0)
      })
    )

    it.effect("fails if the connection breaks in a reply, after what was spoken, and reconnects for the next", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        server.behave({ after: 2, then: "drop" })
        const session = yield* opened(server)
        const heard: Array<SpokenAudio> = []
        const error = yield* Effect.scoped(
          Effect.gen(function* () {
            const context = yield* session.context
            yield* context.push("One two three four. ")
            yield* context.end
            return yield* Effect.flip(
              Stream.runForEach(context.audio, (part) => Effect.sync(() => void heard.push(part)))
            )
          })
        )
        assert.deepStrictEqual(error.reason, { _tag: "Closed", closeCode: 1006 })
        assert.strictEqual(summary(heard).ms, 200)
        server.behave({})
        const { words } = summary(yield* speak(session, ["Five six."]))
        assert.lengthOf(words, 2)
        assert.lengthOf(server.connections, 2)
      })
    )

    it.effect("fails if the provider says a reply is over and has said nothing of it", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        const session = yield* opened(server)
        server.behave({ after: 0, then: "hush" })
        const error = yield* Effect.flip(speak(session, ["One two three."]))
        assert.strictEqual(error.reason._tag, "BadAnswer")
        assert.isTrue(error.isRetryable)
        server.behave({})
        assert.strictEqual(summary(yield* speak(session, ["One two three."])).ms, 300)
      }).pipe(Effect.scoped)
    )

    it.effect("fails if the provider reports an error, without quoting it", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        server.behave({ after: 1, then: "fail" })
        const session = yield* opened(server)
        const error = yield* Effect.flip(speak(session, ["One two three. "]))
        assert.strictEqual(error.reason._tag, "Unavailable")
        assert.isTrue(error.isRetryable)
        assert.notInclude(`${error.message} ${String(error)} ${JSON.stringify(error)}`, "private words")
      })
    )

    it.effect("fails if the provider stalls", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        server.behave({ after: 1, then: "stall" })
        const session = yield* opened(server)
        const connection = yield* server.next
        const failing = yield* Effect.forkChild(Effect.flip(speak(session, ["One two three. "])), {
          startImmediately: true
        })
        // The text must be under way before time passes.
        while (connection.messages.length < 2) yield* Effect.promise(() => new Promise((next) => setImmediate(next)))
        yield* TestClock.adjust("6 seconds")
        yield* TestClock.adjust("6 seconds")
        const error = yield* Fiber.join(failing)
        assert.deepStrictEqual(error.reason, { _tag: "TimedOut", what: "audio", afterMs: 5000 })
      })
    )

    it.effect("continues after a pause in the text", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        const session = yield* opened(server)
        const context = yield* session.context
        yield* context.push("Let me see. ")
        const pull = yield* Stream.toPull(context.audio)
        const parts: Array<SpokenAudio> = []
        const until = (words: number) =>
          Effect.gen(function* () {
            while (summary(parts).words.length < words) parts.push(...(yield* pull))
          })
        const first = yield* Effect.forkChild(until(3), { startImmediately: true })
        for (let i = 0; i < 5; i++) {
          yield* Effect.promise(() => new Promise((next) => setImmediate(next)))
          yield* TestClock.adjust("1 second")
        }
        yield* Fiber.join(first)
        yield* context.push("Here it is.")
        yield* context.end
        yield* until(6)
        const { words } = summary(parts)
        assert.deepStrictEqual(
          words.map(({ from, text, to }) => [text, from, to]),
          [
            ["Let", 0, 3],
            ["me", 4, 6],
            ["see.", 7, 11],
            ["Here", 12, 16],
            ["it", 17, 19],
            ["is.", 20, 23]
          ]
        )
        assert.closeTo(words[3]!.start, 300, 1)
        assert.isTrue(isContinuous(parts))
      })
    )

    it.effect("does not run far ahead of what is pulled", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        const session = yield* opened(server)
        const context = yield* session.context
        const connection = yield* server.next
        yield* Effect.forEach(Array.from({ length: 40 }), () => context.push("One two three four five six seven. "))
        yield* context.end
        let seen = -1
        while (connection.messages.length !== seen) {
          seen = connection.messages.length
          for (let i = 0; i < 20; i++) yield* Effect.promise(() => new Promise((next) => setImmediate(next)))
        }
        const spoken = server.texts().trim().split(/\s+/).length
        assert.isBelow(spoken, 280)
        const { words } = summary([...(yield* Stream.runCollect(context.audio))])
        assert.lengthOf(words, 280)
      })
    )

    for (const [status, reason] of [
      [401, "Unauthorized"],
      [429, "RateLimited"],
      [503, "Unavailable"]
    ] as const) {
      it.effect(`fails to open with ${reason} if the upgrade is answered with ${status}`, () =>
        Effect.gen(function* () {
          const server = yield* serve()
          server.refuse({ status })
          const error = yield* Effect.flip(opened(server))
          assert.strictEqual(error.reason._tag, reason)
          assert.notInclude(`${error.message} ${JSON.stringify(error)}`, secret)
        })
      )
    }

    it.effect("closes its connection with its scope", () =>
      Effect.gen(function* () {
        const server = yield* serve()
        yield* Effect.scoped(opened(server))
        yield* (yield* server.next).closed
      })
    )
  })
}
