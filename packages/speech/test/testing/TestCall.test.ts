import { assert, describe, it } from "@effect/vitest"
import * as Agent from "@antiphon/core/Agent"
import * as Interim from "@antiphon/core/agent/Interim"
import * as Event from "@antiphon/core/Event"
import * as Expect from "@antiphon/core/testing/Expect"
import * as Played from "@antiphon/core/testing/Played"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../src/AudioFormat.ts"
import * as FloorPolicy from "../../src/FloorPolicy.ts"
import * as Vad from "../../src/Vad.ts"
import * as Caller from "../../src/testing/Caller.ts"
import * as CallerVoice from "../../src/testing/CallerVoice.ts"
import * as TestCall from "../../src/testing/TestCall.ts"

const story = "Once there was a king who had three daughters and a horse that could talk about nothing but oats."
const say = (text: string) => Stream.make(Event.sendText(text))
const teller = Agent.make(
  Agent.route({
    CallStarted: () => say(story),
    UserTurnEnded: (event) => say(`You said: ${Event.text(event)}.`)
  })
)
const answers = Agent.make(Agent.route({ UserTurnEnded: (event) => say(`You said: ${Event.text(event)}.`) }))
const userTexts = (call: Played.Played) =>
  Played.events(call).flatMap((event) => (event._tag === "UserTurnEnded" ? [Event.text(event)] : []))
const actions = (call: TestCall.Played) => call.floor.flatMap((entry) => entry.actions.map(({ _tag }) => _tag))

