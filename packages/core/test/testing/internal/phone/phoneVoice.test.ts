import { assert, describe } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { test } from "../../../virtualTest.ts"
import * as PhoneVoice from "../../../../src/testing/internal/phone/phoneVoice.ts"
import * as World from "../../../../src/testing/internal/time/world.ts"

/** A voice that takes 100 ms per word, and a list of what it did: the time, and the action. */
const make = (options: Partial<PhoneVoice.Options> = {}) =>
  Effect.map(Clock.Clock, (clock) => {
    const world = World.of(clock)!
    const log: Array<string> = []
    const say = (what: string) => log.push(`${world.now} ${what}`)
    const voice = PhoneVoice.make({
      world,
      wordMs: 100,
      firstSoundMs: 0,
      reports: ({ text }) => text,
      report: (report) => say(report._tag === "AgentTextSent" ? report.content : report._tag),
      note: (happening) => {
        if (happening._tag === "Unspoken") say(`not spoken: ${happening.text}`)
      },
      isOver: () => false,
      changed: () => {},
      ...options
    })
    return { voice, log, say }
  })

describe("PhoneVoice", () => {
  test("speaks a text word by word, and ends when no more text comes", function* () {
    const { log, voice } = yield* make()
    voice.say("One two ", 1, true)
    assert.isFalse(voice.isSilent())
    yield* Effect.sleep("1 second")
    assert.deepStrictEqual(log, ["0 AgentTurnStarted", "100 One", "200 two", "200 AgentTurnEnded"])
    assert.isTrue(voice.isSilent())
  })

  test("continues without a gap with text sent at the moment the last word ends", function* () {
    const { log, voice } = yield* make()
    voice.say("One ", 1, true)
    yield* Effect.sleep(100)
    voice.say("two ", 1, true)
    yield* Effect.sleep("1 second")
    assert.deepStrictEqual(log, ["0 AgentTurnStarted", "100 One", "200 two", "200 AgentTurnEnded"])
  })

  test("waits before the first sound of each utterance", function* () {
    const { log, voice } = yield* make({ firstSoundMs: 300 })
    voice.say("One ", 1, true)
    assert.isFalse(voice.speaks())
    assert.isFalse(voice.isSilent())
    yield* Effect.sleep("1 second")
    voice.say("two ", 1, true)
    yield* Effect.sleep("1 second")
    assert.deepStrictEqual(log, [
      "300 AgentTurnStarted",
      "400 One",
      "400 AgentTurnEnded",
      "1300 AgentTurnStarted",
      "1400 two",
      "1400 AgentTurnEnded"
    ])
  })

  test("waits a while for the rest of a word, but never past the end of its turn", function* () {
    const { log, voice } = yield* make()
    voice.say("He", 1, true)
    yield* Effect.sleep(50)
    voice.say("llo", 1, true)
    yield* Effect.sleep(500)
    assert.deepStrictEqual(log, ["150 AgentTurnStarted", "250 Hello", "250 AgentTurnEnded"])
    const over = yield* make({ isOver: () => true })
    over.voice.say("Bye", 1, true)
    yield* Effect.sleep(100)
    assert.strictEqual(over.log[0], "550 AgentTurnStarted")
  })

  test("drops interruptible text when the caller speaks, and speaks the rest", function* () {
    const { log, voice } = yield* make()
    voice.say("One ", 1, true)
    voice.say("two ", 1, false)
    voice.say("three ", 1, true)
    yield* Effect.sleep(50)
    voice.interrupt()
    yield* Effect.sleep("1 second")
    assert.deepStrictEqual(log, ["0 AgentTurnStarted", "50 not spoken: One three ", "150 two", "150 AgentTurnEnded"])
  })

  test("finishes a word that is partly uninterruptible", function* () {
    const { log, voice } = yield* make()
    voice.say("un", 1, false)
    voice.say("cut more ", 1, true)
    yield* Effect.sleep(50)
    voice.interrupt()
    yield* Effect.sleep("1 second")
    assert.deepStrictEqual(log, ["0 AgentTurnStarted", "50 not spoken: more ", "100 uncut", "100 AgentTurnEnded"])
  })

  test("runs an action at its place in the text, unless the caller speaks first", function* () {
    const { log, say, voice } = yield* make()
    voice.say("One ", 1, true)
    voice.afterwards(() => say("act"), true)
    yield* Effect.sleep("1 second")
    voice.say("two ", 1, true)
    voice.afterwards(() => say("never"), true)
    voice.afterwards(() => say("always"), false)
    voice.interrupt()
    yield* Effect.sleep("1 second")
    assert.deepStrictEqual(
      log.filter((line) => /act|never|always/.test(line)),
      ["100 act", "1000 always"]
    )
  })

  test("can report a replacement for a word, or nothing", function* () {
    const { log, voice } = yield* make({
      reports: ({ index, text }) => (index === 0 ? undefined : text === "27" ? "twenty-seven" : text)
    })
    voice.say("One 27 three ", 1, true)
    yield* Effect.sleep("1 second")
    assert.deepStrictEqual(log.slice(1, -1), ["200 twenty-seven", "300 three"])
  })

  test("splits scripts without spaces into words", function* () {
    const { log, voice } = yield* make({ isOver: () => true })
    voice.say("かしこまりました。", 1, true)
    yield* Effect.sleep("2 seconds")
    assert.isAbove(log.length, 3)
    assert.strictEqual(
      log
        .slice(1, -1)
        .map((line) => line.split(" ")[1])
        .join(""),
      "かしこまりました。"
    )
  })

  test("stays silent once it is stopped", function* () {
    const { log, voice } = yield* make()
    voice.say("One two ", 1, false)
    yield* Effect.sleep(150)
    voice.stop()
    yield* Effect.sleep("1 second")
    assert.deepStrictEqual(log, ["0 AgentTurnStarted", "100 One", "150 not spoken: two "])
    assert.isTrue(voice.isSilent())
  })
})
