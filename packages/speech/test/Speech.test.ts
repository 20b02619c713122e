import { assert, describe, it } from "@effect/vitest"
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as Spans from "@antiphon/core/testing/Spans"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../src/AudioFormat.ts"
import * as AudioTime from "../src/AudioTime.ts"
import type { SpokenWord } from "../src/SpokenAudio.ts"
import type * as TestLine from "../src/testing/TestLine.ts"
import * as TestVoice from "../src/testing/TestVoice.ts"
import * as Vad from "../src/Vad.ts"
import * as TextToSpeech from "../src/TextToSpeech.ts"
import * as FloorPolicy from "../src/FloorPolicy.ts"
import type * as Playback from "../src/Playback.ts"
import type * as Speech from "../src/Speech.ts"
import * as SpeechError from "../src/SpeechError.ts"
import { TransportError } from "../src/Transport.ts"
import { final, heardText, partial, play, tags, timesOf, wordsPlayed } from "./support/spokenCall.ts"

const story =
  "Once upon a time there was a king who had three daughters and a horse that could talk about nothing but oats."
const say = (text: string) => Stream.make(Event.sendText(text))
const teller = Agent.make(
  Agent.route({
    CallStarted: () => say(story),
    UserTurnEnded: (event) => say(`You said: ${Event.text(event)}`)
  })
)
const answers = Agent.make(Agent.route({ UserTurnEnded: (event) => say(`You said: ${Event.text(event)}`) }))
const still = { texts: { reprompts: [], goodbye: "" } } satisfies Speech.Options

