import { assert, describe } from "@effect/vitest"
import { Clock, Effect, Exit, Stream } from "effect"
import * as Agent from "../../src/Agent.ts"
import * as Event from "../../src/Event.ts"
import * as Filler from "../../src/agent/Filler.ts"
import * as Caller from "../../src/testing/Caller.ts"
import * as Played from "../../src/testing/Played.ts"
import * as TestCall from "../../src/testing/TestCall.ts"
import { quietTurn, started } from "../quietTurn.ts"
import { pass, settled, test } from "../virtualTest.ts"

const after = (time: number, ...outputs: ReadonlyArray<Event.Output | string>) =>
  Stream.unwrap(
    Effect.as(
      Effect.sleep(time),
      Stream.fromArray(outputs.map((output) => (typeof output === "string" ? Event.sendText(output) : output)))
    )
  )
const script =
  (...parts: ReadonlyArray<Stream.Stream<Event.Output, string>>): Agent.Agent<string> =>
  () =>
    parts.reduce((before, after) => Stream.concat(before, after))

/** What a turn sent and when, and how it ended. */
const run = (agent: Agent.Agent<string>, options: Filler.Options, event: Event.Input = started) =>
  Effect.gen(function* () {
    const log: Array<string> = []
    const exit = yield* Filler.agent(agent, options)(event, quietTurn).pipe(
      Stream.runForEach((output) =>
        Effect.map(Clock.currentTimeMillis, (now) =>
          log.push(`${now} ${output._tag === "AgentSendText" ? output.text : output._tag}`)
        )
      ),
      Effect.exit
    )
    return { log, exit }
  })

const one: Filler.Options = { after: "1500 millis", texts: ["One moment.", "Still there.", "Nearly done."] }
const many: Filler.Options = { ...one, every: "3 seconds" }

const table: ReadonlyArray<{
  readonly name: string
  readonly agent: Agent.Agent<string>
  readonly options: Filler.Options
  readonly event?: Event.Input
  readonly log: ReadonlyArray<string>
}> = [
  {
    name: "says a filler where the first text is late, and lets the text follow",
    agent: script(after(2000, "Here ", "it is.")),
    options: one,
    log: ["1500 One moment. ", "2000 Here ", "2000 it is."]
  },
  {
    name: "says nothing where the text is in time",
    agent: script(after(1400, "Here.")),
    options: one,
    log: ["1400 Here."]
  },
  {
    name: "says one filler where none is to follow",
    agent: script(after(9000, "Here.")),
    options: one,
    log: ["1500 One moment. ", "9000 Here."]
  },
  {
    name: "says the next filler every so often, each text once",
    agent: script(after(19_000, "Here.")),
    options: many,
    log: ["1500 One moment. ", "4500 Still there. ", "7500 Nearly done. ", "19000 Here."]
  },
  {
    name: "stops at the limit",
    agent: script(after(15_000, "Here.")),
    options: { ...many, limit: 2 },
    log: ["1500 One moment. ", "4500 Still there. ", "15000 Here."]
  },
  {
    name: "begins from the first text again where the limit is higher",
    agent: script(after(6000, "Here.")),
    options: { after: 1000, every: 1000, texts: ["Hm.", "Well."], limit: 3 },
    log: ["1000 Hm. ", "2000 Well. ", "3000 Hm. ", "6000 Here."]
  },
  {
    name: "counts from the start of the turn, whatever else is sent meanwhile",
    agent: script(after(1000, Event.logMetric("m", 1), "", " "), after(1000, "Here.")),
    options: one,
    log: ["1000 LogMetric", "1000 ", "1000  ", "1500 One moment. ", "2000 Here."]
  },
  {
    name: "says nothing once the agent has spoken",
    agent: script(after(1000, "Here"), after(9000, " it is.")),
    options: many,
    log: ["1000 Here", "10000  it is."]
  },
  {
    name: "fills every silence of the turn where asked to, without running into a word",
    agent: script(after(1000, "Let me see. "), after(2000, "It"), after(2000, " is here.")),
    options: { ...one, until: "end" },
    log: ["1000 Let me see. ", "2500 One moment. ", "3000 It", "4500  Still there. ", "5000  is here."]
  },
  {
    name: "says nothing once the agent has asked to end the call",
    agent: script(after(1000, Event.endCall()), after(9000, Event.logMetric("m", 1))),
    options: many,
    log: ["1000 AgentEndCall", "10000 LogMetric"]
  },
  {
    name: "says nothing after the end of the call",
    agent: script(after(9000, Event.logMetric("m", 1))),
    options: many,
    event: Event.Input.cases.CallEnded.make({ eventId: "e9" }),
    log: ["9000 LogMetric"]
  },
  { name: "says nothing after the turn", agent: script(Stream.empty), options: many, log: [] }
]

