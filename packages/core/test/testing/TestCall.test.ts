import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Context, Effect, Exit, Layer, Random, Schedule, Stream } from "effect"
import { createHash } from "node:crypto"
import * as Agent from "../../src/Agent.ts"
import * as AsyncAgent from "../../src/agent/AsyncAgent.ts"
import * as Event from "../../src/Event.ts"
import * as Caller from "../../src/testing/Caller.ts"
import * as Expect from "../../src/testing/Expect.ts"
import * as Played from "../../src/testing/Played.ts"
import * as RandomAgent from "../../src/testing/RandomAgent.ts"
import * as SimulatedCaller from "../../src/testing/SimulatedCaller.ts"
import * as TestCall from "../../src/testing/TestCall.ts"
import * as Timeline from "../../src/testing/Timeline.ts"
import * as VirtualTime from "../../src/testing/VirtualTime.ts"
import type * as Turn from "../../src/Turn.ts"

const words = (text: string) =>
  Stream.fromIterable(text.match(/\S+\s*/g) ?? []).pipe(
    Stream.map((word) => Event.sendText(word)),
    Stream.schedule(Schedule.spaced("20 millis"))
  )
const echo = Agent.make(
  Agent.route({
    CallStarted: () => words("Hello, this is the shop. "),
    UserTurnEnded: (event) => words(`You said: ${Event.text(event)}.`)
  })
)
/** An agent that sends these outputs when the call begins, and nothing else. */
const sending = (...outputs: ReadonlyArray<Event.Output>) =>
  Agent.make(Agent.route({ CallStarted: () => Stream.fromIterable(outputs) }))
/** An agent that sends each output at its time after the start of the call. */
const sendingAt = (...outputs: ReadonlyArray<readonly [at: number, output: Event.Output]>) =>
  Agent.make(
    Agent.route({
      CallStarted: () =>
        Stream.fromIterable(outputs).pipe(
          Stream.rechunk(1),
          Stream.mapEffect(([at, output]) =>
            Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.as(Effect.sleep(at - now), output))
          )
        )
    })
  )

const reports = (call: Played.Played) =>
  call.entries.flatMap((entry) =>
    entry._tag === "Reported"
      ? [[entry.at, "content" in entry.report ? entry.report.content : entry.report._tag] as const]
      : []
  )
const spoken = (call: Played.Played) =>
  call.entries.flatMap((entry) => (entry._tag === "Spoken" ? [[entry.from, entry.text] as const] : []))
const unspoken = (call: Played.Played) =>
  call.entries.flatMap((entry) => (entry._tag === "Unspoken" ? [entry.text.trim()] : []))

const failureOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.exit(effect), (exit) => (Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined))