describe("Speech", () => {
  it.effect("a caller is greeted, speaks, and is answered", () =>
    Effect.gen(function* () {
      const { ending, events, line } = yield* play(teller, {
        length: 14_000,
        speech: [{ fromMs: 7000, toMs: 8000 }],
        words: [final(8100, "A table for two.")]
      })
      assert.deepStrictEqual(ending, Exit.succeed("CallerLeft"))
      assert.deepStrictEqual(heardText(events), [story, "You said: A table for two."])
      assert.deepStrictEqual(
        tags(events).filter((tag) => tag !== "AgentTextSent"),
        [
          "CallStarted",
          "AgentTurnStarted",
          "AgentTurnEnded",
          "UserTurnStarted",
          "UserTurnEnded",
          "AgentTurnStarted",
          "AgentTurnEnded",
          "CallEnded"
        ]
      )
      assert.deepStrictEqual(line.stale, [])
    })
  )

  it.effect("the same call is reproduced event by event and sample by sample", () =>
    Effect.gen(function* () {
      const script = {
        length: 9000,
        speech: [{ fromMs: 2010, toMs: 2900 }],
        words: [partial(2500, "wait"), final(3000, "Wait a moment.")]
      }
      const first = yield* play(teller, script)
      const second = yield* play(teller, script)
      assert.deepStrictEqual(
        second.events.map(([at, event]) => [at, event._tag, Event.text(event)]),
        first.events.map(([at, event]) => [at, event._tag, Event.text(event)])
      )
      assert.deepStrictEqual(second.line.recording(), first.line.recording())
    })
  )

  for (const heard of ["marks", "position", "estimate"] as const satisfies ReadonlyArray<Playback.Report>) {
    for (const [from, messageMs] of [
      [1000, undefined],
      [1337, undefined],
      [2111, undefined],
      [3005, undefined],
      [1000, 40],
      [1337, 40],
      [2111, 40],
      [3020, 40],
      [1000, 100],
      [1337, 100],
      [2111, 100],
      [3020, 100]
    ] as const) {
      const line = messageMs === undefined ? heard : `${heard}, ${messageMs} ms at a time`
      it.effect(`${line}: a caller who cuts in at ${from} ms has heard what the line played, to the word`, () =>
        Effect.gen(function* () {
          const { events, line } = yield* play(teller, {
            heard,
            messageMs,
            length: from + 900,
            speech: [{ fromMs: from, toMs: from + 2000 }],
            words: [partial(from + 300, "no")]
          })
          assert.strictEqual(heardText(events)[0], wordsPlayed(line, story))
          assert.isAtLeast(line.clears.length, 1)
          assert.isAtMost(line.clears[0]!.at - from, 130)
          assert.deepStrictEqual(line.stale, [])
          assert.include(tags(events), "UserTurnStarted")
        })
      )
    }
  }

  for (const from of [1111, 1700, 2480]) {
    it.effect(`with a page that rarely reports progress, what was heard until ${from} ms is known to the word`, () =>
      Effect.gen(function* () {
        const { events, line } = yield* play(teller, {
          heard: "position",
          reportEvery: "700 millis",
          length: from + 900,
          speech: [{ fromMs: from, toMs: from + 2000 }],
          words: [partial(from + 300, "no")]
        })
        assert.strictEqual(heardText(events).join(" "), wordsPlayed(line, story))
      })
    )
  }

  for (const at of [1111, 1700, 2480]) {
    it.effect(`words a page reports as played after a key at ${at} ms interrupted the agent count as heard`, () =>
      Effect.gen(function* () {
        const { events, line } = yield* play(teller, {
          heard: "position",
          reportEvery: "700 millis",
          length: at + 900,
          acts: [{ at, incoming: { _tag: "Dtmf", button: "5" } }]
        })
        assert.isAbove(line.clears.length, 0)
        assert.strictEqual(heardText(events).join(" "), wordsPlayed(line, story))
      })
    )
  }

  for (const heard of ["marks", "position", "estimate"] as const satisfies ReadonlyArray<Playback.Report>) {
    for (const [from, before, starvedMs] of [
      [1380, 0, 300],
      [1120, 0, 300],
      [1160, 40, 300],
      [1111, 0, 700],
      [2480, 200, 700]
    ] as const) {
      it.effect(
        `${heard}: a process starved for ${starvedMs} ms while a caller cuts in at ${from} ms knows every word`,
        () =>
          Effect.gen(function* () {
            const { events, line } = yield* play(teller, {
              heard,
              messageMs: 40,
              length: from + 1500,
              starved: { from: from - before, to: from - before + starvedMs },
              speech: [{ fromMs: from, toMs: from + 2000 }],
              words: [partial(from + 300, "no")]
            })
            assert.isAtLeast(line.clears.length, 1)
            assert.strictEqual(heardText(events).join(" "), wordsPlayed(line, story))
          })
      )
    }
  }

  type Session = Effect.Success<ReturnType<TextToSpeech.TextToSpeech["Service"]["open"]>>
  type Audio = Effect.Success<Session["context"]>["audio"]
  /** The voice of the tests, whose audio is changed. */
  const changed = (change: (audio: Audio) => Audio, capabilities?: TextToSpeech.Capabilities) =>
    Layer.effect(
      TextToSpeech.TextToSpeech,
      Effect.gen(function* () {
        const tones = yield* Effect.provide(TextToSpeech.TextToSpeech, TestVoice.layer())
        const open: (typeof tones)["open"] = (voice, format) =>
          Effect.map(tones.open(voice, format), (session) => ({
            ...session,
            context: Effect.map(session.context, (context) => ({ ...context, audio: change(context.audio) }))
          }))
        return { ...tones, capabilities: capabilities ?? tones.capabilities, open }
      })
    )
  /** The same with words of its own instead of each word. */
  const voiceOf = (wordsOf: (word: SpokenWord, index: number) => ReadonlyArray<SpokenWord>, wordTimes = true) =>
    changed(
      (audio) =>
        audio.pipe(
          Stream.zipWithIndex,
          Stream.map(([part, index]) => ({ ...part, words: part.words.flatMap((word) => wordsOf(word, index)) }))
        ),
      { wordTimes }
    )
  const unplaced = ({ end, start, text }: SpokenWord): SpokenWord => ({ text, start, end })

  it.effect("what a voice without word times has said is known by its pace, and at its end entirely", () =>
    Effect.gen(function* () {
      for (const wordTimes of [false, true]) {
        const tts = voiceOf(() => [], wordTimes)
        const whole = yield* play(teller, { length: 9000, tts, options: still })
        assert.deepStrictEqual(heardText(whole.events), [story])
        const { events, line } = yield* play(teller, {
          length: 3900,
          tts,
          speech: [{ fromMs: 3000, toMs: 5000 }],
          words: [partial(3300, "no")]
        })
        const [heard, truth] = [heardText(events).join(" "), wordsPlayed(line, story)]
        assert.isTrue(story.startsWith(heard))
        assert.isAtMost(Math.abs(heard.split(" ").length - truth.split(" ").length), 3, `${heard} | ${truth}`)
      }
    })
  )

  it.effect("words out of order, or said differently, never count before they were heard", () =>
    Effect.gen(function* () {
      // Each word is told with the one before it, and later ones first; every fifth is said differently.
      let before: SpokenWord | undefined
      const tts = voiceOf((word, index) => {
        const own = index % 5 === 4 ? { ...unplaced(word), text: "uh" } : unplaced(word)
        const told = before === undefined ? [own] : [own, before]
        before = index % 2 === 0 ? own : undefined
        return index % 2 === 0 ? [] : told
      })
      for (const from of [1111, 1700, 2480]) {
        before = undefined
        const { events, line } = yield* play(teller, {
          length: from + 900,
          tts,
          speech: [{ fromMs: from, toMs: from + 2000 }],
          words: [partial(from + 300, "no")]
        })
        const heard = heardText(events).join(" ")
        assert.isTrue(wordsPlayed(line, story).startsWith(heard), heard)
        assert.isAtLeast(heard.split(" ").length, wordsPlayed(line, story).split(" ").length - 2)
      }
    })
  )

  it.effect("a voice may give its audio in parts of any size, also none and half a sample", () =>
    Effect.gen(function* () {
      const tts = changed((audio) =>
        Stream.flatMap(audio, (part) => {
          const { bytes } = part.audio
          const sizes = [0, 1, 0, 333, 2, bytes.length]
          let at = 0
          return Stream.fromIterable(
            sizes.map((size, index) => {
              const own = bytes.subarray(at, at + size)
              at += own.length
              return { audio: { ...part.audio, bytes: own }, words: index === 0 ? part.words : [] }
            })
          )
        })
      )
      const { events, line } = yield* play(teller, { length: 9000, tts, options: still })
      assert.deepStrictEqual(heardText(events), [story])
      assert.strictEqual(wordsPlayed(line, story), story)
    })
  )

  it.effect("a voice that ends a reply and has said nothing is tried again, and its text does not count as heard", () =>
    Effect.gen(function* () {
      let contexts = 0
      const silent = (most: number) =>
        Layer.effect(
          TextToSpeech.TextToSpeech,
          Effect.gen(function* () {
            const tones = yield* Effect.provide(TextToSpeech.TextToSpeech, TestVoice.layer())
            const open: (typeof tones)["open"] = (voice, format) =>
              Effect.map(tones.open(voice, format), (session) => ({
                ...session,
                context: Effect.map(session.context, (context) =>
                  contexts++ < most ? { ...context, audio: Stream.filter(context.audio, () => false) } : context
                )
              }))
            return { ...tones, open }
          })
        )
      const again = yield* play(teller, { length: 9000, tts: silent(2), options: still })
      assert.deepStrictEqual(heardText(again.events), [story])
      contexts = 0
      const never = yield* play(teller, { length: 9000, tts: silent(99), options: still })
      assert.deepStrictEqual(heardText(never.events), [])
      assert.strictEqual(wordsPlayed(never.line, story), "")
    })
  )

  for (const [endpointing, flushes] of [
    ["silence", 2],
    ["stt", 0],
    ["push", 1]
  ] as const) {
    it.effect(
      `a recogniser is asked for its words where a turn may be over: ${flushes} times with ${endpointing}`,
      () =>
        Effect.gen(function* () {
          let flushed = 0
          yield* play(answers, {
            length: 6000,
            speech: [
              { fromMs: 1000, toMs: 1500 },
              { fromMs: 1900, toMs: 2400 }
            ],
            acts: [
              { at: 900, incoming: { _tag: "Talk", isPressed: true } },
              { at: 2500, incoming: { _tag: "Talk", isPressed: false } }
            ].filter(() => endpointing === "push") as ReadonlyArray<TestLine.Act>,
            words: [final(2450, "A table for two.")],
            flushed: () => flushed++,
            options: { ...still, policy: { ...FloorPolicy.telephone, endpointing } }
          })
          assert.strictEqual(flushed, flushes)
        })
    )
  }

  it.effect("a cough pauses the agent, which resumes in place: no turn, no word lost or repeated", () =>
    Effect.gen(function* () {
      const { events, line } = yield* play(teller, {
        heard: "position",
        length: 9000,
        speech: [{ fromMs: 2000, toMs: 2150 }]
      })
      assert.strictEqual(wordsPlayed(line, story), story)
      assert.deepStrictEqual(heardText(events), [story])
      assert.notInclude(tags(events), "UserTurnStarted")
    })
  )

  it.effect("a backchannel word does not take the floor", () =>
    Effect.gen(function* () {
      const { events } = yield* play(teller, {
        heard: "position",
        length: 9000,
        speech: [{ fromMs: 2000, toMs: 2400 }],
        words: [partial(2400, "uh huh"), final(2500, "Uh huh.")]
      })
      assert.deepStrictEqual(heardText(events), [story])
      assert.notInclude(tags(events), "UserTurnStarted")
    })
  )

  it.effect("a cough in the silence runs no turn", () =>
    Effect.gen(function* () {
      const { events } = yield* play(answers, { length: 6000, speech: [{ fromMs: 1000, toMs: 1200 }], options: still })
      assert.deepStrictEqual(tags(events), ["CallStarted", "UserTurnStarted", "UserTurnAbandoned", "CallEnded"])
    })
  )

  it.effect("words after the end of a turn, but before its answer is heard, belong to it: one turn, one answer", () =>
    Effect.gen(function* () {
      const { events, line } = yield* play(answers, {
        length: 9000,
        voice: { delay: "400 millis" },
        speech: [
          { fromMs: 1000, toMs: 2000 },
          { fromMs: 2620, toMs: 3200 }
        ],
        words: [final(2100, "A table for two."), final(3300, "And a chair.")],
        options: still
      })
      const ends = events.flatMap(([, event]) => (event._tag === "UserTurnEnded" ? [Event.text(event)] : []))
      assert.deepStrictEqual(ends, ["A table for two.", "A table for two. And a chair."])
      assert.notInclude(tags(events), "UserTurnAbandoned")
      assert.deepStrictEqual(heardText(events), ["You said: A table for two. And a chair."])
      assert.strictEqual(wordsPlayed(line, "You said: A table for two. And a chair."), heardText(events)[0])
    })
  )

  it.effect("the words of a turn are shown as final once, whether or not its end was first tentative", () =>
    Effect.gen(function* () {
      for (const speculations of [0, 3]) {
        const { line } = yield* play(answers, {
          length: 6000,
          speech: [{ fromMs: 1000, toMs: 2000 }],
          words: [partial(1500, "a table"), final(2050, "A table for two.")],
          options: { ...still, policy: { ...FloorPolicy.telephone, speculations } }
        })
        const shown = line.shown.flatMap((each) => (each._tag === "Transcript" && each.isFinal ? [each.text] : []))
        assert.deepStrictEqual(shown, ["A table for two."])
      }
    })
  )

  it.effect("a draft that the caller speaks over is never heard", () =>
    Effect.gen(function* () {
      const { events, line } = yield* play(answers, {
        length: 9000,
        speech: [
          { fromMs: 1000, toMs: 2000 },
          { fromMs: 2300, toMs: 3200 }
        ],
        words: [final(1900, "I would like a table."), final(3300, "For two.")],
        options: still
      })
      assert.strictEqual(timesOf(events, "UserTurnStarted").length, 1)
      assert.strictEqual(timesOf(events, "UserTurnEnded").length, 2)
      assert.deepStrictEqual(heardText(events), ["You said: I would like a table. For two."])
      assert.strictEqual(wordsPlayed(line, "You said: I would like a table. For two."), heardText(events)[0])
    })
  )

  it.effect("a silent caller is asked, asked again, and the call ends after the last words", () =>
    Effect.gen(function* () {
      const { ending, events, line } = yield* play(answers, {
        length: 60_000,
        options: { texts: { reprompts: ["Are you there?"], goodbye: "Goodbye then." } }
      })
      assert.deepStrictEqual(ending, Exit.succeed("Silence"))
      assert.deepStrictEqual(heardText(events), ["Are you there?", "Are you there?", "Goodbye then."])
      assert.deepStrictEqual(
        line.orders.map(({ order, text }) => [order, text]),
        [["hangUp", "silence"]]
      )
      assert.isAbove(line.orders[0]!.at, timesOf(events, "AgentTextSent").at(-1)! - 1)
    })
  )

  it.effect("nobody is asked while a tool runs", () =>
    Effect.gen(function* () {
      const busy = Agent.make(
        Agent.route({
          CallStarted: () =>
            Stream.concat(
              Stream.fromIterable<Event.Output>([
                { _tag: "AgentToolCalled", toolCallId: "1", toolName: "look", toolArgs: {} }
              ]),
              Stream.drain(Stream.fromEffect(Effect.sleep("30 seconds")))
            )
        })
      )
      const { events } = yield* play(busy, { length: 25_000 })
      assert.notInclude(tags(events), "UserSilent")
    })
  )

  it.effect("nobody is asked while background work runs", () =>
    Effect.gen(function* () {
      const busy = Agent.make(
        Agent.route({
          CallStarted: (_event, turn) =>
            Stream.drain(Stream.fromEffect(turn.background("look", Effect.sleep("30 seconds"))))
        })
      )
      const { events } = yield* play(busy, { length: 25_000 })
      assert.notInclude(tags(events), "UserSilent")
    })
  )

  it.effect("text sent by a turn after it was cut is not spoken, even if the turn was not cancelled", () =>
    Effect.gen(function* () {
      const stubborn = Agent.make(
        Agent.route({
          CallStarted: () => Stream.concat(say(story), Stream.concat(pause("4 seconds"), say("Late words.")))
        }),
        { run: ["CallStarted"], cancel: [] }
      )
      const { events, line } = yield* play(stubborn, {
        heard: "position",
        length: 9000,
        speech: [{ fromMs: 1000, toMs: 1800 }],
        words: [partial(1300, "no")],
        options: still
      })
      assert.deepStrictEqual(heardText(events), [wordsPlayed(line, story)])
      assert.isBelow(line.recording().length, AudioFormat.bytesOf(AudioFormat.pcm16000, 1200))
    })
  )

  it.effect("a typed word takes the floor, whatever it would mean if spoken", () =>
    Effect.gen(function* () {
      const { events } = yield* play(teller, {
        heard: "position",
        length: 5000,
        acts: [{ at: 1500, incoming: { _tag: "Text", text: "okay" } }],
        options: still
      })
      assert.strictEqual(heardText(events)[1], "You said: okay")
    })
  )

  it.effect("an answer that comes while a filler is said follows it", () =>
    Effect.gen(function* () {
      const filler = "Let me see what I can find for you in here because there is a lot of it and it takes time."
      const slow = Agent.make(
        Agent.route({ UserTurnEnded: () => Stream.concat(pause("3 seconds"), say("Here it is at last.")) })
      )
      const { events, line } = yield* play(slow, {
        heard: "position",
        length: 12_000,
        speech: [{ fromMs: 1000, toMs: 2000 }],
        words: [final(2100, "A table for two.")],
        options: { texts: { reprompts: [], goodbye: "", fillers: [filler] }, budget: "1 second" }
      })
      assert.deepStrictEqual(heardText(events), [filler, "Here it is at last."])
      assert.strictEqual(wordsPlayed(line, `${filler} Here it is at last.`), `${filler} Here it is at last.`)
    })
  )

  it.effect("the echo of its own voice does not interrupt the agent, and a caller's words do", () =>
    Effect.gen(function* () {
      const script = { heard: "position", echoFree: false, length: 8000, options: still } as const
      const echo = yield* play(teller, {
        ...script,
        speech: [{ fromMs: 1500, toMs: 2000 }],
        words: [partial(1900, "time there was"), final(2100, "Time there was.")]
      })
      assert.notInclude(tags(echo.events), "UserTurnStarted")
      const real = yield* play(teller, {
        ...script,
        speech: [{ fromMs: 1500, toMs: 2000 }],
        words: [partial(1900, "stop that please"), final(2100, "Stop that please.")]
      })
      assert.include(tags(real.events), "UserTurnStarted")
    })
  )

  it.effect("a key interrupts the agent, and is reported", () =>
    Effect.gen(function* () {
      const { events, line } = yield* play(teller, {
        heard: "position",
        length: 4000,
        acts: [{ at: 1500, incoming: { _tag: "Dtmf", button: "5" } }]
      })
      assert.include(tags(events), "UserDtmfSent")
      assert.strictEqual(heardText(events)[0], wordsPlayed(line, story))
      assert.isBelow(line.recording().length, AudioFormat.bytesOf(AudioFormat.pcm16000, 1600))
    })
  )

  it.effect("a turn cancelled by a key speaks no further", () =>
    Effect.gen(function* () {
      const agent = Agent.make(Agent.route({ CallStarted: () => Stream.concat(say(story), pause("4 seconds")) }), {
        cancel: ["UserDtmfSent"]
      })
      const { events, line } = yield* play(agent, {
        heard: "position",
        length: 5000,
        acts: [{ at: 1500, incoming: { _tag: "Dtmf", button: "5" } }],
        options: { ...still, policy: { ...FloorPolicy.telephone, keysCut: false } }
      })
      assert.strictEqual(heardText(events)[0], wordsPlayed(line, story))
      assert.isBelow(line.recording().length, AudioFormat.bytesOf(AudioFormat.pcm16000, 1600))
      assert.deepStrictEqual(line.stale, [])
    })
  )

  it.effect("a caller who leaves while the agent is being created leaves nothing behind", () =>
    Effect.gen(function* () {
      const slow = () => Effect.delay(Effect.succeed(teller), "1 minute")
      const { ending, events } = yield* play(slow, { length: 1000 })
      assert.deepStrictEqual(ending, Exit.succeed("CallerLeft"))
      assert.deepStrictEqual(events, [])
    })
  )

  it.effect("reports who has answered", () =>
    Effect.gen(function* () {
      const { events } = yield* play(answers, {
        length: 1000,
        acts: [{ at: 100, incoming: { _tag: "Answered", by: "Machine" } }]
      })
      const custom = events.find(([, event]) => event._tag === "UserCustomSent")?.[1] as Event.UserCustomSent
      assert.deepStrictEqual(custom.metadata, { event: "answered", by: "machine" })
    })
  )

  it.effect("speech to a caller on hold waits, and nobody asks whether they are there", () =>
    Effect.gen(function* () {
      const story = "One two three four five six seven eight nine ten."
      const { events, line } = yield* play(
        Agent.make(Agent.route({ CallStarted: () => Stream.make(Event.sendText(story)) })),
        {
          length: 30_000,
          acts: [
            { at: 1000, incoming: { _tag: "Held", isHeld: true } },
            { at: 25_000, incoming: { _tag: "Held", isHeld: false } }
          ]
        }
      )
      assert.deepStrictEqual(heardText(events), [story])
      assert.deepStrictEqual(
        line.played.filter(({ at }) => at > 1000 && at < 25_000),
        []
      )
      assert.lengthOf(line.stale, 0)
      const spokenBytes = line.played.reduce((sum, { bytes }) => sum + bytes.length, 0)
      assert.isAtMost(spokenBytes, AudioFormat.bytesOf(AudioFormat.pcm16000, 10 * 250 + 250))
    })
  )

  const leaver = (interruptible?: boolean) =>
    Agent.make(
      Agent.route({
        CallStarted: () =>
          Stream.fromIterable<Event.Output>([
            Event.sendText("Thank you for calling us today and goodbye."),
            Event.endCall(interruptible === undefined ? {} : { interruptible })
          ])
      })
    )

  it.effect("a hang-up waits until the goodbye was heard", () =>
    Effect.gen(function* () {
      const { ending, events, line } = yield* play(leaver(), { length: 20_000 })
      assert.deepStrictEqual(ending, Exit.succeed("AgentEnded"))
      assert.deepStrictEqual(heardText(events), ["Thank you for calling us today and goodbye."])
      assert.isAtLeast(line.orders[0]!.at, 2000)
      assert.isAtMost(line.orders[0]!.at, 2200)
    })
  )

  it.effect("a hang-up whose words were cut off is dropped", () =>
    Effect.gen(function* () {
      const { ending, line } = yield* play(leaver(), {
        length: 6000,
        speech: [{ fromMs: 700, toMs: 1600 }],
        words: [partial(1000, "no wait")],
        options: still
      })
      assert.deepStrictEqual(ending, Exit.succeed("CallerLeft"))
      assert.deepStrictEqual(line.orders, [])
    })
  )

  it.effect("a transfer and keys wait for the words before them", () =>
    Effect.gen(function* () {
      const agent = Agent.make(
        Agent.route({
          CallStarted: () =>
            Stream.make<ReadonlyArray<Event.Output>>(
              Event.sendText("One moment please."),
              Event.sendDtmf("7"),
              Event.transferCall("+15551234567")
            )
        })
      )
      const { events, line } = yield* play(agent, {
        length: 4000,
        acts: [
          {
            at: 3000,
            incoming: { _tag: "Transferred", outcome: "NoAnswer", targetPhoneNumber: "+15551234567" }
          }
        ]
      })
      assert.deepStrictEqual(
        line.orders.map(({ order }) => order),
        ["dtmf", "transfer"]
      )
      assert.isAtLeast(line.orders[0]!.at, 700)
      const custom = events.find(([, event]) => event._tag === "UserCustomSent")?.[1] as Event.UserCustomSent
      assert.deepStrictEqual(custom.metadata, {
        event: "transfer",
        outcome: "no_answer",
        target_phone_number: "+15551234567"
      })
      assert.include(tags(events), "AgentDtmfSent")
    })
  )

  it.effect("typed words end their turn at once, and never count as backchannel", () =>
    Effect.gen(function* () {
      const { events } = yield* play(answers, {
        length: 4000,
        acts: [{ at: 1000, incoming: { _tag: "Text", text: "okay" } }],
        options: still
      })
      assert.deepStrictEqual(heardText(events), ["You said: okay"])
      assert.isAtMost(timesOf(events, "UserTurnEnded")[0]!, 1200)
    })
  )

  it.effect("uninterruptible speech is heard to its end", () =>
    Effect.gen(function* () {
      const notice = "This call is recorded for training."
      const agent = Agent.make(
        Agent.route({ CallStarted: () => Stream.make(Event.sendText(notice, { interruptible: false })) })
      )
      const { events, line } = yield* play(agent, {
        heard: "position",
        length: 4000,
        speech: [{ fromMs: 500, toMs: 1500 }],
        words: [partial(800, "wait please"), final(1600, "Wait please.")]
      })
      assert.strictEqual(wordsPlayed(line, notice), notice)
      assert.include(heardText(events).join(" "), notice)
    })
  )

  it.effect("words sent when their turn is over are spoken, and later words follow them", () =>
    Effect.gen(function* () {
      let turns = 0
      const slow = Agent.make(
        Agent.route({
          // The first turn ends without a word, and the filler follows it.
          UserTurnEnded: (event) => (++turns === 1 ? Stream.empty : say(`You said: ${Event.text(event)}`))
        }),
        { answerDeadline: "1 second", holding: "One moment." }
      )
      const { events } = yield* play(slow, {
        length: 12_000,
        speech: [
          { fromMs: 1000, toMs: 2000 },
          { fromMs: 6000, toMs: 7000 }
        ],
        words: [final(2100, "A table for two."), final(7100, "Are you there?")],
        options: still
      })
      assert.deepStrictEqual(heardText(events), ["One moment.", "You said: Are you there?"])
    })
  )

  it.effect("interrupted words do not count as heard because of uninterruptible words behind them", () =>
    Effect.gen(function* () {
      const both = Agent.make(
        Agent.route({
          CallStarted: () =>
            Stream.make(
              Event.sendText("We have many offers for you today. "),
              Event.sendText("This call is recorded.", { interruptible: false })
            )
        })
      )
      const { events, line } = yield* play(both, {
        length: 6000,
        speech: [{ fromMs: 600, toMs: 2000 }],
        words: [partial(900, "no wait")],
        options: still
      })
      const reports = events.flatMap(([, event]) => (event._tag === "AgentTextSent" ? [event.content] : []))
      assert.include(reports.at(-1), "This call is recorded.")
      assert.notInclude(reports.join(" "), "offers")
      assert.strictEqual(wordsPlayed(line, "We have"), "We have")
    })
  )

  it.effect("the mark-up of a text is not spoken, and counts as heard with the words around it", () =>
    Effect.gen(function* () {
      const agent = Agent.make(Agent.route({ CallStarted: () => say("It costs **$5** today 🙂.") }))
      const { events } = yield* play(agent, { length: 4000 })
      assert.deepStrictEqual(heardText(events), ["It costs **$5** today 🙂."])
    })
  )

  it.effect("a voice that fails resumes after the last word it said", () =>
    Effect.gen(function* () {
      const { events, line } = yield* play(teller, { length: 9000, voice: { breaks: { 1: 5, 2: 3 } } })
      assert.deepStrictEqual(heardText(events), [story])
      assert.strictEqual(wordsPlayed(line, story), story)
    })
  )

  it.effect("a call whose voice has failed for good is ended instead of left silent", () =>
    Effect.gen(function* () {
      const breaks = Object.fromEntries(Array.from({ length: 99 }, (_, index) => [index + 1, 0]))
      const { ending } = yield* play(teller, { length: 60_000, voice: { breaks } })
      assert.deepStrictEqual(ending, Exit.succeed("Mute"))
    })
  )

  it.effect("a recogniser that fails is reopened; if it fails for good, the caller is told and the call ends", () =>
    Effect.gen(function* () {
      const fail = SpeechError.make("scripted", { _tag: "Closed", closeCode: 1006 })
      const { ending, events } = yield* play(answers, {
        length: 60_000,
        words: [{ at: 500, fail }],
        options: { texts: { deaf: "I cannot hear you." } }
      })
      assert.deepStrictEqual(ending, Exit.succeed("Deaf"))
      assert.deepStrictEqual(heardText(events), ["I cannot hear you."])
    })
  )

  it.effect("a line that sends nothing does not stop the agent", () =>
    Effect.gen(function* () {
      const { events } = yield* play(teller, { length: 8000, stalls: [{ from: 500, to: 7000, late: false }] })
      assert.deepStrictEqual(heardText(events), [story])
      assert.isAtMost(timesOf(events, "AgentTurnEnded")[0]!, 5700)
    })
  )

  it.effect("a wall clock that jumps in mid-call changes nothing: the time is that of the audio", () =>
    Effect.gen(function* () {
      const script = {
        length: 14_000,
        speech: [{ fromMs: 7000, toMs: 8000 }],
        words: [final(8100, "A table for two.")]
      }
      const even = yield* play(teller, script)
      for (const jump of [3_600_000, -3_600_000]) {
        const jumped = yield* play(teller, { ...script, jumps: { at: 7500, by: jump } })
        assert.deepStrictEqual(tags(jumped.events), tags(even.events))
        assert.deepStrictEqual(
          jumped.events.map(([at]) => at),
          even.events.map(([at]) => at)
        )
        assert.deepStrictEqual(jumped.line.recording(), even.line.recording())
      }
    })
  )

  it.effect("audio that was held up and arrives in a burst does not set the clock back", () =>
    Effect.gen(function* () {
      const { events } = yield* play(answers, {
        length: 8000,
        stalls: [{ from: 1500, to: 2000, late: true }],
        speech: [{ fromMs: 1000, toMs: 2200 }],
        words: [final(2300, "A table for two.")],
        options: still
      })
      assert.deepStrictEqual(heardText(events), ["You said: A table for two."])
    })
  )

  for (const chunk of [7, 20, 33, 250]) {
    it.effect(`audio may come in chunks of ${chunk} ms, and in any format`, () =>
      Effect.gen(function* () {
        const { events } = yield* play(answers, {
          format: AudioFormat.mulaw8000,
          chunk,
          length: 7000,
          speech: [{ fromMs: 1000, toMs: 2000 }],
          words: [final(2100, "A table for two.")],
          options: still
        })
        assert.deepStrictEqual(heardText(events), ["You said: A table for two."])
      })
    )
  }

  it.effect("a defect of a text filter or a detector ends the call, and the line is hung up", () =>
    Effect.gen(function* () {
      const filter = () => ({
        push: () => {
          throw new Error("a defect of the filter")
        },
        end: () => []
      })
      const { ending, events, line } = yield* play(teller, { length: 9000, options: { filter } })
      assert.isTrue(Exit.hasDies(ending))
      assert.deepStrictEqual(tags(events), ["CallStarted", "CallEnded"])
      assert.deepStrictEqual(
        line.orders.map(({ order, text }) => [order, text]),
        [["hangUp", "failed"]]
      )

      const vad = Layer.succeed(Vad.Vad, {
        name: "broken",
        make: Effect.succeed({
          sampleRateHz: 16000 as const,
          windowSamples: 512,
          probability: () => {
            throw new Error("a defect of the detector")
          },
          reset: () => {}
        })
      })
      const deaf = yield* play(teller, { length: 9000, vad })
      assert.isTrue(Exit.hasDies(deaf.ending))
      assert.include(tags(deaf.events), "CallEnded")
      assert.lengthOf(deaf.line.orders, 1)
    })
  )

  it.effect("a broken line ends the call, and the agent handles the end", () =>
    Effect.gen(function* () {
      const { ending, events } = yield* play(teller, { length: 9000, breaksAt: 1000 })
      assert.isTrue(Exit.isFailure(ending))
      assert.isTrue(Exit.isFailure(ending) && String(ending.cause).includes(TransportError.name))
      assert.strictEqual(tags(events).at(-1), "CallEnded")
    })
  )

  it.effect("a late answer is bridged, and the stage that took the time is reported", () =>
    Effect.gen(function* () {
      const slow = Agent.make(
        Agent.route({ UserTurnEnded: () => Stream.concat(pause("3 seconds"), say("Here it is.")) })
      )
      const told: Array<Speech.TurnTiming> = []
      const spans = Spans.make()
      const playing = play(slow, {
        length: 9000,
        speech: [{ fromMs: 1000, toMs: 2000 }],
        words: [final(2100, "A table for two.")],
        options: {
          texts: { reprompts: [], goodbye: "", fillers: ["One moment."] },
          budget: "1 second",
          measured: (timing) => Effect.sync(() => void told.push(timing))
        }
      })
      const { events } = yield* spans.collect(playing)
      assert.strictEqual(heardText(events).at(-1), "Here it is.")
      assert.include(heardText(events), "One moment.")
      assert.strictEqual(told[0]?.slowest, "firstText")
      assert.isTrue(told[0]?.isLate)
      // The same stages are attributes of a span below the call, in seconds.
      const [answer] = spans.named("answer")
      assert.strictEqual(Option.getOrUndefined(answer!.parent), spans.named("call")[0])
      assert.strictEqual(answer!.attributes.get("antiphon.answer.slowest"), "first_text")
      assert.strictEqual(answer!.attributes.get("antiphon.answer.late"), true)
      const { endOfTurn = 0, firstText = 0 } = told[0]!.ms
      assert.strictEqual(answer!.attributes.get("antiphon.answer.end_of_turn"), endOfTurn / 1000)
      assert.strictEqual(answer!.attributes.get("antiphon.answer.first_text"), firstText / 1000)
    })
  )

  it.effect("words that wait for the end of their clause are spoken if the answer would be late", () =>
    Effect.gen(function* () {
      const halting = Agent.make(
        Agent.route({
          UserTurnEnded: () => Stream.concat(say("Well now let me "), Stream.concat(pause("4 seconds"), say("see.")))
        })
      )
      const { events } = yield* play(halting, {
        length: 9000,
        speech: [{ fromMs: 1000, toMs: 2000 }],
        words: [final(2100, "A table for two.")],
        options: still
      })
      assert.isAtMost(timesOf(events, "AgentTurnStarted")[0]!, 3700)
    })
  )

  it.effect("background sound is heard under the voice and while nobody speaks", () =>
    Effect.gen(function* () {
      const background = Int16Array.from({ length: 1600 }, (_, index) => (index % 2 === 0 ? 100 : -100))
      const { events, line } = yield* play(teller, {
        length: 8000,
        heard: "position",
        options: { ...still, background: { background, gainDb: 0 } }
      })
      assert.deepStrictEqual(heardText(events), [story])
      assert.isAbove(line.recording().length, AudioFormat.bytesOf(AudioFormat.pcm16000, 7500))
    })
  )
})