describe("Filler", () => {
  for (const { agent, event, log, name, options } of table) {
    test(name, function* () {
      const result = yield* run(agent, options, event)
      assert.deepStrictEqual(result.log, log)
      assert.deepStrictEqual(result.exit, Exit.void)
    })
  }

  test("fails if the agent fails", function* () {
    const { exit, log } = yield* run(script(after(2000), Stream.fail("broken")), many)
    assert.deepStrictEqual(log, ["1500 One moment. "])
    assert.deepStrictEqual(exit, Exit.fail("broken"))
  })

  test("prefers text that is ready, however slowly it is consumed", function* () {
    const log: Array<string> = []
    const agent = script(
      Stream.make(Event.logMetric("m", 1)),
      Stream.make(Event.sendText("Ready.")),
      after(10_000, "Later.")
    )
    yield* Filler.agent(agent, many)(started, quietTurn).pipe(
      Stream.runForEach((output) =>
        Effect.delay(
          Effect.sync(() => log.push(output._tag === "AgentSendText" ? output.text : output._tag)),
          5000
        )
      )
    )
    assert.deepStrictEqual(log, ["LogMetric", "Ready.", "Later."])
  })

  test("is interrupted with its turn, which ends once the agent's finalizers have run", function* () {
    const log: Array<string> = []
    const agent: Agent.Agent<string> = () =>
      Stream.fromEffect(
        Effect.onInterrupt(Effect.never, () => Effect.sync(() => log.push("interrupted")).pipe(Effect.delay(500)))
      ).pipe(Stream.ensuring(Effect.sync(() => log.push("released"))))
    const fiber = yield* Filler.agent(agent, many)(started, quietTurn).pipe(
      Stream.runForEach((output) =>
        Effect.sync(() => log.push(Event.Output.guards.AgentSendText(output) ? output.text : ""))
      ),
      Effect.ensuring(Effect.sync(() => log.push("over"))),
      Effect.forkScoped({ startImmediately: true })
    )
    yield* pass(2000)
    fiber.interruptUnsafe()
    yield* settled
    assert.deepStrictEqual(log, ["One moment. "])
    yield* pass("10 seconds")
    assert.deepStrictEqual(log, ["One moment. ", "interrupted", "released", "over"])
  })

  /** A turn that starts work of ten seconds and says nothing more. */
  const working = (...words: ReadonlyArray<string>): Agent.Agent =>
    Agent.route({
      UserTurnEnded: (_, turn) =>
        Stream.concat(
          Stream.fromEffectDrain(turn.background("work", Effect.sleep("10 seconds"))),
          Stream.fromArray(words.map((text) => Event.sendText(text)))
        ),
      BackgroundReturned: () => Stream.make(Event.sendText("Done."))
    })
  const waiting = (agent: Agent.Agent) =>
    TestCall.run(Agent.make(agent), [Caller.says("Go"), Caller.listens(), Caller.pauses("20 seconds")])

  test("fills the wait for background work that started without a word", function* () {
    const call = yield* waiting(
      Filler.agent(working(), { after: "2 seconds", every: "3 seconds", texts: ["One moment."], limit: 9 })
    )
    assert.isAtMost(Played.longestWait(call), 3000)
    // The result starts a turn of its own when it arrives.
    const [ended] = call.entries.filter(({ _tag }) => _tag === "WorkEnded")
    const done = call.entries.find(
      (entry) => entry._tag === "TurnStarted" && entry.trigger._tag === "BackgroundReturned"
    )
    assert.isAtMost(done!.at - ended!.at, 1000)
    assert.match(Played.heard(call), /Done\.$/)
  })

  test("does not fill the wait for work that was announced, unless every silence is to be filled", function* () {
    const once: Filler.Options = { after: "2 seconds", texts: ["Still there."] }
    assert.notInclude(Played.heard(yield* waiting(Filler.agent(working("I am looking."), once))), "Still there.")
    const every = yield* waiting(Filler.agent(working("I am looking."), { ...once, until: "end" }))
    assert.include(Played.heard(every), "Still there.")
  })

  test("lets the turn end when it has nothing more to say", function* () {
    const call = yield* waiting(Filler.agent(working(), { after: "2 seconds", texts: ["One moment."] }))
    const over = call.entries.filter((entry) => entry._tag === "TurnOver")
    const [started] = call.entries.filter((entry) => entry._tag === "WorkStarted")
    assert.strictEqual(over[1]!.at, started!.at + 2000)
  })
})