describe("TestCall.run", () => {
  const greets = Agent.route({ CallStarted: () => Stream.make(Event.sendText("Hello.")) })
  class Shop extends Agent.Service<Shop>()("test/Shop") {}
  for (const [kind, source] of [
    ["a bare agent", greets],
    ["a function of an event and its turn", (event: Event.Input, turn: Turn.Turn) => greets(event, turn)],
    ["a spec", Agent.make(greets)],
    ["a factory", () => Effect.succeed(Agent.make(greets))],
    ["a service", Shop]
  ] satisfies ReadonlyArray<readonly [string, Agent.Source<never, Shop, never>]>) {
    it.effect(`calls ${kind}`, () =>
      Effect.gen(function* () {
        const call = yield* TestCall.run<never, Shop, never>(source, [Caller.listens()])
        assert.strictEqual(Played.heard(call), "Hello.")
      }).pipe(Effect.provide(Agent.layer(Shop, greets)))
    )
  }

  it.effect("plays a barge-in at a given time: text not spoken by then is not heard", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(echo, [
        Caller.bargesIn("Stop it", { at: "1000 millis" }),
        Caller.listens(),
        Caller.pauses("1 second"),
        Caller.says("Good bye", { endpointing: "300 millis" })
      ])
      assert.deepStrictEqual(Played.transcript(call), [
        { at: 20, who: "agent", text: "Hello, this" },
        { at: 1000, who: "caller", text: "Stop it" },
        { at: 1770, who: "agent", text: "You said: Stop it." },
        { at: 4270, who: "caller", text: "Good bye" },
        { at: 5340, who: "agent", text: "You said: Good bye." }
      ])
      assert.deepStrictEqual(unspoken(call), ["is the shop."])
      Expect.waitAtMost(call, "320 millis")
      Expect.endedBy(call, "caller")
      Expect.nothingLeft(call)
    })
  )

  it.effect(
    "plays the same call every time",
    () =>
      Effect.gen(function* () {
        const hashes = new Set<string>()
        const caller = SimulatedCaller.make(11, { tempers: ["noisy"], maxTurns: 3 })
        for (let run = 0; run < 1000; run++) {
          const call = yield* TestCall.run(RandomAgent.make(), caller.script, { seed: 5, phone: caller.phone })
          const log = JSON.stringify([
            call.entries.map(({ at, _tag }) => [at, _tag]),
            Played.events(call),
            Played.outputs(call)
          ])
          hashes.add(createHash("sha256").update(log).digest("hex"))
        }
        assert.strictEqual(hashes.size, 1)
        const other = yield* TestCall.run(RandomAgent.make(), caller.script, { seed: 6, phone: caller.phone })
        assert.notDeepEqual(other.entries.length, 0)
      }),
    120_000
  )

  it.effect("fails if the agent's factory fails, and releases what it had acquired", () =>
    Effect.gen(function* () {
      let closed = false
      const factory = () =>
        Effect.andThen(
          Effect.addFinalizer(() => Effect.sync(() => void (closed = true))),
          Effect.fail("no such customer")
        )
      assert.strictEqual(yield* Effect.flip(TestCall.run(factory, [])), "no such customer")
      assert.isTrue(closed)
    })
  )

  it.effect("plays the agent of a Layer, with one of its services replaced", () =>
    Effect.gen(function* () {
      class Hours extends Context.Service<Hours, { readonly isOpen: (hour: number) => boolean }>()("test/Hours") {}
      class Shop extends Agent.Service<Shop>()("test/Shop") {}
      const live = Agent.layer(Shop, () =>
        Effect.map(Hours, (hours) =>
          Agent.make(Agent.route({ CallStarted: () => words(hours.isOpen(9) ? "We are open." : "We are closed.") }))
        )
      )
      const closed = Layer.succeed(Hours, { isOpen: () => false })
      const call = yield* Effect.provide(TestCall.run(Shop, []), Layer.provide(live, closed))
      Expect.heard(call, "We are closed.")
    })
  )

  it.effect("plays an agent whose promises settle by themselves", () =>
    Effect.gen(function* () {
      const agent = Agent.make(
        AsyncAgent.make(async function* (event) {
          for (let i = 0; i < 20; i++) await Promise.resolve()
          if (event._tag === "UserTurnEnded") yield Event.sendText("I have thought about it. ")
        })
      )
      const call = yield* TestCall.run(agent, [Caller.says("Well?"), Caller.listens()])
      Expect.heard(call, "I have thought about it.", "375 millis")
    })
  )

  it.effect("plays an agent whose filters are Effects that use the clock", () =>
    Effect.gen(function* () {
      const agent = Agent.make((event) => (event._tag === "CallEnded" ? Stream.empty : words("Open. ")), {
        run: (event) => Effect.map(Clock.currentTimeMillis, (now) => event._tag === "UserTurnEnded" && now > 2000),
        cancel: (event) => Effect.as(Effect.sleep("50 millis"), event._tag === "UserTurnStarted")
      })
      const call = yield* TestCall.run(agent, [
        Caller.says("Open?"),
        Caller.listens(),
        Caller.waitsUntil("3 seconds"),
        Caller.says("And now?"),
        Caller.listens()
      ])
      assert.strictEqual(Played.heard(call), "Open.")
      assert.strictEqual(call.entries.filter(({ _tag }) => _tag === "Deciding").length > 3, true)
    })
  )

  it.effect("counts what an agent leaves running, and releases what belongs to the call", () =>
    Effect.gen(function* () {
      const forking = (fork: typeof Effect.forkDetach | typeof Effect.forkScoped) => () =>
        Effect.as(fork(Effect.never), echo)
      Expect.nothingLeft(yield* TestCall.run(forking(Effect.forkScoped), []))
      const left = yield* TestCall.run(forking(Effect.forkDetach as typeof Effect.forkScoped), [])
      assert.strictEqual(Played.fibersLeft(left), 1)
      assert.throws(() => Expect.nothingLeft(left), /1 fibers/)
    })
  )

  it.effect("records the call, with its own seed", () =>
    Effect.gen(function* () {
      const play = (callSeed?: number) => TestCall.run(echo, [Caller.says("Hi")], { callSeed })
      const call = yield* play(12)
      assert.strictEqual(call.recording.header.seed, 12)
      assert.deepStrictEqual((yield* play(12)).recording, call.recording)
      assert.notDeepEqual((yield* play(13)).recording.lines, call.recording.lines)
      assert.deepStrictEqual((yield* play()).entries, (yield* play()).entries)
    })
  )
})

