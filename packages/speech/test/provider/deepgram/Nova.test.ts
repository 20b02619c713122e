import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as AudioFormat from "../../../src/AudioFormat.ts"
import * as AudioTime from "../../../src/AudioTime.ts"
import * as SpeechToText from "../../../src/SpeechToText.ts"
import * as RecogniserServer from "../../support/recogniserServer.ts"
import * as Recogniser from "../../contract/recogniser.ts"
import * as Nova from "../../../src/provider/deepgram/Nova.ts"
import * as DeepgramServer from "../../support/deepgramServer.ts"

Recogniser.suite({
  name: "Nova",
  protocol: DeepgramServer.nova,
  layer: Nova.layer,
  capabilities: { turns: false, partials: true, wordTimes: true },
  keyOf: ({ headers }) => headers.authorization,
  tellsStart: true,
  refusedKey: {
    message: { type: "Error", variant: "NET-0001", description: "private words" },
    reason: "Unavailable"
  },
  misshapen: { type: "Results", channel: {} }
})

describe("Nova", () => {
  const opened = (server: RecogniserServer.RecogniserServer, options: Nova.Options = {}) =>
    SpeechToText.SpeechToText.use(({ open }) =>
      open(AudioFormat.pcm16000, { language: "de", keyterms: ["Antiphon"] })
    ).pipe(Effect.provide(Nova.layer({ ...options, apiKey: Redacted.make("k"), baseUrl: server.url })))
  const word = (text: string, start: number, end: number) => ({
    text,
    start: AudioTime.make(start),
    end: AudioTime.make(end)
  })

  it.effect("reports when words were said, in the time of the call, across a gap in the audio", () =>
    Effect.gen(function* () {
      const server = yield* RecogniserServer.make(DeepgramServer.nova)
      const times = [word("One", 100, 200), word("two.", 450, 480)]
      server.play([{ when: 600, say: { _tag: "Final", text: "One two.", words: times } }])
      const session = yield* opened(server)
      // Audio of the call is sent from 5 s on; after 300 ms of it 2 s are left out.
      const late = (ms: number) => AudioTime.make(ms < 300 ? 5000 + ms : 7000 + ms)
      yield* Effect.forEach(Recogniser.audio(600), (frame) => session.send({ ...frame, time: late(frame.time) }))
      const found = yield* Stream.runHead(session.events)
      assert.deepStrictEqual(found._tag === "Some" ? found.value : undefined, {
        _tag: "Final",
        text: "One two.",
        from: AudioTime.make(5100),
        to: AudioTime.make(7480),
        words: [word("One", 5100, 5200), word("two.", 7450, 7480)]
      })
    })
  )

  it.effect("ends turns itself on request, once, even if noise hides the silence", () =>
    Effect.gen(function* () {
      const server = yield* RecogniserServer.make(DeepgramServer.nova)
      server.play([
        { when: 100, say: { _tag: "Partial", text: "A" } },
        { when: 200, say: { _tag: "Final", text: "A table." } },
        { when: 300, say: { _tag: "TurnEnded", text: "" } },
        { when: 400, send: { type: "UtteranceEnd", channel: [0, 1], last_word_end: 1 } }
      ])
      const session = yield* opened(server, { turns: true })
      yield* Effect.forEach(Recogniser.audio(500), session.send)
      yield* session.end
      const events = [...(yield* Stream.runCollect(session.events))].map(Recogniser.plain)
      assert.deepStrictEqual(events, ["SpeechStarted", "Partial A", "Partial A table.", "TurnEnded A table."])
    })
  )

  it.effect("takes back interim words that the final result drops", () =>
    Effect.gen(function* () {
      const server = yield* RecogniserServer.make(DeepgramServer.nova)
      server.play([
        { when: 100, say: { _tag: "Partial", text: "uh" } },
        { when: 200, say: { _tag: "Final", text: "" } }
      ])
      const session = yield* opened(server)
      yield* Effect.forEach(Recogniser.audio(300), session.send)
      const events = yield* Stream.runCollect(Stream.take(session.events, 2))
      assert.deepStrictEqual([...events].map(Recogniser.plain), ["Partial uh", "Partial "])
    })
  )

  it.effect("requests what it needs, finalizes, and keeps a quiet connection alive", () =>
    Effect.gen(function* () {
      const server = yield* RecogniserServer.make(DeepgramServer.nova)
      const session = yield* opened(server, { query: { numerals: true } })
      const { messages, path, query } = yield* server.next
      assert.strictEqual(path, "/v1/listen")
      assert.deepInclude(Object.fromEntries(query), {
        model: "nova-3",
        encoding: "linear16",
        sample_rate: "16000",
        interim_results: "true",
        language: "de",
        keyterm: "Antiphon",
        numerals: "true"
      })
      yield* session.flush
      yield* TestClock.adjust("4 seconds")
      while (messages.length < 2) yield* Effect.promise(() => new Promise((next) => setImmediate(next)))
      assert.deepStrictEqual(messages, [`{"type":"Finalize"}`, `{"type":"KeepAlive"}`])
    })
  )
})
