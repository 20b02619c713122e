/**
 * A spoken call from end to end without a vendor: flite speaks for the caller and for the agent, and pocketsphinx
 * behind `STT_URL` hears both. Everything is real, including time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as FloorPolicy from "../src/FloorPolicy.ts"
import * as Flite from "../src/provider/flite/Flite.ts"
import * as Speech from "../src/Speech.ts"
import * as SpeechToText from "../src/SpeechToText.ts"
import * as TextToSpeech from "../src/TextToSpeech.ts"
import * as TestLine from "../src/testing/TestLine.ts"
import * as TurnDetector from "../src/TurnDetector.ts"
import * as Vad from "../src/Vad.ts"
import * as Wav from "../src/Wav.ts"
import * as SphinxServer from "./support/sphinxServer.ts"

const name = "flite in, pocketsphinx at STT_URL, flite out"
const missing = "skipped, the machine has no pocketsphinx: apt-get install pocketsphinx pocketsphinx-en-us"

/** A person's words from a time on, as 16-bit samples at 16 kHz. */
const said = (text: string, fromMs: number) =>
  Effect.gen(function* () {
    const flite = yield* Flite.make
    const parts = [...(yield* Stream.runCollect(flite.speak(text, { voice: "awb" })))]
    return Buffer.concat([Buffer.alloc(32 * fromMs), ...parts.map(({ audio }) => audio.bytes)])
  })

describe("A call without a vendor", () => {
  ;(SphinxServer.isThere ? it.live : it.live.skip)(
    SphinxServer.isThere ? name : `${name}: ${missing}`,
    () =>
      Effect.gen(function* () {
        const server = yield* SphinxServer.make
        const heard: Array<string> = []
        const told: Array<string> = []
        const clerk = Agent.make(
          Agent.route({
            UserTurnEnded: (event) => {
              heard.push(Event.text(event))
              return Stream.make(Event.sendText("What time would you like to come on Sunday morning?"))
            },
            CallEnded: (_, { history }) => {
              told.push(...history.events.flatMap((each) => (each._tag === "AgentTextSent" ? [each.content] : [])))
              return Stream.empty
            }
          })
        )
        const audio = yield* said("I would like a table for two people.", 500)
        const line = yield* TestLine.make({ audio, heard: "position" })
        // However long the machine takes to understand and to speak: the caller leaves once they have heard the question.
        const answered = () => line.shown.some((each) => each._tag === "AgentHeard" && each.text.endsWith("morning?"))
        const caller = Effect.gen(function* () {
          while (!answered()) yield* Effect.sleep("20 millis")
        }).pipe(Effect.timeoutOption("70 seconds"), Effect.andThen(Effect.sync(() => line.end())))
        yield* Effect.forkScoped(caller)
        const services = Layer.mergeAll(
          Vad.silero,
          SpeechToText.fromString("local/pocketsphinx", { answerTimeout: "60 seconds" }),
          TextToSpeech.flite("awb"),
          TurnDetector.TurnDetector.text()
        ).pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ STT_URL: server.url }))))
        const policy = { ...FloorPolicy.telephone, partials: false, noTextMs: 80_000, prompts: 0, leave: false }
        const ending = yield* Effect.exit(Effect.provide(Speech.run(clerk, line.transport, { policy }), services))

        assert.deepStrictEqual(ending, Exit.succeed("CallerLeft"))
        assert.strictEqual(heard.length, 1)
        for (const word of ["like", "table", "people"]) assert.include(heard[0], word)
        assert.deepStrictEqual(heard, server.heard)
        assert.match(told.join(" "), /on Sunday morning\?$/)

        // What the caller heard, recognised by somebody who was not told the words.
        const samples = new Int16Array(line.recording().slice().buffer)
        const wav = Wav.encode({ sampleRateHz: 16000, channels: [samples] })
        const again = yield* Effect.promise(() => SphinxServer.recognise(wav))
        for (const word of ["time", "sunday", "morning"]) assert.include(again, word)
      }).pipe(Effect.scoped),
    90_000
  )

  it.live(
    "flite speaks the whole of a reply, and what was heard is known to the word when it is cut",
    () =>
      Effect.gen(function* () {
        const story = "Once upon a time there was a king. He had three daughters and a horse that could talk."
        const texts: Array<string> = []
        const teller = Agent.make(
          Agent.route({
            CallStarted: () => Stream.make(Event.sendText(story)),
            CallEnded: (_, { history }) => {
              texts.push(...history.events.flatMap((each) => (each._tag === "AgentTextSent" ? [each.content] : [])))
              return Stream.empty
            }
          })
        )
        const line = yield* TestLine.make({ heard: "position" })
        // However long the machine takes to speak: the caller presses a key once they have heard enough.
        const caller = Effect.gen(function* () {
          while (line.recording().length < 32 * 1600) yield* Effect.sleep("20 millis")
          line.bring({ _tag: "Dtmf", button: "1" })
          while (line.clears.length === 0) yield* Effect.sleep("20 millis")
          yield* Effect.sleep("500 millis")
          line.end()
        })
        yield* Effect.forkScoped(caller)
        const services = Layer.mergeAll(
          Vad.energy(),
          SpeechToText.scripted([]),
          TextToSpeech.flite(),
          TurnDetector.TurnDetector.text()
        )
        yield* Effect.provide(Speech.run(teller, line.transport), services)
        assert.isAbove(line.clears.length, 0)
        assert.isAbove(line.recording().length, 32 * 1500)
        const heard = texts.join(" ")
        assert.isTrue(story.startsWith(heard), heard)
        assert.isAbove(heard.split(" ").length, 3)
        assert.isBelow(heard.length, story.length)
      }).pipe(Effect.scoped),
    30_000
  )
})
