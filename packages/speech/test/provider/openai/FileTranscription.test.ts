import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as AudioTime from "../../../src/AudioTime.ts"
import * as AudioFormat from "../../../src/AudioFormat.ts"
import * as FileTranscription from "../../../src/provider/openai/FileTranscription.ts"
import * as SpeechToText from "../../../src/SpeechToText.ts"
import * as Vad from "../../../src/Vad.ts"
import { audio } from "../../contract/recogniser.ts"
import * as HttpServer from "../../support/httpServer.ts"

const speech = Vad.scripted([
  { fromMs: 500, toMs: 1000 },
  { fromMs: 2000, toMs: 2600 }
])
const opened = (server: HttpServer.HttpServer, format = AudioFormat.pcm16000) =>
  SpeechToText.SpeechToText.use(({ open }) => open(format, { language: "de-CH", keyterms: ["Antiphon"] })).pipe(
    Effect.provide(
      FileTranscription.layer({ model: "base" }).pipe(
        Layer.provide(speech),
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ STT_URL: server.url })))
      )
    )
  )

/** The samples of the WAV file in a form. */
const wavOf = ({ body }: HttpServer.Request): Buffer => {
  const at = body.indexOf("RIFF")
  return body.subarray(at, at + 44 + body.readUInt32LE(at + 40))
}

const answers = (...texts: ReadonlyArray<string>) => {
  const left = [...texts]
  return HttpServer.make((_, response) => {
    response.writeHead(200, { "content-type": "application/json" })
    response.end(JSON.stringify({ text: left.shift() }))
  })
}

describe("transcription of whole utterances", () => {
  it.effect("sends each utterance with its first sounds to the server at STT_URL, without a key", () =>
    Effect.gen(function* () {
      const server = yield* answers(" Good morning. ", "A table.")
      const session = yield* opened(server)
      yield* Effect.forEach(audio(3000), session.send)
      yield* session.end
      const events = [...(yield* Stream.runCollect(session.events))]
      assert.deepStrictEqual(events.map((event) => ("text" in event ? event.text : event._tag)).toSorted(), [
        "A table.",
        "Good morning.",
        "SpeechStarted",
        "SpeechStarted"
      ])
      const finals = events.filter((event) => event._tag === "Final")
      assert.closeTo(finals[0]!.from!, 200, 33)
      assert.closeTo(finals[0]!.to!, 1100, 40)
      assert.isAbove(finals[1]!.from!, finals[0]!.to!)
      const [request] = server.requests
      assert.strictEqual(request!.path, "/audio/transcriptions")
      assert.isUndefined(request!.headers.authorization)
      const wav = wavOf(request!)
      assert.strictEqual(wav.readUInt32LE(24), 16000)
      assert.closeTo((wav.length - 44) / 32, finals[0]!.to! - finals[0]!.from!, 1)
      const form = request!.body.toString("latin1")
      for (const part of ["base", "de", "Antiphon"]) assert.include(form, `\r\n\r\n${part}\r\n`)
    })
  )

  it.effect("hears on across gaps in the audio and corrections of its time, and tells times of the call", () =>
    Effect.gen(function* () {
      const server = yield* answers("Good morning.", "A table.")
      const session = yield* opened(server)
      // 300 ms are missing, later two seconds, and then the time is corrected by 40 ms.
      const moved = (time: number) =>
        AudioTime.make(time < 700 ? time : time < 1400 ? time + 300 : time < 1800 ? time + 2300 : time + 2260)
      const frames = audio(2800).map((frame) => ({ ...frame, time: moved(frame.time) }))
      yield* Effect.forEach(frames, session.send)
      yield* session.end
      const finals = [...(yield* Stream.runCollect(session.events))].filter((event) => event._tag === "Final")
      assert.deepStrictEqual(
        finals.map(({ text }) => text),
        ["Good morning.", "A table."]
      )
      assert.closeTo(finals[0]!.from!, 200, 33)
      assert.closeTo(finals[0]!.to!, 1100, 40)
      // The detector hears 300 and 500 ms of silence for the gaps: its 2000th millisecond is the 1200th of the audio.
      assert.isAbove(finals[1]!.from!, moved(1200) - 400)
      assert.isBelow(finals[1]!.to!, moved(2200))
      assert.lengthOf(server.requests, 2)
    })
  )

  it.effect("keeps the words in order even if the second answer is faster, and skips an empty one", () =>
    Effect.gen(function* () {
      let count = 0
      const server = yield* HttpServer.make((_, response) => {
        const text = count++ === 0 ? "" : "second"
        setImmediate(() => response.end(JSON.stringify({ text })))
      })
      const session = yield* opened(server, AudioFormat.mulaw8000)
      yield* Effect.forEach(audio(3000, AudioFormat.mulaw8000), session.send)
      yield* session.end
      const finals = [...(yield* Stream.runCollect(session.events))].filter((event) => event._tag === "Final")
      assert.deepStrictEqual(
        finals.map(({ text }) => text),
        ["second"]
      )
      assert.lengthOf(server.requests, 2)
    })
  )

  it.effect("transcribes what was said so far when it is flushed", () =>
    Effect.gen(function* () {
      const server = yield* answers("first", "rest")
      const session = yield* opened(server)
      yield* Effect.forEach(audio(700), session.send)
      yield* session.flush
      const first = yield* Stream.runHead(Stream.filter(session.events, (event) => event._tag === "Final"))
      assert.strictEqual(first._tag, "Some")
    })
  )

  for (const [status, body, reason] of [
    [429, "{}", "RateLimited"],
    [503, "private words", "Unavailable"],
    [200, "not json", "BadAnswer"],
    [200, `{"no":"text"}`, "BadAnswer"]
  ] as const) {
    it.effect(`fails with ${reason} for the status ${status} and ${body}`, () =>
      Effect.gen(function* () {
        const server = yield* HttpServer.make((_, response) => response.writeHead(status).end(body))
        const session = yield* opened(server)
        yield* Effect.forEach(audio(1500), session.send)
        const error = yield* Effect.flip(Stream.runDrain(session.events))
        assert.strictEqual(error.reason._tag, reason)
        assert.notInclude(`${String(error)} ${JSON.stringify(error)}`, "private words")
      })
    )
  }
})
