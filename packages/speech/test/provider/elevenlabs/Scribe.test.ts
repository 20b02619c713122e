import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as AudioFormat from "../../../src/AudioFormat.ts"
import * as AudioTime from "../../../src/AudioTime.ts"
import * as SpeechToText from "../../../src/SpeechToText.ts"
import * as RecogniserServer from "../../support/recogniserServer.ts"
import * as Recogniser from "../../contract/recogniser.ts"
import * as Scribe from "../../../src/provider/elevenlabs/Scribe.ts"
import * as ElevenLabsServer from "../../support/elevenLabsServer.ts"

for (const commit of ["vad", "manual"] as const) {
  Recogniser.suite({
    name: `Scribe (${commit})`,
    protocol: ElevenLabsServer.scribe,
    layer: (options) => Scribe.layer({ ...options, commit }),
    capabilities: { turns: false, partials: true, wordTimes: false },
    keyOf: ({ headers }) => headers["xi-api-key"] as string | undefined,
    tellsStart: false,
    refusedKey: { message: { message_type: "auth_error", error: "private words" }, reason: "Unauthorized" },
    misshapen: { message_type: "committed_transcript", text: null }
  })
}

describe("Scribe", () => {
  const opened = (server: RecogniserServer.RecogniserServer, options: Scribe.Options) =>
    SpeechToText.SpeechToText.use(({ open }) => open(AudioFormat.pcm16000)).pipe(
      Effect.provide(Scribe.layer({ ...options, apiKey: Redacted.make("k"), baseUrl: server.url }))
    )

  it.effect("reports words with times once, although the provider sends them twice", () =>
    Effect.gen(function* () {
      const server = yield* RecogniserServer.make(ElevenLabsServer.scribe)
      const words = [
        { text: "A", start: AudioTime.make(0), end: AudioTime.make(100) },
        { text: "table.", start: AudioTime.make(120), end: AudioTime.make(200) }
      ]
      server.play([{ when: 180, say: { _tag: "Final", text: "A table.", words } }])
      const session = yield* opened(server, { wordTimes: true })
      yield* Effect.forEach(Recogniser.audio(240), session.send)
      yield* Effect.promise(() => new Promise((next) => setImmediate(next)))
      yield* session.end
      const events = [...(yield* Stream.runCollect(session.events))]
      assert.deepStrictEqual(events, [
        { _tag: "Final", text: "A table.", words, from: AudioTime.make(0), to: AudioTime.make(200) }
      ])
    })
  )

  it.effect("fails if a required commit is not answered", () =>
    Effect.gen(function* () {
      const server = yield* RecogniserServer.make(() => ({ ...ElevenLabsServer.scribe(), answer: () => {} }))
      const session = yield* opened(server, { commit: "manual" })
      yield* Effect.forEach(Recogniser.audio(240), session.send)
      yield* session.flush
      const failing = yield* Effect.forkChild(Effect.flip(Stream.runDrain(session.events)), { startImmediately: true })
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual((yield* Fiber.join(failing)).reason, { _tag: "TimedOut", what: "answer", afterMs: 5000 })
    })
  )
})
