import type * as Studio from "@antiphon/console/Studio"
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as AudioFrame from "@antiphon/speech/AudioFrame"
import * as AudioTime from "@antiphon/speech/AudioTime"
import * as SpeechToText from "@antiphon/speech/SpeechToText"
import * as TestVoice from "@antiphon/speech/testing/TestVoice"
import * as TextToSpeech from "@antiphon/speech/TextToSpeech"
import * as TurnDetector from "@antiphon/speech/TurnDetector"
import * as Vad from "@antiphon/speech/Vad"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as FaultyVoice from "../../src/internal/faultyVoice.ts"

const format = AudioFormat.pcm16000

/** Services whose voice speaks at once, and whose recogniser hears a word after each 100 ms. */
const services = Layer.mergeAll(
  Vad.scripted([]),
  SpeechToText.scripted([100, 200].map((at) => ({ at, event: { _tag: "Final" as const, text: `word after ${at}` } }))),
  TestVoice.layer(),
  TurnDetector.TurnDetector.text()
)

/** What is spoken and recognised while a fault is on, as it comes. */
const talk = (fault: Partial<Studio.Faults>) =>
  Effect.gen(function* () {
    let faults: Studio.Faults = { model: "none", tool: "none", ...fault }
    const faulty = FaultyVoice.apply(
      yield* Layer.build(services),
      Effect.sync(() => faults)
    )
    const spoken: Array<string> = []
    const recognised: Array<string> = []
    const voice = yield* Context.get(faulty, TextToSpeech.TextToSpeech).open({}, format)
    const speak = Effect.gen(function* () {
      const context = yield* voice.context
      yield* context.push("Good morning.")
      yield* context.end
      yield* Stream.runForEach(context.audio, ({ words }) =>
        Effect.sync(() => spoken.push(...words.map(({ text }) => text)))
      )
    })
    yield* Effect.forkScoped(speak)
    const { events, send } = yield* Context.get(faulty, SpeechToText.SpeechToText).open(format, {})
    yield* Effect.forkScoped(
      Stream.runForEach(events, (event) =>
        Effect.sync(() => recognised.push("text" in event ? event.text : event._tag))
      )
    )
    yield* send({
      format,
      time: AudioTime.zero,
      bytes: new Uint8Array(AudioFormat.bytesOf(format, 200))
    } satisfies AudioFrame.AudioFrame)
    // Words come by way of several fibers.
    for (let tenth = 0; tenth < 10; tenth++) yield* TestClock.adjust("100 millis")
    return { spoken, recognised, speak, mend: () => (faults = { model: "none", tool: "none" }) }
  })

const words = ["Good", "morning."]
const heard = ["word after 100", "word after 200"]

describe("faults of a voice", () => {
  it.effect("none: speaks and hears at once", () =>
    Effect.gen(function* () {
      const { recognised, spoken } = yield* talk({})
      assert.deepStrictEqual([spoken, recognised], [words, heard])
    })
  )

  it.effect("slow: three seconds late, and in order", () =>
    Effect.gen(function* () {
      const { recognised, spoken } = yield* talk({ voice: "slow", recogniser: "slow" })
      assert.deepStrictEqual([spoken, recognised], [[], []])
      yield* TestClock.adjust("1900 millis")
      assert.deepStrictEqual([spoken, recognised], [[], []])
      yield* TestClock.adjust("200 millis")
      assert.deepStrictEqual([spoken, recognised], [words, heard])
    })
  )

  it.effect("silent: never, until the next reply without the fault", () =>
    Effect.gen(function* () {
      const { mend, recognised, speak, spoken } = yield* talk({ voice: "silent", recogniser: "silent" })
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual([spoken, recognised], [[], []])
      mend()
      yield* speak
      assert.deepStrictEqual(spoken, words)
    })
  )
})
