/**
 * The real providers: a voice says a sentence, and a recogniser hears it. Names the skipped ones, and what they lack.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../src/AudioFormat.ts"
import * as AudioFrame from "../src/AudioFrame.ts"
import * as AudioTime from "../src/AudioTime.ts"
import * as SpeechToText from "../src/SpeechToText.ts"
import * as TextToSpeech from "../src/TextToSpeech.ts"

const format = AudioFormat.pcm16000
const sentence = "The table for two is booked at seven."

const spoken = Effect.gen(function* () {
  const session = yield* TextToSpeech.TextToSpeech.use(({ open }) => open({}, format))
  const context = yield* session.context
  yield* context.push(sentence)
  yield* context.end
  return [...(yield* Stream.runCollect(context.audio))]
})

const live = (variables: ReadonlyArray<string>, name: string, test: () => Effect.Effect<void, unknown, never>) => {
  const missing = variables.filter((variable) => !process.env[variable])
  const title = missing.length === 0 ? name : `${name}: skipped, ${missing.join(" and ")} not set`
  ;(missing.length === 0 ? it.live : it.live.skip)(title, () => test(), 60_000)
}

describe("recognisers hear flite", () => {
  for (const [variable, name] of [
    ["CARTESIA_API_KEY", "cartesia/ink-2"],
    ["DEEPGRAM_API_KEY", "deepgram/nova-3"],
    ["DEEPGRAM_API_KEY", "deepgram/flux-general-en"],
    ["ELEVENLABS_API_KEY", "elevenlabs/scribe_v2_realtime"],
    ["OPENAI_API_KEY", "openai/gpt-4o-mini-transcribe"],
    ["OPENAI_API_KEY", "openai/whisper-1"],
    ["STT_URL", "local/whisper-1"]
  ] as const) {
    live([variable], name, () =>
      Effect.gen(function* () {
        const parts = yield* Effect.provide(spoken, TextToSpeech.flite())
        const session = yield* SpeechToText.SpeechToText.use(({ open }) => open(format))
        const all = Buffer.concat([...parts.map(({ audio }) => audio.bytes), Buffer.alloc(32_000 * 3)])
        // In real time, as on a call, because some recognisers accept nothing faster.
        const sending = Effect.forEach(
          Array.from({ length: Math.floor(all.length / 640) }, (_, i) => i),
          (i) => {
            const bytes = all.subarray(i * 640, (i + 1) * 640)
            const frame: AudioFrame.AudioFrame = { format, bytes, time: AudioTime.make(i * 20) }
            return Effect.andThen(session.send(frame), Effect.sleep("20 millis"))
          },
          { discard: true }
        )
        yield* Effect.forkChild(Effect.andThen(Effect.andThen(sending, session.flush), session.end))
        const heard: Array<string> = []
        yield* Stream.runForEach(session.events, (event) =>
          Effect.sync(() => {
            if (event._tag === "Final" || event._tag === "TurnEnded") heard.push(event.text)
          })
        )
        assert.match(heard.join(" "), /table/i)
      }).pipe(Effect.provide(SpeechToText.fromString(name)), Effect.scoped)
    )
  }
})

describe("voices speak", () => {
  for (const [variables, name] of [
    [["CARTESIA_API_KEY", "CARTESIA_VOICE"], `cartesia/sonic-3:${process.env["CARTESIA_VOICE"] ?? ""}`],
    [["DEEPGRAM_API_KEY"], "deepgram/aura-2-thalia-en"],
    [
      ["ELEVENLABS_API_KEY", "ELEVENLABS_VOICE"],
      `elevenlabs/eleven_flash_v2_5:${process.env["ELEVENLABS_VOICE"] ?? ""}`
    ],
    [["OPENAI_API_KEY"], "openai/gpt-4o-mini-tts:alloy"]
  ] as const) {
    live(variables, name, () =>
      Effect.gen(function* () {
        const parts = yield* spoken
        const words = parts.flatMap((part) => part.words)
        const ms = parts.reduce((sum, { audio }) => sum + AudioFrame.durationMs(audio), 0)
        assert.isAbove(ms, 1000)
        assert.include(words.map(({ text }) => text).join(" "), "table")
        assert.isAtMost(words.at(-1)!.end, ms + 500)
      }).pipe(Effect.provide(TextToSpeech.fromString(name)), Effect.scoped)
    )
  }
})