describe("TestCall", () => {
  it.effect("a caller who speaks over the agent is answered, and what was heard is what was played", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(teller, [
        Caller.hears("king"),
        Caller.says("Wait, which king was it"),
        Caller.listens()
      ])
      assert.deepStrictEqual(call.ending, Exit.succeed("CallerLeft"))
      Expect.heard(call, "You said: Wait, which king was it.")
      Expect.notHeard(call, "oats")
      Expect.endedBy(call, "caller")
      Expect.scriptPlayed(call)
      Expect.nothingLeft(call)
      Expect.waitAtMost(call, "1500 millis")
      assert.deepStrictEqual(call.floorBreaches, [])
      assert.strictEqual(call.recording.lines.at(-1)?._tag, "CallClosed")
      assert.strictEqual(call.timings.length, 1)
    })
  )

  it.effect("a cough pauses the agent, which resumes in place and loses no word", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(teller, [Caller.hears("king"), Caller.coughs, Caller.listens()])
      assert.deepStrictEqual(actions(call), ["Pause", "Resume"])
      assert.strictEqual(Played.heard(call), story)
      assert.deepStrictEqual(userTexts(call), [])
    })
  )

  it.effect("interim words are available while the caller speaks, separately for each call", () =>
    Effect.gen(function* () {
      const told: Array<Array<string>> = []
      const curious: Agent.Factory = () =>
        Effect.gen(function* () {
          const texts: Array<string> = []
          told.push(texts)
          const interim = yield* Interim.Current
          interim?.listen((text) => texts.push(text))
          return answers
        })
      for (const said of ["Wait, which king was it", "No"]) {
        yield* TestCall.run(curious, [Caller.says(said), Caller.listens()])
      }
      const [first, second] = told
      assert.isAbove(new Set(first).size, 2)
      assert.strictEqual(first?.at(-1), "Wait, which king was it")
      for (const text of first ?? []) assert.isTrue("Wait, which king was it".startsWith(text), text)
      assert.deepStrictEqual([...new Set(second)], ["No"])
    })
  )

  it.effect("a caller who only agrees does not take the floor", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(teller, [Caller.hears("king"), Caller.agrees("uh-huh"), Caller.listens()])
      assert.strictEqual(Played.heard(call), story)
      assert.deepStrictEqual(call.floorBreaches, [])
      assert.deepStrictEqual(userTexts(call), [])
    })
  )

  it.effect("a pause within a turn does not end it under a patient policy, and does under a hasty one", () =>
    Effect.gen(function* () {
      const script = [Caller.hesitates(["I would like a table", "for seven people"], "1200 millis"), Caller.listens()]
      const patient = yield* TestCall.run(answers, script, { speech: { policy: FloorPolicy.patient } })
      assert.deepStrictEqual(userTexts(patient), ["I would like a table for seven people"])
      const hasty = { ...FloorPolicy.telephone, completeMs: 200, incompleteMs: 300 }
      const cut = yield* TestCall.run(answers, script, { speech: { policy: hasty } })
      assert.deepStrictEqual(userTexts(cut)[0], "I would like a table")
    })
  )

  it.effect("the same script is the same call, to the sample; another seed has other noise", () =>
    Effect.gen(function* () {
      const play = (lineSeed: number) =>
        TestCall.run(teller, [Caller.hears(3), Caller.says("Stop it please"), Caller.listens()], {
          lineSeed,
          noise: { kind: "hiss", levelDbfs: -45 },
          network: { jitterMs: 120, loss: 0.03 }
        })
      const [one, again, other] = [yield* play(1), yield* play(1), yield* play(2)]
      assert.deepStrictEqual(again.spoken, one.spoken)
      assert.deepStrictEqual(again.line.recording(), one.line.recording())
      assert.deepStrictEqual(
        again.entries.map((entry) => [entry.at, entry._tag]),
        one.entries.map((entry) => [entry.at, entry._tag])
      )
      assert.notDeepEqual(other.spoken, one.spoken)
    })
  )

  it.effect("follows a recogniser that ends turns by itself", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(
        answers,
        [Caller.pauses("1 second"), Caller.says("A table for two"), Caller.listens()],
        {
          hearing: { turns: true }
        }
      )
      Expect.heard(call, "You said: A table for two.")
      const { floor } = call
      const eager = floor.find(({ event }) => event._tag === "SttEagerEnd")
      const ended = floor.find(({ event }) => event._tag === "SttTurnEnded")
      assert.deepStrictEqual(
        eager?.actions.map(({ _tag }) => _tag),
        ["TurnTentative"]
      )
      assert.deepStrictEqual(
        ended?.actions.map(({ _tag }) => _tag),
        ["TurnCommitted"]
      )
    })
  )

  it.effect("if a recogniser takes an end back, the caller hears one answer, to everything said", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(
        answers,
        [Caller.hesitates(["A table for two", "or rather for three"], "420 millis"), Caller.listens()],
        { hearing: { turns: true, eagerMs: 150, finalMs: 900 } }
      )
      assert.isTrue(call.floor.some(({ event }) => event._tag === "SttResumed"))
      assert.strictEqual(Played.heard(call), "You said: A table for two or rather for three.")
      assert.deepStrictEqual(userTexts(call), ["A table for two or rather for three"])
      assert.deepStrictEqual(call.floorBreaches, [])
    })
  )

  it.effect("with push to talk only the key starts and ends a turn", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(
        teller,
        [
          Caller.hears(3),
          Caller.says("nobody means you"),
          Caller.listens(),
          Caller.holds(Caller.says("A table for two"), Caller.pauses("1500 millis"), Caller.says("on Friday")),
          Caller.listens()
        ],
        { speech: { policy: FloorPolicy.pushToTalk } }
      )
      assert.deepStrictEqual(userTexts(call), ["A table for two on Friday"])
      assert.strictEqual(Played.heard(call), `${story} You said: A table for two on Friday.`)
      assert.deepStrictEqual(call.floorBreaches, [])
    })
  )

  it.effect("a talk key pressed while the agent speaks takes the floor at once", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(teller, [Caller.hears(3), Caller.holds(Caller.says("Stop")), Caller.listens()], {
        speech: { policy: FloorPolicy.pushToTalk }
      })
      Expect.notHeard(call, "horse")
      assert.deepStrictEqual(userTexts(call), ["Stop"])
      const pressed = call.floor.find(({ event }) => event._tag === "TalkPressed")
      assert.isTrue(pressed?.actions.some(({ _tag }) => _tag === "Cut"))
    })
  )

  it.effect("the agent hangs up once its goodbye was heard, and the remaining steps are reported", () =>
    Effect.gen(function* () {
      const polite = Agent.make(
        Agent.route({ CallStarted: () => Stream.make(Event.sendText("Goodbye for now."), Event.endCall()) })
      )
      const call = yield* TestCall.run(polite, [Caller.pauses("10 seconds"), Caller.says("Hello?")])
      assert.strictEqual(Played.heard(call), "Goodbye for now.")
      Expect.endedBy(call, "agent")
      assert.strictEqual(Played.unplayed(call).length, 2)
      assert.deepStrictEqual(call.ending, Exit.succeed("AgentEnded"))
    })
  )

  it.effect("a lost connection ends the call with the failure of the line", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(teller, [Caller.hears(2), Caller.losesConnection])
      assert.isTrue(Exit.isFailure(call.ending))
      Expect.endedBy(call, "connection")
      Expect.nothingLeft(call)
    })
  )

  it.effect("words whose samples are lost on the way are not recognised", () =>
    Effect.gen(function* () {
      const script = [
        Caller.pauses("500 millis"),
        Caller.says("one two three four five six seven eight"),
        Caller.listens()
      ]
      const call = yield* TestCall.run(answers, script, {
        network: { loss: 0.3, burst: 12, lost: "silence" },
        lineSeed: 4
      })
      const words = userTexts(call).join(" ").split(" ")
      assert.isBelow(words.length, 8)
      assert.isAbove(words.length, 1)
    })
  )

  for (const format of [AudioFormat.mulaw8000, AudioFormat.pcm24000, AudioFormat.pcm48000]) {
    it.effect(`a line of ${AudioFormat.name(format)} is heard and played`, () =>
      Effect.gen(function* () {
        const call = yield* TestCall.run(teller, [Caller.hears("king"), Caller.says("Which king"), Caller.listens()], {
          format
        })
        Expect.heard(call, "You said: Which king.")
      })
    )
  }

  it.effect("recorded samples are played into the microphone unchanged", () =>
    Effect.gen(function* () {
      const said = CallerVoice.made({ seed: 9 }).say("Two adults please", 150)
      const call = yield* TestCall.run(answers, [
        Caller.pauses("400 millis"),
        Caller.sounds("a recording", CallerVoice.timed("Two adults please", said.samples)),
        Caller.listens()
      ])
      assert.deepStrictEqual(userTexts(call), ["Two adults please"])
      const samples = new Int16Array(call.spoken.slice().buffer)
      const from = samples.findIndex((sample) => sample !== 0)
      const first = said.samples.findIndex((sample) => sample !== 0)
      assert.deepStrictEqual(samples.slice(from, from + 8000), said.samples.slice(first, first + 8000))
    })
  )

  it.effect("two sounds at once are mixed", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(
        answers,
        [
          Caller.pauses("300 millis"),
          Caller.saysBeside("and me", { after: "200 millis" }),
          Caller.says("A table for two please"),
          Caller.listens()
        ],
        { vad: Vad.energy() }
      )
      const [heard] = userTexts(call)
      assert.strictEqual(heard?.split(" ").length, 7)
    })
  )

  for (const heard of ["marks", "position"] as const) {
    it.effect(`${heard}: the recording has both sides as they were said and heard, at their times`, () =>
      Effect.gen(function* () {
        const call = yield* TestCall.run(teller, [Caller.hears(4), Caller.says("Stop it"), Caller.listens()], { heard })
        const [left, right] = [0, 1].map((side) => call.audio.filter((_, index) => index % 2 === side)) as [
          Int16Array,
          Int16Array
        ]
        const spoken = new Int16Array(call.spoken.slice().buffer)
        assert.deepStrictEqual(left.slice(0, spoken.length), spoken.slice(0, left.length))
        const played = new Int16Array(right.length)
        for (const { at, bytes } of call.line.played) {
          played.set(new Int16Array(bytes.slice().buffer).subarray(0, Math.max(0, right.length - at * 16)), at * 16)
        }
        const differing = played.filter((sample, index) => sample !== right[index]).length
        assert.strictEqual(differing, 0)
        assert.isAbove(played.filter((sample) => sample !== 0).length, 16_000)
      })
    )
  }
})
