import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../src/AudioFormat.ts"
import * as SpeechToText from "../src/SpeechToText.ts"
import * as TextToSpeech from "../src/TextToSpeech.ts"
import { isContinuous, summary } from "./contract/voice.ts"

const text = "Hello there, your table is booked. See you at seven then!"

for (const [name, layer] of [
  ["flite", TextToSpeech.flite()],
  ["tones", TextToSpeech.tones()]
] as const) {
  describe(`TextToSpeech.${name}`, () => {
    it.effect("speaks text as it arrives, every word with its time and its place", () =>
      Effect.gen(function* () {
        const session = yield* TextToSpeech.TextToSpeech.use(({ open }) => open({}, AudioFormat.mulaw8000))
        const context = yield* session.context
        yield* Effect.forEach(text.match(/.{1,3}/g) ?? [], context.push)
        yield* context.end
        const parts = [...(yield* Stream.runCollect(context.audio))]
        const { words } = summary(parts)
        assert.deepStrictEqual(
          words.map((word) => word.text),
          text.split(" ")
        )
        assert.deepStrictEqual(
          words.map(({ from, to }) => text.slice(from, to)),
          text.split(" ")
        )
        assert.isTrue(isContinuous(parts))
        assert.isAbove(words.at(-1)!.start, words[0]!.end)
      }).pipe(Effect.provide(layer))
    )

    it.effect("ends at once when cancelled, and synthesises nothing that is not pulled", () =>
      Effect.gen(function* () {
        const session = yield* TextToSpeech.TextToSpeech.use(({ open }) => open({}, AudioFormat.pcm16000))
        const context = yield* session.context
        yield* context.push("One sentence is here already. ".repeat(200))
        const parts: Array<number> = []
        yield* Stream.runForEach(context.audio, ({ audio }) =>
          Effect.suspend(() => (parts.push(audio.time) === 2 ? context.cancel : Effect.void))
        )
        assert.isBelow(parts.length, 10)
      }).pipe(Effect.provide(layer))
    )
  })
}

describe("fromString", () => {
  const none = ConfigProvider.layer(ConfigProvider.fromUnknown({}))
  const failure = (layer: Layer.Layer<never, unknown> | Layer.Layer<unknown, unknown>) =>
    Effect.map(
      Effect.flip(Effect.scoped(Layer.build(Layer.provide(layer as Layer.Layer<unknown, unknown>, none)))),
      String
    )

  it.effect("names the missing environment variable", () =>
    Effect.gen(function* () {
      for (const [name, variable] of [
        ["cartesia/ink-2", "CARTESIA_API_KEY"],
        ["deepgram/nova-3", "DEEPGRAM_API_KEY"],
        ["deepgram/flux-general-en", "DEEPGRAM_API_KEY"],
        ["elevenlabs/scribe_v2_realtime", "ELEVENLABS_API_KEY"],
        ["openai/gpt-4o-mini-transcribe", "OPENAI_API_KEY"],
        ["openai/whisper-1", "OPENAI_API_KEY"],
        ["local/whisper-1", "STT_URL"]
      ] as const) {
        assert.include(yield* failure(SpeechToText.fromString(name)), variable)
      }
      for (const [name, variable] of [
        ["cartesia/sonic-3:v", "CARTESIA_API_KEY"],
        ["deepgram/aura-2-thalia-en", "DEEPGRAM_API_KEY"],
        ["elevenlabs/eleven_flash_v2_5:v", "ELEVENLABS_API_KEY"],
        ["openai/gpt-4o-mini-tts:alloy", "OPENAI_API_KEY"]
      ] as const) {
        assert.include(yield* failure(TextToSpeech.fromString(name)), variable)
      }
    })
  )

  it.effect("lists known providers for an unknown one, and shows a complete name if a part is missing", () =>
    Effect.gen(function* () {
      assert.include(yield* failure(SpeechToText.fromString("nobody/x")), "deepgram")
      assert.include(yield* failure(SpeechToText.fromString("constructor/x")), "known are")
      assert.include(yield* failure(TextToSpeech.fromString("nobody/x")), "cartesia")
      assert.include(yield* failure(SpeechToText.fromString("deepgram")), "deepgram/nova-3")
      assert.include(yield* failure(TextToSpeech.fromString("cartesia/sonic-3")), "cartesia/sonic-3:VOICE")
    })
  )

  it.effect("builds the named provider", () =>
    Effect.gen(function* () {
      const apiKey = Redacted.make("k")
      for (const name of ["cartesia/ink-2", "deepgram/nova-3", "elevenlabs/scribe_v2_realtime", "openai/whisper-1"]) {
        const found = yield* SpeechToText.SpeechToText.use((stt) => Effect.succeed(stt.name)).pipe(
          Effect.provide(SpeechToText.fromString(name, { apiKey }))
        )
        assert.strictEqual(found, name)
      }
      for (const name of ["cartesia/sonic-3:v", "deepgram/aura-2-thalia-en", "openai/tts-1", "flite/rms"]) {
        const found = yield* TextToSpeech.TextToSpeech.use((tts) => Effect.succeed(tts.name)).pipe(
          Effect.provide(TextToSpeech.fromString(name, { apiKey }))
        )
        assert.strictEqual(found, name.split(":")[0])
      }
    })
  )
})