describe("Speech under faults", () => {
  const timed = (at: number, tag: "Partial" | "Final", text: string, from: number, to: number) => ({
    at,
    event: { _tag: tag, text, from: AudioTime.make(from), to: AudioTime.make(to) } as const
  })
  const ends = (events: ReadonlyArray<readonly [number, Event.Input]>) =>
    events.flatMap(([, event]) => (event._tag === "UserTurnEnded" ? [Event.text(event)] : []))
  const last = (texts: ReadonlyArray<string>) => texts.at(-1)

  it.effect("a recogniser that repeats words, and a partial after its final, are heard once", () =>
    Effect.gen(function* () {
      const { events } = yield* play(answers, {
        length: 9000,
        speech: [{ fromMs: 1000, toMs: 2000 }],
        words: [
          timed(2100, "Final", "A table for two.", 1000, 2000),
          timed(2120, "Partial", "A table for", 1000, 1800),
          timed(2140, "Final", "A table for two.", 1000, 2000)
        ],
        options: still
      })
      assert.strictEqual(last(ends(events)), "A table for two.")
      assert.deepStrictEqual(heardText(events), ["You said: A table for two."])
    })
  )

  it.effect("words told again at once count once, also if the recogniser does not say where they are", () =>
    Effect.gen(function* () {
      const { events } = yield* play(answers, {
        length: 9000,
        speech: [{ fromMs: 1000, toMs: 2000 }],
        words: [
          final(2100, "A table for two."),
          partial(2120, "a table for"),
          final(2140, "A table for two."),
          final(2200, "No."),
          final(2300, "No.")
        ],
        options: still
      })
      assert.strictEqual(last(ends(events)), "A table for two. No. No.")
    })
  )

  it.effect("a caller who says the same again has said it twice", () =>
    Effect.gen(function* () {
      const { events } = yield* play(answers, {
        length: 9000,
        speech: [{ fromMs: 1000, toMs: 3000 }],
        words: [timed(2000, "Final", "No.", 1000, 1300), timed(3100, "Final", "No.", 2500, 2900)],
        options: still
      })
      assert.strictEqual(last(ends(events)), "No. No.")
    })
  )

  it.effect("empty transcripts run no turn, and a recogniser that says nothing changes nothing", () =>
    Effect.gen(function* () {
      const { ending, events } = yield* play(answers, {
        length: 12_000,
        speech: [
          { fromMs: 1000, toMs: 2000 },
          { fromMs: 6000, toMs: 7000 }
        ],
        words: [partial(1500, ""), final(2100, ""), final(2200, "  ")],
        options: still
      })
      assert.deepStrictEqual(ending, Exit.succeed("CallerLeft"))
      assert.deepStrictEqual(ends(events), [])
      assert.strictEqual(timesOf(events, "UserTurnAbandoned").length, 2)
    })
  )

  it.effect("a carrier that returns no marks prevents neither the agent from ending nor the caller's answer", () =>
    Effect.gen(function* () {
      const { events } = yield* play(teller, {
        length: 16_000,
        returnsMarks: false,
        speech: [{ fromMs: 9000, toMs: 9800 }],
        words: [final(9900, "A table for two.")],
        options: still
      })
      assert.strictEqual(heardText(events)[0], story)
      assert.strictEqual(last(ends(events)), "A table for two.")
      assert.include(last(heardText(events)), "You said")
      assert.strictEqual(timesOf(events, "AgentTurnEnded").length, 2)
    })
  )

  it.effect("minutes of silence change nothing, and then the caller is answered at once", () =>
    Effect.gen(function* () {
      const silenceMs = 5 * 60_000
      const { events, line } = yield* play(answers, {
        length: silenceMs + 6000,
        speech: [{ fromMs: silenceMs, toMs: silenceMs + 1000 }],
        words: [final(silenceMs + 1100, "Are you there?")],
        options: { ...still, policy: { ...FloorPolicy.telephone, prompts: 0, leave: false } }
      })
      assert.deepStrictEqual(tags(events).slice(0, 3), ["CallStarted", "UserTurnStarted", "UserTurnEnded"])
      assert.closeTo(timesOf(events, "UserTurnStarted")[0]!, silenceMs + 80, 40)
      assert.isAbove(line.played[0]!.at, silenceMs + 1000)
    })
  )

  it.effect("audio faster than real time follows its own time, and the call continues", () =>
    Effect.gen(function* () {
      const { ending, events } = yield* play(answers, {
        length: 12_000,
        // Everything until then comes in one burst.
        stalls: [{ from: 0, to: 5000, late: true }],
        speech: [{ fromMs: 1000, toMs: 2000 }],
        words: [final(2100, "A table for two.")],
        options: still
      })
      assert.deepStrictEqual(ending, Exit.succeed("CallerLeft"))
      assert.deepStrictEqual(ends(events), ["A table for two."])
      assert.deepStrictEqual(heardText(events), ["You said: A table for two."])
    })
  )
})

const pause = (time: "3 seconds" | "4 seconds") => Stream.drain(Stream.fromEffect(Effect.sleep(time)))