describe("the simulated voice", () => {
  const wordsOf = (agent: Agent.AgentSpec<unknown>, phone?: TestCall.Phone) =>
    Effect.map(TestCall.run(agent, [Caller.listens()], { phone }), spoken)

  it.effect("speaks word by word at a rate, and reports each word when it ends", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(sending(Event.sendText("One two three")), [Caller.listens()], {
        phone: { wordsPerMinute: 600, firstSound: "50 millis" }
      })
      assert.deepStrictEqual(spoken(call), [
        [50, "One "],
        [150, "two "],
        [250, "three"]
      ])
      assert.deepStrictEqual(reports(call), [
        [50, "AgentTurnStarted"],
        [150, "One"],
        [250, "two"],
        [350, "three"],
        [350, "AgentTurnEnded"]
      ])
    })
  )

  const texts: ReadonlyArray<readonly [string, ReadonlyArray<string>, ReadonlyArray<string>]> = [
    ["joins the pieces of a word", ["Hel", "lo wor", "ld."], ["Hello ", "world."]],
    ["joins the halves of a surrogate pair", ["Yes \ud83d", "\ude00 fine"], ["Yes ", "😀 ", "fine"]],
    ["keeps the space that comes by itself", ["Yes", " ", "fine"], ["Yes ", "fine"]],
    ["keeps the space before a text", ["  Yes"], ["  Yes"]],
    ["says nothing where there is nothing", ["", "  ", "\n"], []],
    ["parts Chinese into words", ["你好世界。", "好"], ["你好", "世界。", "好"]],
    ["parts Japanese among English", ["Hello 世界です"], ["Hello ", "世界", "です"]]
  ]
  for (const [name, pieces, expected] of texts) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const agent = sending(...pieces.map((text) => Event.sendText(text)))
        assert.deepStrictEqual(
          (yield* wordsOf(agent)).map(([, text]) => text),
          expected
        )
      })
    )
  }

  it.effect("takes a piece for a whole word if nothing follows it for a while, but never half a character", () =>
    Effect.gen(function* () {
      const agent = sendingAt(
        [0, Event.sendText("Well")],
        [2000, Event.sendText("then \ud83d")],
        [4000, Event.sendText("\ude00 yes")],
        [6000, Event.sendText("so")],
        [9000, Event.sendText("")]
      )
      assert.deepStrictEqual(yield* wordsOf(agent), [
        [100, "Well"],
        [2000, "then "],
        [4000, "😀 "],
        [4375, "yes"],
        [6100, "so"]
      ])
    })
  )

  it.effect("continues with text that arrives at the very moment everything was spoken", () =>
    Effect.gen(function* () {
      const agent = sendingAt(
        [0, Event.sendText("One ")],
        [375, Event.sendText("two ")],
        [751, Event.sendText("three ")]
      )
      assert.deepStrictEqual(reports(yield* TestCall.run(agent, [Caller.listens()])), [
        [0, "AgentTurnStarted"],
        [375, "One"],
        [750, "two"],
        [750, "AgentTurnEnded"],
        [751, "AgentTurnStarted"],
        [1126, "three"],
        [1126, "AgentTurnEnded"]
      ])
    })
  )

  it.effect("ends the last word when the turn ends", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* wordsOf(sending(Event.sendText("Yes"))), [[0, "Yes"]])
    })
  )

  it.effect("waits before the first sound of each utterance", () =>
    Effect.gen(function* () {
      const agent = sendingAt([0, Event.sendText("One ")], [2000, Event.sendText("two three ")])
      assert.deepStrictEqual(yield* wordsOf(agent, { firstSound: "50 millis" }), [
        [50, "One "],
        [2050, "two "],
        [2425, "three "]
      ])
    })
  )

  it.effect("speaks at whole milliseconds", () =>
    Effect.gen(function* () {
      const agent = sending(Event.sendText("One two three"))
      assert.deepStrictEqual(
        (yield* wordsOf(agent, { wordsPerMinute: 170 })).map(([at]) => at),
        [0, 353, 706]
      )
    })
  )

  it.effect("stops when the caller speaks, even if the agent does not", () =>
    Effect.gen(function* () {
      const agent = Agent.make(Agent.route({ CallStarted: () => Stream.make(Event.sendText("One two three four")) }), {
        cancel: []
      })
      const call = yield* TestCall.run(agent, [Caller.bargesIn("Hey", { at: "500 millis" }), Caller.listens()])
      assert.deepStrictEqual(spoken(call), [[0, "One "]])
      assert.deepStrictEqual(
        reports(call).find(([, what]) => what === "AgentTurnEnded"),
        [500, "AgentTurnEnded"]
      )
    })
  )

  it.effect("finishes a word that is partly uninterruptible", () =>
    Effect.gen(function* () {
      const agent = sending(Event.sendText("Rec", { interruptible: false }), Event.sendText("orded. Bye"))
      const call = yield* TestCall.run(agent, [Caller.bargesIn("Hey", { at: "100 millis" }), Caller.listens()])
      assert.deepStrictEqual(spoken(call), [[0, "Recorded. "]])
    })
  )

  it.effect("speaks and reports nothing while the agent handles the end", () =>
    Effect.gen(function* () {
      const agent = Agent.make(
        Agent.route({
          CallStarted: () => Stream.make(Event.sendText("One two three four")),
          CallEnded: () => Stream.fromEffectDrain(Effect.sleep("2 seconds"))
        }),
        { endGrace: "5 seconds" }
      )
      const call = yield* TestCall.run(agent, [Caller.hears(2), Caller.hangsUp])
      const end = call.entries.findIndex(({ _tag }) => _tag === "HungUp")
      const after = call.entries.slice(end).map(({ _tag }) => _tag)
      assert.deepStrictEqual(after, [
        "HungUp",
        "Unspoken",
        "Decided",
        "TurnTold",
        "TurnStarted",
        "TurnLeft",
        "TurnTold",
        "TurnOver",
        "Ended",
        "Closed"
      ])
    })
  )

  it.effect("stops at a lost connection, even while the agent cleans up", () =>
    Effect.gen(function* () {
      const text = Stream.make(Event.sendText("One two three four"))
      const agent = Agent.make(
        Agent.route({
          CallStarted: () => Stream.concat(text, Stream.ensuring(Stream.never, Effect.sleep("2 seconds")))
        }),
        { cancelGrace: "5 seconds" }
      )
      const call = yield* TestCall.run(agent, [Caller.hears(2), Caller.losesConnection])
      assert.strictEqual(call.entries.at(-1)?.at, 2750)
      assert.strictEqual(Played.heard(call), "One two")
    })
  )

  it.effect("does not join a word with the next turn", () =>
    Effect.gen(function* () {
      const agent = Agent.make(
        Agent.route({
          CallStarted: () => Stream.make(Event.sendText("First of")),
          UserDtmfSent: () => Stream.make(Event.sendText("all things"))
        }),
        { run: ["CallStarted", "UserDtmfSent"] }
      )
      const call = yield* TestCall.run(agent, [Caller.presses("1"), Caller.listens()])
      assert.deepStrictEqual(
        spoken(call).map(([, text]) => text),
        ["First ", "of", "all ", "things"]
      )
      assert.strictEqual(Played.heard(call), "First of all things")
    })
  )

  it.effect("can speak very fast and very slowly", () =>
    Effect.gen(function* () {
      const agent = sending(Event.sendText("One two"))
      assert.deepStrictEqual(
        (yield* wordsOf(agent, { wordsPerMinute: 120_000 })).map(([at]) => at),
        [0, 0.5]
      )
      assert.deepStrictEqual(
        (yield* wordsOf(agent, { wordsPerMinute: 6 })).map(([at]) => at),
        [0, 10_000]
      )
      const failure = yield* failureOf(wordsOf(agent, { wordsPerMinute: 0 }))
      assert.match(String(failure), /words per minute must be more than 0/)
    })
  )

  it.effect("can lose and distort reports, and the caller hears the words all the same", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(sending(Event.sendText("Room 7 is free")), [Caller.listens()], {
        phone: {
          loses: ({ index }) => index === 2,
          distorts: ({ text }) => (text === "7" ? "seven" : undefined)
        }
      })
      assert.strictEqual(Played.heard(call), "Room 7 is free")
      assert.deepStrictEqual(
        reports(call).map(([, text]) => text),
        ["AgentTurnStarted", "Room", "seven", "free", "AgentTurnEnded"]
      )
    })
  )

  it.effect("speaks uninterruptible text to its end during a barge-in, and drops the rest", () =>
    Effect.gen(function* () {
      const agent = sending(
        Event.sendText("This call is recorded. ", { interruptible: false }),
        Event.sendText("How are you? ")
      )
      const call = yield* TestCall.run(agent, [Caller.bargesIn("Hey", { at: "500 millis" }), Caller.listens()])
      assert.strictEqual(Played.heard(call), "This call is recorded.")
      assert.deepStrictEqual(unspoken(call), ["How are you?"])
      assert.deepStrictEqual(reports(call), [
        [0, "AgentTurnStarted"],
        [375, "This"],
        [500, "UserTurnStarted"],
        [750, "call"],
        [875, "Hey"],
        [875, "UserTurnEnded"],
        [1125, "is"],
        [1500, "recorded."],
        [1500, "AgentTurnEnded"]
      ])
    })
  )

  it.effect("reports no end for speech that was cut off before its first sound", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(
        sending(Event.sendText("Hello there")),
        [Caller.bargesIn("Hey", { at: "100 millis" }), Caller.listens()],
        { phone: { firstSound: "200 millis" } }
      )
      assert.deepStrictEqual(
        reports(call).map(([, what]) => what),
        ["UserTurnStarted", "Hey", "UserTurnEnded"]
      )
    })
  )

  it.effect("makes the agent wait if the harness is slow to accept outputs", () =>
    Effect.gen(function* () {
      const agent = Agent.make(
        Agent.route({
          CallStarted: () => Stream.rechunk(Stream.make(Event.sendText("One "), Event.sendText("two ")), 1)
        })
      )
      const counts: Array<number> = []
      const sendDelay = (count: number) => {
        counts.push(count)
        return "1 second" as const
      }
      const call = yield* TestCall.run(agent, [Caller.listens()], { phone: { sendDelay } })
      assert.deepStrictEqual(Played.saidAt(call, "two"), [2000])
      assert.deepStrictEqual(counts, [0, 1])
    })
  )

  it.effect("delivers no output that was still under way when the caller left", () =>
    Effect.gen(function* () {
      const agent = Agent.make(
        Agent.route({ CallStarted: (_, turn) => turn.uninterruptible(Stream.make(Event.sendText("One "))) })
      )
      const call = yield* TestCall.run(agent, [Caller.pauses("500 millis"), Caller.hangsUp], {
        phone: { sendDelay: () => "1 second" }
      })
      assert.deepStrictEqual(Played.outputs(call), [])
    })
  )
})

