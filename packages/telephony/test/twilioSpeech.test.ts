/** Voice calls over Twilio's wire in real time: the agent is told exactly what the carrier has played. */
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as Speech from "@antiphon/speech/Speech"
import * as SpeechToText from "@antiphon/speech/SpeechToText"
import * as TestVoice from "@antiphon/speech/testing/TestVoice"
import * as TurnDetector from "@antiphon/speech/TurnDetector"
import * as Vad from "@antiphon/speech/Vad"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import { monitorEventLoopDelay } from "node:perf_hooks"
import * as Twilio from "../src/Twilio.ts"
import { FakeTwilio } from "../src/testing.ts"
import { serve } from "./support/server.ts"

const words = Array.from({ length: 200 }, (_, index) => `word${index}`)
/** Twelve frames of 20 ms; a word counts once its tone is over. */
const wordMs = 240
const wordBytes = wordMs * 8
const toneBytes = (wordMs - 50) * 8

/** How much a carrier may play while a clear is on its way, if the machine keeps up. */
const crossingBytes = 2 * 160

/** The number of words in what was played. */
const wordsIn = (bytes: number) => Math.max(0, Math.floor((bytes - toneBytes) / wordBytes) + 1)

/** The services of a call whose caller says nothing that is recognised. */
const withoutWords = () =>
  Layer.mergeAll(
    Vad.scripted([]),
    SpeechToText.scripted([]),
    TestVoice.layer({ word: wordMs }),
    TurnDetector.TurnDetector.text()
  )

/** A filter that runs the agent on some events, and notes what the caller has heard. */
const noting =
  (heard: Array<string>, ...tags: ReadonlyArray<Event.Input["_tag"]>) =>
  (event: Event.Input): boolean => {
    if (event._tag === "AgentTextSent") heard.push(event.content)
    return tags.includes(event._tag)
  }

describe("Speech over Twilio", () => {
  it.live("a caller who cuts in has heard what the carrier played, to the word, and nothing follows a clear", () =>
    Effect.gen(function* () {
      const twilio = yield* FakeTwilio.make()
      const heard = new Map<string, string>()
      const agent = (callId: string) =>
        Agent.make(() => Stream.make(Event.sendText(words.join(" "))), {
          run: (event) => {
            if (event._tag === "AgentTextSent") heard.set(callId, event.content)
            return event._tag === "CallStarted"
          }
        })
      const services = (onset: number) =>
        Layer.mergeAll(
          Vad.scripted([{ fromMs: onset, toMs: onset + 600 }]),
          SpeechToText.scripted([
            { at: onset + 200, event: { _tag: "Partial", text: "no wait" } },
            { at: onset + 700, event: { _tag: "Final", text: "No, wait." } }
          ]),
          TestVoice.layer({ word: wordMs }),
          TurnDetector.TurnDetector.text()
        )
      let count = 0
      const server = yield* serve(
        Twilio.layer(
          (line) =>
            Effect.provide(Speech.run(agent(line.request.callId), line), services(1500 + ((count++ * 137) % 1000))),
          { account: twilio.account }
        )
      )
      const phones = yield* Effect.forEach(
        Array.from({ length: 8 }, (_, index) => index),
        (index) => Effect.delay(twilio.dial({ url: `${server}/twilio` }), index * 7),
        { concurrency: "unbounded" }
      )
      // The carrier and the server share this process: while it stalls, neither reads what the other has sent.
      const stalls = monitorEventLoopDelay({ resolution: 5 })
      stalls.enable()
      const isCut = Effect.sync(() => phones.every(({ clears }) => clears.length > 0))
      while (!(yield* isCut)) yield* Effect.sleep("20 millis")
      stalls.disable()
      const stalledBytes = Math.ceil(stalls.max / 1_000_000) * 8
      // Time for what must not come.
      yield* Effect.sleep("500 millis")
      for (const phone of phones) {
        const [clear, ...more] = phone.clears
        assert.isDefined(clear)
        assert.lengthOf(more, 0)
        assert.deepStrictEqual(
          phone.came.filter(({ at }) => at > clear.at),
          []
        )
        // A word counts as unheard if its mark and the clear cross on the wire.
        const most = wordsIn(clear.playedBytes)
        const least = wordsIn(clear.playedBytes - crossingBytes - stalledBytes)
        const possible = Array.from({ length: most - least + 1 }, (_, n) => words.slice(0, least + n).join(" "))
        assert.include(possible, heard.get(phone.callSid))
        assert.isAbove(wordsIn(clear.playedBytes), 0)
        assert.deepStrictEqual(phone.nonsense(), [])
      }
    }).pipe(Effect.scoped)
  )

  it.live("two machines that talk to each other stop after so many turns: the agent says goodbye and hangs up", () =>
    Effect.gen(function* () {
      const twilio = yield* FakeTwilio.make()
      const heard: Array<string> = []
      const agent = Agent.make(
        Agent.route({
          CallStarted: () => Stream.make(Event.sendText("Press a key.")),
          UserDtmfSent: ({ button }) => Stream.make(Event.sendText(`You pressed ${button}.`))
        }),
        { run: noting(heard, "CallStarted", "UserDtmfSent") }
      )
      const server = yield* serve(
        Twilio.layer((line) => Effect.provide(Speech.run(agent, line), withoutWords()), {
          account: twilio.account,
          settings: { maxTurns: 2, goodbye: "That was all." }
        })
      )
      const phone = yield* twilio.dial({ url: `${server}/twilio` })
      // The other machine answers everything it hears.
      for (const [index, answer] of ["Press a key.", "You pressed 1.", "You pressed 2."].entries()) {
        while (!heard.includes(answer)) yield* Effect.sleep("20 millis")
        phone.press(`${index + 1}`)
      }
      assert.strictEqual(yield* phone.over, "server")
      assert.include(heard, "That was all.")
      assert.notInclude(heard, "You pressed 3.")
    }).pipe(Effect.scoped)
  )

  it.live("a caller whose transfer failed hears everything the agent has said meanwhile", () =>
    Effect.gen(function* () {
      const target = "+15550009999"
      const twilio = yield* FakeTwilio.make({ numbers: { [target]: "no-answer" }, rings: "1 second" })
      const heard: Array<string> = []
      const agent = Agent.make(
        Agent.route({
          CallStarted: () => Stream.fromIterable([Event.sendText("One moment please."), Event.transferCall(target)]),
          UserCustomSent: ({ metadata: { outcome } }) =>
            Stream.fromIterable([
              Event.sendText(`It was ${String(outcome).replace("_", " ")}, I am sorry.`),
              Event.endCall()
            ])
        }),
        { run: noting(heard, "CallStarted", "UserCustomSent") }
      )
      const server = yield* serve(
        Twilio.layer((line) => Effect.provide(Speech.run(agent, line), withoutWords()), { account: twilio.account })
      )
      const phone = yield* twilio.dial({ url: `${server}/twilio` })
      assert.strictEqual(yield* phone.over, "server")
      assert.strictEqual(wordsIn(phone.recording().length), 10)
      assert.strictEqual(heard.at(-1), "It was no answer, I am sorry.")
      assert.include(heard, "One moment please.")
    }).pipe(Effect.scoped)
  )
})
