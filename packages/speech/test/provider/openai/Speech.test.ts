import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import type * as Http from "node:http"
import * as AudioFormat from "../../../src/AudioFormat.ts"
import * as Speech from "../../../src/provider/openai/Speech.ts"
import * as TextToSpeech from "../../../src/TextToSpeech.ts"
import { isContinuous, summary } from "../../contract/voice.ts"
import * as HttpServer from "../../support/httpServer.ts"

const turn = Effect.promise(() => new Promise((next) => setImmediate(next)))
const opened = (server: HttpServer.HttpServer, format = AudioFormat.pcm16000) =>
  TextToSpeech.TextToSpeech.use(({ open }) => open({}, format)).pipe(
    Effect.provide(Speech.layer({ apiKey: Redacted.make("sk-secret"), baseUrl: server.url, voice: "marin" }))
  )
const speak = (session: TextToSpeech.Session, text: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const context = yield* session.context
      yield* context.push(text)
      yield* context.end
      return [...(yield* Stream.runCollect(context.audio))]
    })
  )

/** 100 ms per word, in pieces that end within samples. */
const spoken = ({ body }: HttpServer.Request, response: Http.ServerResponse) => {
  const { input } = JSON.parse(body.toString()) as { input: string }
  const bytes = Buffer.alloc(input.trim().split(/\s+/).length * 4800, 7)
  for (let at = 0; at < bytes.length; at += 1777) response.write(bytes.subarray(at, at + 1777))
  response.end()
}

describe("OpenAI's voices", () => {
  it.effect("make one request per clause, and distribute its duration among its words", () =>
    Effect.gen(function* () {
      const server = yield* HttpServer.make(spoken)
      const session = yield* opened(server)
      const text = "Hello there, my friend. How do you do on this fine day?"
      const parts = yield* speak(session, text)
      const { ms, words } = summary(parts)
      assert.closeTo(ms, 1200, 5)
      assert.isTrue(isContinuous(parts))
      assert.deepStrictEqual(
        words.map(({ from, to }) => text.slice(from, to)),
        text.split(" ")
      )
      assert.closeTo(words.at(-1)!.end, ms, 5)
      assert.isAbove(server.requests.length, 1)
      const [request] = server.requests
      assert.strictEqual(request!.path, "/audio/speech")
      assert.strictEqual(request!.headers.authorization, "Bearer sk-secret")
      assert.include(JSON.parse(request!.body.toString()), { voice: "marin", response_format: "pcm" })
    })
  )

  it.effect("abort the request when cancelled, and make no more", () =>
    Effect.gen(function* () {
      const server = yield* HttpServer.make((_, response) => void response.write(Buffer.alloc(4800)))
      const session = yield* opened(server)
      const context = yield* session.context
      yield* context.push("One sentence is here already. Another sentence is here as well. ")
      yield* Stream.runForEach(context.audio, () => context.cancel)
      while (server.abandoned() === 0) yield* turn
      assert.lengthOf(server.requests, 1)
    })
  )

  for (const [status, reason] of [
    [401, "Unauthorized"],
    [429, "RateLimited"],
    [400, "Rejected"],
    [500, "Unavailable"]
  ] as const) {
    it.effect(`fail with ${reason} for the status ${status}, without the text of the response`, () =>
      Effect.gen(function* () {
        const server = yield* HttpServer.make((_, response) => {
          response.writeHead(status, { "retry-after": "3" })
          response.end(JSON.stringify({ error: { code: "some_code", message: "private words sk-secret" } }))
        })
        const error = yield* Effect.flip(Effect.flatMap(opened(server), (session) => speak(session, "Hello.")))
        assert.strictEqual(error.reason._tag, reason)
        assert.strictEqual(error.retryAfterMs, status === 429 ? 3000 : 0)
        assert.include(error.message, "some_code")
        assert.notInclude(`${String(error)} ${JSON.stringify(error)}`, "private words")
      })
    )
  }

  it.effect("fail if the response breaks off or stalls", () =>
    Effect.gen(function* () {
      const broken = yield* HttpServer.make((_, response) => {
        response.write(Buffer.alloc(4800))
        setImmediate(() => response.destroy())
      })
      const error = yield* Effect.flip(Effect.flatMap(opened(broken), (session) => speak(session, "Hello.")))
      assert.isTrue(error.isRetryable)
      const stalled = yield* HttpServer.make((_, response) => void response.write(Buffer.alloc(4800)))
      const session = yield* opened(stalled)
      const failing = yield* Effect.forkChild(Effect.flip(speak(session, "Hello.")), { startImmediately: true })
      while (stalled.requests.length === 0) yield* turn
      for (let i = 0; i < 20 && failing.pollUnsafe() === undefined; i++) {
        for (let j = 0; j < 10; j++) yield* turn
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual((yield* Fiber.join(failing)).reason._tag, "TimedOut")
    })
  )
})