describe("the end of a call", () => {
  it.effect("comes once everything the agent said before asking for it is spoken", () =>
    Effect.gen(function* () {
      const agent = sending(Event.sendText("Good bye. "), Event.endCall({ reason: "done" }), Event.sendText("And more"))
      const call = yield* TestCall.run(agent, [Caller.listens()])
      assert.strictEqual(Played.heard(call), "Good bye.")
      assert.deepStrictEqual(unspoken(call), ["And more"])
      assert.deepStrictEqual(Played.outcome(call), { by: "agent", at: 750, reason: "done" })
    })
  )

  const bye = (interruptible: boolean, last: Event.Output = Event.endCall({ interruptible })) =>
    sending(Event.sendText("Thank you for calling. ", { interruptible }), last)

  it.effect("is cancelled by a barge-in if it is interruptible", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(bye(true), [
        Caller.bargesIn("Wait", { at: "500 millis" }),
        Caller.pauses("5 seconds")
      ])
      Expect.endedBy(call, "caller")
      assert.strictEqual(Played.heard(call), "Thank")
    })
  )

  it.effect("is not cancelled by a barge-in if it is not interruptible", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(bye(false), [
        Caller.bargesIn("Wait", { at: "500 millis" }),
        Caller.pauses("5 seconds")
      ])
      Expect.endedBy(call, "agent")
      assert.strictEqual(Played.outcome(call).at, 1500)
      assert.strictEqual(Played.heard(call), "Thank you for calling.")
    })
  )

  it.effect("is the first of two that the agent asks for", () =>
    Effect.gen(function* () {
      const agent = sending(
        Event.sendText("Bye. "),
        Event.endCall({ reason: "first" }),
        Event.endCall({ reason: "second" })
      )
      Expect.endedBy(yield* TestCall.run(agent, [Caller.listens()]), "agent", "first")
    })
  )

  it.effect("is a transfer if the agent transfers the call", () =>
    Effect.gen(function* () {
      const agent = sending(Event.sendText("One moment. "), Event.transferCall("+15550001111"))
      Expect.endedBy(yield* TestCall.run(agent, [Caller.listens()]), "transfer", "+15550001111")
      const firm = bye(false, Event.transferCall("+15550001111", { interruptible: false }))
      const script = [Caller.bargesIn("Wait", { at: "500 millis" }), Caller.pauses("5 seconds")]
      Expect.endedBy(yield* TestCall.run(firm, script), "transfer")
    })
  )

  it.effect("reaches the agent if the caller hangs up, but not if the connection is lost", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const agent = Agent.make((event) => Stream.fromEffectDrain(Effect.sync(() => seen.push(event._tag))))
      Expect.endedBy(yield* TestCall.run(agent, [Caller.pauses("1 second"), Caller.hangsUp]), "caller")
      assert.deepStrictEqual(seen.splice(0), ["CallStarted", "CallEnded"])
      const lost = yield* TestCall.run(agent, [Caller.pauses("1 second"), Caller.losesConnection])
      Expect.endedBy(lost, "connection")
      Expect.nothingLeft(lost)
      assert.deepStrictEqual(seen, ["CallStarted"])
    })
  )

  it.effect("is the failure of an agent whose policy is to close", () =>
    Effect.gen(function* () {
      const agent = Agent.make(() => Stream.fail("broken"), { turnFailure: "close" })
      const call = yield* TestCall.run(agent, [Caller.pauses("1 second")])
      Expect.endedBy(call, "failure", /broken/)
      assert.throws(() => Expect.noFailure(call), /broken/)
      const undecided = Agent.make(() => Stream.empty, { run: () => Effect.die("no idea"), turnFailure: "close" })
      const other = yield* TestCall.run(undecided, [Caller.pauses("1 second")])
      assert.throws(() => Expect.noFailure(other), /^The call has failed: no idea\./)
    })
  )

  it.effect("stops the voice, so that no more of it is heard", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(echo, [Caller.hears(2), Caller.hangsUp])
      assert.strictEqual(Played.heard(call), "Hello, this")
      assert.deepStrictEqual(unspoken(call), ["is the shop."])
      const end = call.entries.findIndex(({ _tag }) => _tag === "HungUp")
      assert.isFalse(call.entries.slice(end).some(({ _tag }) => _tag === "Spoken" || _tag === "Reported"))
    })
  )

  it.effect("comes after the agent's immediate response to the caller's last step", () =>
    Effect.gen(function* () {
      const agent = Agent.make(
        Agent.route({ UserDtmfSent: ({ button }) => Stream.make(Event.sendText(`You pressed ${button}.`)) }),
        { run: ["UserDtmfSent"] }
      )
      Expect.said(yield* TestCall.run(agent, [Caller.presses("1"), Caller.hangsUp]), "You pressed 1.")
    })
  )

  const talking = (every: "1 minute" | "20 seconds") =>
    Agent.make(
      Agent.route({
        CallStarted: () => Stream.schedule(Stream.forever(Stream.make(Event.sendText("tick "))), Schedule.spaced(every))
      })
    )

  it.effect("comes once the script is over and the agent has been silent for 30 seconds", () =>
    Effect.gen(function* () {
      assert.strictEqual(Played.outcome(yield* TestCall.run(talking("1 minute"), [])).at, 30_000)
    })
  )

  it.effect("comes 2 minutes after the script if the agent never stops", () =>
    Effect.gen(function* () {
      assert.strictEqual(Played.outcome(yield* TestCall.run(talking("20 seconds"), [])).at, 120_000)
    })
  )

  it.effect("leaves no words on the timeline that the caller had not started to say", () =>
    Effect.gen(function* () {
      const agent = sending(Event.sendText("No. ", { interruptible: false }), Event.endCall({ interruptible: false }))
      const call = yield* TestCall.run(agent, [Caller.waitsUntil("100 millis"), Caller.says("But")])
      assert.deepStrictEqual(Played.transcript(call), [{ at: 0, who: "agent", text: "No." }])
    })
  )

  it.effect("leaves on the timeline the started part of a sentence, and the rest of the script", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(
        sending(Event.sendText("No. ", { interruptible: false }), Event.endCall({ interruptible: false })),
        [
          Caller.waitsUntil("100 millis"),
          Caller.says("but I have a question about that"),
          Caller.listens(),
          Caller.says("Please")
        ],
        { phone: { wordsPerMinute: 40 } }
      )
      assert.deepStrictEqual(Played.transcript(call), [
        { at: 0, who: "agent", text: "No." },
        { at: 100, who: "caller", text: "but I have" }
      ])
      assert.deepStrictEqual(Played.unplayed(call).map(Caller.describe), [
        "says “but I have a question about that”",
        "listens",
        "says “Please”"
      ])
      assert.throws(() => Expect.scriptPlayed(call), /says “but I have a question about that”, and 2 steps more/)
      Expect.scriptPlayed(yield* TestCall.run(echo, [Caller.says("Hi"), Caller.hangsUp]))
    })
  )
})

