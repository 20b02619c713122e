import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as AudioFormat from "../../../src/AudioFormat.ts"
import * as Sonic from "../../../src/provider/cartesia/Sonic.ts"
import * as MultiContext from "../../../src/provider/elevenlabs/MultiContext.ts"
import type { SpokenAudio } from "../../../src/SpokenAudio.ts"
import * as TextToSpeech from "../../../src/TextToSpeech.ts"
import { isContinuous, summary } from "../../contract/voice.ts"
import * as CartesiaServer from "../../support/cartesiaServer.ts"
import * as ElevenLabsServer from "../../support/elevenLabsServer.ts"
import * as VoiceServer from "../../support/voiceServer.ts"

const apiKey = Redacted.make("k")
const text = "One two three four five six. "

const alongTime = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    while (fiber.pollUnsafe() === undefined) {
      yield* Effect.promise(() => new Promise((next) => setImmediate(next)))
      yield* TestClock.adjust("20 millis")
    }
    return yield* Fiber.join(fiber)
  })

const speak = (session: TextToSpeech.Session, heard: Array<SpokenAudio> = []) =>
  Effect.scoped(
    Effect.gen(function* () {
      const context = yield* session.context
      yield* context.push(text)
      yield* context.end
      yield* Stream.runForEach(context.audio, (part) => Effect.sync(() => void heard.push(part)))
      return heard
    })
  )
const open = TextToSpeech.TextToSpeech.use(({ open }) => open({}, AudioFormat.pcm16000))

describe("a plan of voices", () => {
  for (const then of ["drop", "fail"] as const) {
    it.effect(`resumes after the last word with the next voice if the first ${then}s in a reply`, () =>
      Effect.gen(function* () {
        const first = yield* VoiceServer.make(CartesiaServer.sonic)
        const second = yield* VoiceServer.make(ElevenLabsServer.multiContext)
        const session = yield* open.pipe(
          Effect.provide(
            TextToSpeech.plan([
              Sonic.layer({ apiKey, baseUrl: first.url, voice: "a" }),
              MultiContext.layer({ apiKey, baseUrl: second.url, voice: "b" })
            ])
          )
        )
        first.behave({ after: 2, then })
        first.refuse({ status: 503 })
        const parts = yield* alongTime(speak(session))
        const { ms, words } = summary(parts)
        assert.deepStrictEqual(
          words.map(({ from, text: word, to }) => [word, text.slice(from, to)]),
          text
            .trim()
            .split(" ")
            .map((word) => [word, word])
        )
        assert.strictEqual(ms, 600)
        assert.isTrue(isContinuous(parts))
        assert.strictEqual(second.texts().trim(), "three four five six.")
        assert.deepStrictEqual(
          words.map(({ start }) => Math.round(start)),
          [0, 100, 200, 300, 400, 500]
        )
      })
    )
  }

  it.effect("reconnects if there is only one voice, and repeats nothing", () =>
    Effect.gen(function* () {
      const server = yield* VoiceServer.make(CartesiaServer.sonic)
      server.behave({ after: 4, then: "drop" })
      const session = yield* open.pipe(
        Effect.provide(TextToSpeech.plan([Sonic.layer({ apiKey, baseUrl: server.url, voice: "a" })]))
      )
      const { words } = summary(yield* alongTime(speak(session)))
      assert.strictEqual(words.map((word) => word.text).join(" "), text.trim())
    })
  )

  it.effect("moves on if no audio arrives within the deadline", () =>
    Effect.gen(function* () {
      const first = yield* VoiceServer.make(CartesiaServer.sonic)
      const second = yield* VoiceServer.make(ElevenLabsServer.multiContext)
      first.behave({ after: 0, then: "stall" })
      const session = yield* open.pipe(
        Effect.provide(
          TextToSpeech.plan(
            [
              Sonic.layer({ apiKey, baseUrl: first.url, voice: "a" }),
              MultiContext.layer({ apiKey, baseUrl: second.url, voice: "b" })
            ],
            { firstAudioDeadline: "1 second" }
          )
        )
      )
      const { words } = summary(yield* alongTime(speak(session)))
      assert.lengthOf(words, 6)
    })
  )

  it.effect("fails if no voice is left", () =>
    Effect.gen(function* () {
      const server = yield* VoiceServer.make(CartesiaServer.sonic)
      server.behave({ after: 0, then: "fail" })
      const session = yield* open.pipe(
        Effect.provide(TextToSpeech.plan([Sonic.layer({ apiKey, baseUrl: server.url, voice: "a" })]))
      )
      assert.strictEqual((yield* alongTime(Effect.flip(speak(session)))).reason._tag, "Unavailable")
    })
  )
})
