import { assert, describe, it, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../../src/AudioFormat.ts"
import * as AudioFrame from "../../../src/AudioFrame.ts"
import * as Level from "../../../src/Level.ts"
import * as Pcm from "../../../src/Pcm.ts"
import * as Flite from "../../../src/provider/flite/Flite.ts"
import type * as SpokenAudio from "../../../src/SpokenAudio.ts"
import * as Vad from "../../../src/Vad.ts"
import * as VadWindows from "../../../src/VadWindows.ts"

class Voice extends Context.Service<Voice, Flite.Flite>()("test/Voice") {}

const said = (text: string, options?: Flite.Options) =>
  Voice.use(({ speak }) => Stream.runCollect(speak(text, options)).pipe(Effect.map((parts) => [...parts])))
const wordsOf = (parts: ReadonlyArray<SpokenAudio.SpokenAudio>) => parts.flatMap(({ words }) => words)
const secondsOf = (parts: ReadonlyArray<SpokenAudio.SpokenAudio>) => AudioFrame.end(parts.at(-1)!.audio) / 1000

layer(Layer.effect(Voice, Flite.make))("Flite", (it) => {
  it.effect("speaks clause by clause", () =>
    Effect.gen(function* () {
      const parts = yield* said("Hello there, this is a voice. It sounds like 1999!")
      assert.strictEqual(parts.length, 3)
      let time = 0
      for (const { audio } of parts) {
        assert.closeTo(audio.time, time, 0.1)
        assert.deepStrictEqual(audio.format, AudioFormat.pcm16000)
        time = AudioFrame.end(audio)
      }
      assert.isTrue(time > 3000 && time < 7000, `${time} ms`)
    })
  )

  it.effect("reports when each word is heard, as it was written", () =>
    Effect.gen(function* () {
      const text = "Your table, for 2, is booked \u{1f600} at seven."
      const parts = yield* said(text)
      const words = wordsOf(parts)
      assert.strictEqual(words.map(({ text }) => text).join(" "), text)
      let end = 0
      for (const word of words) {
        assert.isAtLeast(word.start + 1e-6, end)
        assert.isAtLeast(word.end, word.start)
        end = word.end
        if (word.text === "\u{1f600}") assert.strictEqual(word.end, word.start)
        else assert.isTrue(word.end - word.start > 60 && word.end - word.start < 900, word.text)
      }
      const seven = words.at(-1)!
      assert.deepStrictEqual(
        seven.phonemes?.map(({ symbol }) => symbol),
        ["s", "eh", "v", "ax", "n"]
      )
      assert.strictEqual(seven.phonemes?.[0]?.start, seven.start)
      assert.strictEqual(seven.phonemes?.at(-1)?.end, seven.end)
      // The sound ends with the last word.
      const last = parts.at(-1)!.audio
      const after = AudioFrame.slice(last, seven.end, AudioFrame.end(last))
      assert.isBelow(Level.measure(Pcm.decode(after)).rmsDbfs, Level.measure(Pcm.decode(last)).rmsDbfs - 10)
    })
  )

  it.effect("sounds like speech to a voice detector", () =>
    Effect.gen(function* () {
      const [part] = yield* said("Could you tell me your name please.")
      const windows = VadWindows.make(yield* Vad.Vad.use(({ make }) => make), AudioFormat.pcm16000)
      const heard = yield* Effect.fromResult(windows.push(part!.audio))
      assert.isAbove(heard.filter(({ probability }) => probability > 0.5).length, heard.length / 2)
    }).pipe(Effect.provide(Vad.silero))
  )

  it.effect("sounds the same each time, to the sample", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* said("The same again."), yield* said("The same again."))
    })
  )

  for (const voice of Flite.Voice.literals) {
    it.effect(`has the voice ${voice}, in any format`, () =>
      Effect.gen(function* () {
        const usual = yield* said("Good morning.", { voice })
        const phone = yield* said("Good morning.", { voice, format: AudioFormat.mulaw8000 })
        assert.strictEqual(phone[0]!.audio.format, AudioFormat.mulaw8000)
        assert.closeTo(secondsOf(phone), secondsOf(usual), 0.001)
        assert.isAbove(Level.measure(Pcm.decode(phone[0]!.audio)).rmsDbfs, -35)
        assert.deepStrictEqual(wordsOf(phone), wordsOf(usual))
      })
    )
  }

  it.effect("speaks faster and slower, within bounds", () =>
    Effect.gen(function* () {
      const seconds = (speed: number) => Effect.map(said("How do you do today.", { speed }), secondsOf)
      const [slow, usual, fast, beyond] = yield* Effect.all([seconds(0.5), seconds(1), seconds(2), seconds(100)])
      assert.isTrue(slow! > 1.5 * usual! && fast! < 0.75 * usual!, `${slow} ${usual} ${fast}`)
      assert.strictEqual(beyond, fast)
    })
  )

  it.effect("has words but no sound for a text it cannot read", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* said("  "), [])
      const parts = yield* said("\u{1f600} \u4f60\u597d ...")
      assert.strictEqual(secondsOf(parts), 0)
      assert.strictEqual(wordsOf(parts).length, 3)
    })
  )

  for (const [name, text] of [
    ["a word without end", "a".repeat(5000)],
    ["options of a command line", "-o /etc/passwd --help -voice none"],
    ["control characters and quotes", 'a\u0000b \u0007 "c\\" $(d) `e` <f> &amp;'],
    ["punctuation only, between words", "one ,,, ; two :: three ?!"],
    ["numbers, times and money", "1,234.5 7:30 $5.50 20% 3/4 A1 +1-555-0100 x@y.com"]
  ] as const) {
    it.effect(`reads ${name}`, () =>
      Effect.gen(function* () {
        const parts = yield* said(text)
        assert.strictEqual(
          wordsOf(parts)
            .map(({ text }) => text)
            .join(" "),
          text
        )
        assert.isAbove(secondsOf(parts), 0.2)
      })
    )
  }

  it.effect("frees the thread for other voices when cut off, and several take turns", () =>
    Effect.gen(function* () {
      const text = "This is a sentence of some length. ".repeat(40)
      const cut = yield* Effect.forkChild(said(text), { startImmediately: true })
      yield* said("Wait.")
      yield* Fiber.interrupt(cut)
      const texts = ["One.", "Two, three and four.", "Five. Six. Seven."]
      const together = yield* Effect.all(
        texts.map((text) => said(text)),
        { concurrency: "unbounded" }
      )
      const alone = yield* Effect.forEach(texts, (text) => said(text))
      assert.deepStrictEqual(together, alone)
    })
  )
})

describe("Flite", () => {
  it.effect("ends its thread with its scope, and fails pending requests", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const voice = yield* Scope.provide(Flite.make, scope)
      const waiting = yield* Effect.forkChild(Stream.runCollect(voice.speak("Too late. ".repeat(50))), {
        startImmediately: true
      })
      yield* Scope.close(scope, Exit.void)
      const error = yield* Effect.flip(Fiber.join(waiting))
      assert.strictEqual(error.reason, "Exited")
    })
  )
})