describe("a call that does not end", () => {
  const stuck = (agent: Agent.AgentSpec<unknown>, script: Caller.Script, options?: TestCall.Options) =>
    Effect.map(failureOf(TestCall.run(agent, script, { patience: "20 millis", ...options })), (failure) => {
      if (!(failure instanceof TestCall.CallStuck)) throw new Error(`${String(failure)} is no CallStuck`)
      return failure.message
    })

  it.live("names the step and what it waits for, and shows the call at that point", () =>
    Effect.gen(function* () {
      const message = yield* stuck(echo, [Caller.listens(), Caller.hears("eight o'clock"), Caller.hangsUp])
      const [first, , ...timeline] = message.split("\n")
      assert.strictEqual(
        first,
        "The call is stuck: nothing is left that could happen. The caller is at step 2: waits for “eight o'clock”."
      )
      assert.match(timeline.join("\n"), /♪ Hello, this is the shop\.\n.*turn 1 is over$/)
    })
  )

  it.live("is stopped after its maximum duration", () =>
    Effect.gen(function* () {
      const agent = Agent.make(
        Agent.route({
          CallStarted: () =>
            Stream.schedule(Stream.forever(Stream.make(Event.sendText("tick "))), Schedule.spaced("1 second"))
        })
      )
      const message = yield* stuck(agent, [Caller.hears("tock")], { maxDuration: "1 minute" })
      assert.match(message, /^The call still goes on after 1m\. The caller is at step 1: waits for “tock”\./)
    })
  )

  it.live("is stopped after an hour by default", () =>
    Effect.gen(function* () {
      const agent = Agent.make(() =>
        Stream.schedule(Stream.forever(Stream.make(Event.logMetric("tick", 1))), Schedule.spaced("10 minutes"))
      )
      assert.match(yield* stuck(agent, [Caller.hears("tock")]), /^The call still goes on after 1h\./)
    })
  )

  it.live("is detected even if time does not pass", () =>
    Effect.gen(function* () {
      const agent = Agent.make(() => Stream.fromEffectDrain(Effect.forever(Effect.yieldNow)))
      assert.match(yield* stuck(agent, [Caller.listens()]), /^The call is stuck: something in it goes on and on/)
    })
  )

  it.live("is closed properly, with time for cleanup", () =>
    Effect.gen(function* () {
      let closedAt = 0
      const factory = () =>
        Effect.as(
          Effect.addFinalizer(() =>
            Effect.andThen(
              Effect.sleep("2 seconds"),
              Effect.map(Clock.currentTimeMillis, (at) => void (closedAt = at))
            )
          ),
          echo
        )
      const failure = yield* failureOf(
        TestCall.run(factory, [Caller.listens(), Caller.hears(99)], { patience: "20 millis" })
      )
      assert.instanceOf(failure, TestCall.CallStuck)
      assert.strictEqual(closedAt > 2000, true)
    })
  )
})

describe("a step of a caller", () => {
  const heardAt = (script: Caller.Script) =>
    Effect.map(
      TestCall.run(sendingAt([1000, Event.sendText("One two three four")]), script),
      (call) =>
        call.entries.flatMap((entry) =>
          entry._tag === "Reported" && entry.report._tag.startsWith("User") ? [entry.at] : []
        )[0]
    )
  const whens: ReadonlyArray<readonly [string, Caller.Script, number]> = [
    ["at a time", Caller.bargesIn("Hey", { at: "1137 millis" }), 1137],
    ["some time after the agent has begun", Caller.bargesIn("Hey", { after: "137 millis" }), 1137],
    ["as the agent begins", Caller.bargesIn("Hey", { afterWords: 0 }), 1000],
    ["after the second word", Caller.bargesIn("Hey", { afterWords: 2 }), 1750],
    ["after a text", [Caller.hears("three"), Caller.says("Hey")], 2125],
    ["after a pattern, which may be a global one", [Caller.hears(/t\w+/g), Caller.says("Hey")], 1750],
    [
      "after all that is said, where that is less",
      [{ _tag: "Hears", words: 9, orAll: true }, Caller.says("Hey")],
      2500
    ],
    ["when all was said", [Caller.listens(), Caller.says("Hey")], 2500],
    ["after listening for a while", [Caller.listens({ atMost: "1200 millis" }), Caller.says("Hey")], 1200],
    ["after a pause", [Caller.pauses("2 seconds"), Caller.says("Hey")], 2000],
    [
      "at once, where the time has passed",
      [Caller.pauses("2 seconds"), Caller.waitsUntil("1 second"), Caller.says("Hey")],
      2000
    ]
  ]
  for (const [name, script, at] of whens) {
    it.effect(`happens ${name}`, () => Effect.map(heardAt(script), (found) => assert.strictEqual(found, at)))
  }

  it.effect("counts the words since the caller last spoke, including unreported ones", () =>
    Effect.gen(function* () {
      const agent = Agent.make(
        Agent.route({
          CallStarted: () => Stream.make(Event.sendText("One two ")),
          UserTurnEnded: () => Stream.make(Event.sendText("three four "))
        })
      )
      const script = [Caller.hears(2), Caller.says("Hey"), Caller.hears(1), Caller.hangsUp]
      const call = yield* TestCall.run(agent, script, { phone: { loses: () => true } })
      assert.deepStrictEqual(Played.outcome(call).at, 1500)
    })
  )

  it.effect("keeps the words of two turns apart", () =>
    Effect.gen(function* () {
      const agent = Agent.make(
        Agent.route({
          CallStarted: () => Stream.make(Event.sendText("First")),
          UserDtmfSent: () => Stream.make(Event.sendText("second"))
        }),
        { run: ["CallStarted", "UserDtmfSent"] }
      )
      const call = yield* TestCall.run(agent, [Caller.presses("1"), Caller.hears("First second"), Caller.hangsUp])
      Expect.scriptPlayed(call)
      assert.deepStrictEqual(
        Played.transcript(call).map(({ text }) => text),
        ["First", "second"]
      )
    })
  )

  /** The time at which a caller who answers at once, and then listens, speaks again. */
  const goesOnAt = (agent: Agent.AgentSpec<unknown>) =>
    Effect.map(
      TestCall.run(agent, [Caller.says("Hi"), Caller.listens(), Caller.says("Bye")]),
      (call) => call.entries.flatMap((entry) => (entry._tag === "Said" ? [entry.from] : []))[1]
    )
  const cleaningUp = (ms: number) => Stream.ensuring(Stream.never, Effect.sleep(ms))
  const yes = Stream.make(Event.sendText("Yes. "))
  const after = (ms: number) => Stream.concat(Stream.fromEffectDrain(Effect.sleep(ms)), yes)

  const listening: ReadonlyArray<readonly [what: string, Agent.AgentSpec<unknown>, at: number]> = [
    [
      "a filter that takes its time",
      Agent.make(() => yes, {
        run: (event) => Effect.delay(Effect.succeed(event._tag === "UserTurnEnded"), "50 millis")
      }),
      // It is asked about each event without holding anything up: last about the end of the answer, spoken at 800.
      850
    ],
    [
      "a turn that is to start once another has cleaned up",
      Agent.make(Agent.route({ CallStarted: () => cleaningUp(1000), UserTurnEnded: () => yes }), {
        cancelGrace: "2 seconds"
      }),
      1375
    ],
    [
      "a turn beside one that is slow to clean up",
      Agent.make(Agent.route({ CallStarted: () => cleaningUp(1000), UserTurnEnded: () => after(2000) }), {
        cancelGrace: 0
      }),
      2750
    ],
    [
      "what must not be interrupted",
      Agent.make(Agent.route({ CallStarted: (_, turn) => turn.uninterruptible(after(2000)) }), {
        run: ["CallStarted"]
      }),
      2375
    ],
    [
      "what comes at the very moment when there was nothing left",
      Agent.make(
        Agent.route({
          UserTurnEnded: (_, turn) =>
            Stream.fromEffectDrain(
              Effect.andThen(
                turn.background("work", Effect.andThen(Effect.sleep(250), Effect.sleep(250))),
                Effect.sleep(500)
              )
            ),
          BackgroundReturned: () => yes
        })
      ),
      1250
    ]
  ]
  for (const [what, agent, at] of listening) {
    it.effect(`listens to ${what}`, () => Effect.map(goesOnAt(agent), (found) => assert.strictEqual(found, at)))
  }

  it.effect("does not wait for a cancelled turn that only cleans up", () =>
    Effect.gen(function* () {
      const agent = Agent.make(
        Agent.route({
          CallStarted: (_, turn) =>
            Stream.concat(turn.uninterruptible(Stream.fromEffectDrain(Effect.void)), cleaningUp(5000))
        }),
        { run: ["CallStarted"], cancelGrace: "10 seconds" }
      )
      assert.strictEqual(yield* goesOnAt(agent), 375)
    })
  )

  it.effect("hears the first sound when it starts, even while the agent decides about the report of it", () =>
    Effect.gen(function* () {
      const agent = Agent.make(Agent.route({ CallStarted: () => Stream.make(Event.sendText("One two ")) }), {
        run: (event) => event._tag === "CallStarted",
        cancel: (event) => Effect.as(Effect.sleep("50 millis"), event._tag === "UserTurnStarted")
      })
      const call = yield* TestCall.run(agent, [Caller.bargesIn("Hey", { afterWords: 0 })], {
        phone: { firstSound: "100 millis" }
      })
      assert.deepStrictEqual(Played.transcript(call)[0], { at: 100, who: "caller", text: "Hey" })
    })
  )

  it.effect("waits for the first sound", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(sending(Event.sendText("Hi")), [Caller.listens(), Caller.says("Hey")], {
        phone: { firstSound: "200 millis" }
      })
      assert.deepStrictEqual(Played.transcript(call)[1], { at: 575, who: "caller", text: "Hey" })
    })
  )

  it.effect("sees the agent's immediate response to what was said", () =>
    Effect.gen(function* () {
      const seen: Array<ReadonlyArray<string>> = []
      const caller: Caller.Caller = {
        next: ({ history }) =>
          Effect.sync(() => {
            seen.push(history.entries.map(({ item }) => item._tag))
            return seen.length === 1 ? Caller.says("Hi") : Caller.hangsUp
          })
      }
      yield* TestCall.run(Agent.make(Agent.route({ UserTurnEnded: () => yes })), caller)
      assert.deepStrictEqual(seen[1]?.slice(-3), ["UserTurnEnded", "AgentSendText", "AgentTurnStarted"])
    })
  )

  it.effect("waits for a filter that is deciding", () =>
    Effect.gen(function* () {
      const agent = Agent.make(() => yes, {
        run: (event) => (event._tag === "UserDtmfSent" ? Effect.delay(Effect.succeed(true), "50 millis") : false)
      })
      const script = [Caller.presses("1"), Caller.pauses(10), Caller.listens(), Caller.says("Hey")]
      const call = yield* TestCall.run(agent, script)
      assert.deepStrictEqual(Played.transcript(call)[1], { at: 425, who: "caller", text: "Hey" })
    })
  )

  it.effect("can be a sound without words", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(sending(), [Caller.says("", { endpointing: "300 millis" })])
      assert.deepStrictEqual(reports(call), [
        [0, "UserTurnStarted"],
        [300, "UserTurnEnded"]
      ])
      assert.deepStrictEqual(Played.transcript(call), [{ at: 0, who: "caller", text: "" }])
    })
  )

  it.effect("reports text exactly as written", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(sending(), [Caller.says(" One  two ")])
      Expect.event(call, { _tag: "UserTextSent", content: " One  two " })
    })
  )

  const transcripts: ReadonlyArray<readonly [Caller.Transcripts, ReadonlyArray<readonly [number, string]>]> = [
    ["final", [[750, "One two"]]],
    [
      "growing",
      [
        [375, "One"],
        [750, "One two"]
      ]
    ],
    [
      "words",
      [
        [375, "One"],
        [750, "two"]
      ]
    ]
  ]
  for (const [transcript, expected] of transcripts) {
    it.effect(`is said with ${transcript} transcripts`, () =>
      Effect.gen(function* () {
        const call = yield* TestCall.run(sending(), [
          Caller.says("One two", { transcripts: transcript, endpointing: "300 millis" })
        ])
        assert.deepStrictEqual(reports(call), [[0, "UserTurnStarted"], ...expected, [1050, "UserTurnEnded"]])
      })
    )
  }

  it.effect("sends keys, data and anything else to the agent", () =>
    Effect.gen(function* () {
      const call = yield* TestCall.run(sending(), [
        Caller.presses("1#", { every: "50 millis" }),
        Caller.sends({ card: "gold" }),
        Caller.reports({ _tag: "AgentDtmfSent", button: "5", eventId: "five" })
      ])
      Expect.event(call, { _tag: "UserDtmfSent", button: "1" }, "0 millis")
      Expect.event(call, { _tag: "UserDtmfSent", button: "#" }, "50 millis")
      Expect.event(call, { _tag: "UserCustomSent", metadata: { card: "gold" } }, "50 millis")
      Expect.event(call, { _tag: "AgentDtmfSent", eventId: "five" })
    })
  )

  it.effect("can be decided as the call goes on", () =>
    Effect.gen(function* () {
      const views: Array<readonly [at: number, agentSpeaks: boolean, heard: string]> = []
      const caller: Caller.Caller = {
        next: ({ agentSpeaks, at, heard }) =>
          Effect.sync(() => {
            views.push([at, agentSpeaks, heard])
            if (heard.endsWith("?")) return Caller.says("Two please")
            return views.length === 1 ? Caller.hears(3) : views.length < 5 ? Caller.listens() : undefined
          })
      }
      const agent = Agent.make(
        Agent.route({ CallStarted: () => words("A table for how many? "), UserTurnEnded: () => words("Done.") })
      )
      const call = yield* TestCall.run(agent, caller)
      assert.deepStrictEqual(views, [
        [0, false, ""],
        [1145, true, "A table for"],
        [1895, false, "A table for how many?"],
        [2645, false, ""],
        [3040, false, "Done."]
      ])
      Expect.endedBy(call, "caller")
    })
  )

  it.effect("fails the run if the caller fails", () =>
    Effect.gen(function* () {
      const caller: Caller.Caller<string> = { next: () => Effect.fail("lost the plot") }
      assert.strictEqual(yield* Effect.flip(TestCall.run(echo, caller)), "lost the plot")
    })
  )

  it.effect("advances together with another call in the same world", () =>
    Effect.gen(function* () {
      const two = Effect.all([TestCall.run(echo, [Caller.says("Hi")]), TestCall.run(echo, [Caller.says("Hi")])], {
        concurrency: "unbounded"
      })
      const [one, other] = yield* VirtualTime.run(two)
      assert.deepStrictEqual(one.entries, other.entries)
      assert.deepStrictEqual(one.entries, (yield* TestCall.run(echo, [Caller.says("Hi")])).entries)
    })
  )

  it.effect("appears on the timeline beside the test's own notes", () =>
    Effect.gen(function* () {
      const agent = Agent.make((event) => Stream.fromEffectDrain(Timeline.note(`saw ${event._tag}`)))
      const call = yield* TestCall.run(agent, [])
      assert.match(Timeline.render(call.entries), /saw CallStarted/)
    })
  )
})

describe("randomness of a call", () => {
  it.effect("depends on its seed alone", () =>
    Effect.gen(function* () {
      const agent = Agent.make(() => Stream.fromEffect(Effect.map(Random.next, (n) => Event.logMetric("n", n))))
      const draw = (seed: number) => Effect.map(TestCall.run(agent, [], { seed }), Played.outputs)
      assert.deepStrictEqual(yield* draw(1), yield* draw(1))
      assert.notDeepEqual(yield* draw(1), yield* draw(2))
    })
  )
})
