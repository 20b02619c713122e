import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Random, Stream } from "effect"
import { readFileSync } from "node:fs"
import * as Agent from "../../src/Agent.ts"
import * as Event from "../../src/Event.ts"
import type * as History from "../../src/History.ts"
import * as Caller from "../../src/testing/Caller.ts"
import type * as Played from "../../src/testing/Played.ts"
import * as Rules from "../../src/testing/Rules.ts"
import * as TestCall from "../../src/testing/TestCall.ts"
import type * as Timeline from "../../src/testing/Timeline.ts"

const words = (text: string) =>
  Stream.fromIterable(text.match(/\S+\s*/g) ?? []).pipe(
    Stream.mapEffect((word) => Effect.delay(Effect.succeed(Event.sendText(word)), "20 millis"))
  )
const tool = { toolCallId: "t1", toolName: "find", toolArgs: {} }

/** An agent whose call contains everything that the rules speak of. */
const agent = Agent.make(
  Agent.route({
    CallStarted: (_, turn) => turn.uninterruptible(words("This call is recorded. ")),
    UserTurnEnded: (event, turn) => {
      if (Event.text(event) === "fail") return Stream.concat(words("Let me see. "), Stream.fail("broken"))
      const calls = Stream.make<Array<Event.Output>>(
        { _tag: "AgentToolCalled", ...tool },
        { _tag: "AgentToolReturned", ...tool, result: 1 }
      )
      const work = turn.background("lookup", Effect.sleep("2 seconds"))
      return Stream.concat(Stream.fromEffectDrain(work), Stream.concat(calls, words("I am looking for it now. ")))
    },
    BackgroundReturned: () => words("There it is. ")
  })
)
const script = [
  Caller.bargesIn("look", { afterWords: 1 }),
  Caller.listens(),
  Caller.pauses("10 seconds"),
  Caller.says("fail"),
  Caller.listens()
]

type Change = (call: Played.Played) => Played.Played
const entries =
  (change: (entries: ReadonlyArray<Timeline.Entry>) => ReadonlyArray<Timeline.Entry>): Change =>
  (call) => ({ ...call, entries: change(call.entries) })
const items =
  (change: (item: History.Item) => ReadonlyArray<History.Item>): Change =>
  (call) => {
    const changed = call.history.entries.flatMap((entry) =>
      change(entry.item).map((item): History.Entry => ({ ...entry, item }))
    )
    const events = changed.flatMap(({ item }) => ("eventId" in item ? [item as History.HistoryEvent] : []))
    return { ...call, history: { entries: changed, events, unheard: [] } }
  }
const without = (wrong: (item: History.Item) => boolean) => items((item) => (wrong(item) ? [] : [item]))
const twice = (wrong: (item: History.Item) => boolean) => items((item) => (wrong(item) ? [item, item] : [item]))

const at = (all: ReadonlyArray<Timeline.Entry>, wanted: (entry: Timeline.Entry) => boolean) => {
  const index = all.findIndex(wanted)
  assert.isAtLeast(index, 0, "the call has no such entry")
  return index
}
const is = (tag: Timeline.Entry["_tag"]) => (entry: Timeline.Entry) => entry._tag === tag
/** Moves an entry to another time, without the entries behind it that came at the same moment. */
const later = (wanted: (entry: Timeline.Entry) => boolean, ms: number) =>
  entries((all) => {
    const index = at(all, wanted)
    const moved = { ...all[index]!, at: all[index]!.at + ms }
    const rest = all.toSpliced(index, 1)
    const place = rest.findIndex((entry) => entry.at > moved.at)
    return rest.toSpliced(place < 0 ? rest.length : place, 0, moved)
  })
const insert = (after: (entry: Timeline.Entry) => boolean, ...added: ReadonlyArray<Timeline.Happening>) =>
  entries((all) => {
    const index = at(all, after)
    return all.toSpliced(index + 1, 0, ...added.map((entry) => ({ at: all[index]!.at, ...entry })))
  })
const drop = (wanted: (entry: Timeline.Entry) => boolean) => entries((all) => all.toSpliced(at(all, wanted), 1))
const isEvent = (tag: string) => (item: History.Item) => item._tag === tag
const decidedOn = (tag: string, decision: string) => (entry: Timeline.Entry) =>
  entry._tag === "Decided" && entry.event._tag === tag && entry.decision === decision
const text = Event.sendText("more")

// What each rule should catch, made by hand in the log of a valid call.
const breaks: ReadonlyArray<readonly [rule: number, what: string, Change]> = [
  [1, "a turn that starts late", later((entry) => entry._tag === "TurnStarted" && entry.turn === 2, 5)],
  [1, "a turn that nothing has started", drop(decidedOn("UserTurnEnded", "Run"))],
  [1, "a turn beside another", drop((entry) => entry._tag === "TurnOver" && entry.turn === 2)],
  [
    1,
    "a turn that sends when it was closed",
    (call) =>
      insert((entry) => entry._tag === "TurnStarted" && entry.turn === 3, { _tag: "Sent", turn: 2, output: text })(call)
  ],
  [1, "an event that is never answered", drop((entry) => entry._tag === "TurnStarted" && entry.turn === 3)],
  [2, "an event that is looked at later", later(decidedOn("UserTextSent", "Keep"), 7)],
  [2, "a report that is taken late", later((entry) => entry._tag === "Taken", 7)],
  [3, "a tool call without an outcome", without(isEvent("AgentToolReturned"))],
  [3, "a tool call with two outcomes", twice(isEvent("AgentToolReturned"))],
  [3, "an outcome without a call", without(isEvent("AgentToolCalled"))],
  [5, "words that are not on the record", without(isEvent("AgentTextSent"))],
  [
    5,
    "words with other spacing",
    items((item) =>
      item._tag === "AgentTextSent" ? [{ ...item, content: item.content.replaceAll(" ", "  ") }] : [item]
    )
  ],
  [7, "a result that is lost", without(isEvent("BackgroundReturned"))],
  [
    7,
    "a result that comes twice",
    (call) => {
      const again = call.entries.find(decidedOn("BackgroundReturned", "Run"))!
      return insert((entry) => entry === again, again)(call)
    }
  ],
  [7, "a result that does not use the silence", later(decidedOn("BackgroundReturned", "Run"), 50)],
  [
    7,
    "a result that comes into the conversation",
    (call) =>
      insert((entry) => entry._tag === "WorkEnded", {
        _tag: "Reported",
        eventId: "x",
        report: { _tag: "UserTurnStarted" }
      })(call)
  ],
  [8, "a call that does not end", drop(is("Ended"))],
  [
    8,
    "fibers that are left",
    entries((all) => all.map((entry) => (entry._tag === "Closed" ? { ...entry, fibers: 2 } : entry)))
  ],
  [8, "something sent after the caller had gone", insert(is("HungUp"), { _tag: "Sent", turn: 4, output: text })],
  [
    8,
    "a turn that starts after the end",
    (call) => {
      const turn = call.entries.find(is("TurnStarted"))!
      return insert(is("Ended"), turn)(call)
    }
  ],
  [8, "a late end", later(is("Ended"), 20_000)],
  [8, "a history that does not end", without(isEvent("CallEnded"))],
  [9, "a failure that is not on the record", without(isEvent("TurnFailed"))],
  [9, "a failure that is there twice", twice(isEvent("TurnFailed"))],
  [
    9,
    "a failure that nobody was told of",
    drop(
      (entry) => entry._tag === "Sent" && entry.output._tag === "AgentSendText" && entry.output.text.startsWith("Sorry")
    )
  ],
  [
    9,
    "an apology that comes twice",
    (call) => {
      const sorry = call.entries.find(
        (entry) =>
          entry._tag === "Sent" && entry.output._tag === "AgentSendText" && entry.output.text.startsWith("Sorry")
      )!
      return insert((entry) => entry === sorry, sorry)(call)
    }
  ],
  [
    1,
    "a turn that its harness was not told of",
    drop((entry) => entry._tag === "TurnTold" && entry.turn === 2 && entry.change === "Started")
  ],
  [
    1,
    "a text that was never handed over",
    (call) => ({
      ...call,
      history: {
        ...call.history,
        entries: [...call.history.entries, { key: 999, turn: 2, item: Event.sendText("never") }]
      }
    })
  ],
  [
    7,
    "a result that comes before what was said has been heard",
    entries((all) => {
      const index = at(all, decidedOn("BackgroundReturned", "Run"))
      const output = Event.sendText("There is more to come. ")
      return all.toSpliced(index, 0, { at: all[index]!.at, _tag: "Sent", turn: 2, output })
    })
  ],
  [
    7,
    "a result that is answered in two turns",
    entries((all) => {
      const index = at(all, (entry) => entry._tag === "TurnStarted" && entry.trigger._tag === "BackgroundReturned")
      return all.toSpliced(index, 0, all[index]!)
    })
  ],
  [
    9,
    "an interruption that nobody asked for and nobody was told of",
    (call) =>
      entries((all) => {
        const index = at(all, (entry) => entry._tag === "TurnLeft" && entry.turn === 3)
        return all.toSpliced(index, 0, { at: all[index]!.at, _tag: "TurnInterrupted", turn: 3, apology: "Sorry" })
      })(call)
  ],
  [
    11,
    "a turn of the caller that nothing follows",
    entries((all) => all.filter((entry) => entry._tag !== "Sent" || entry.turn === 1))
  ],
  [
    11,
    "an answer that is called overdue and is not",
    insert((entry) => entry._tag === "TurnStarted" && entry.turn === 2, {
      _tag: "Decided",
      decision: "Keep",
      event: { _tag: "AnswerOverdue", eventId: "o", respondingTo: "x", seconds: 1 }
    })
  ],
  [
    12,
    "a log that grows without a cause",
    insert(is("TurnStarted"), ...Array.from({ length: 200 }, () => ({ _tag: "Logged", level: "Error" }) as const))
  ],
  [
    12,
    "turns that start out of nothing",
    (call) => {
      const turn = call.entries.find(is("TurnStarted"))!
      return insert(is("TurnStarted"), ...Array.from({ length: 20 }, () => turn))(call)
    }
  ],
  [
    10,
    "a region that was cut",
    (call) => {
      const begin = insert(decidedOn("UserTurnStarted", "Cancel"), { _tag: "RegionLeft", turn: 1, how: "Cut" })
      const region: Change = insert(is("TurnStarted"), { _tag: "RegionEntered", turn: 1 })
      return begin(region(late(call)))
    }
  ]
]

/** The first turn, if it runs until the caller speaks. */
const late: Change = entries((all) => all.filter((entry) => !(entry._tag === "TurnOver" && entry.turn === 1)))

describe("Rules", () => {
  it("are twelve, stated in the same words as in the documentation", () => {
    assert.deepStrictEqual(
      Rules.statements.map(({ number }) => number),
      Array.from({ length: 12 }, (_, index) => index + 1)
    )
    const page = readFileSync(new URL("../../../../docs/rules.md", import.meta.url), "utf8")
      .replace(/\*/g, "")
      .replace(/\s+/g, " ")
    for (const { sentence } of Rules.statements) assert.include(page, sentence)
  })

  it.effect("hold for a call of the runtime", () =>
    Effect.map(TestCall.run(agent, script), (call) => assert.deepStrictEqual(Rules.breaches(call), []))
  )

  for (const [rule, what, change] of breaks) {
    it.effect(`rule ${rule} catches ${what}`, () =>
      Effect.map(TestCall.run(agent, script), (call) => {
        const rules = Rules.breaches(change(call)).map((breach) => breach.rule)
        assert.include(rules, rule)
      })
    )
  }

  const teller = Agent.make(
    Agent.route({
      CallStarted: () => words("This call is recorded, to train the people who work here. "),
      UserTurnEnded: () => words("I said that it is so.")
    })
  )
  const noisy = TestCall.run(teller, [Caller.listens(), Caller.says("Why?"), Caller.listens()], {
    phone: { distorts: ({ text }) => (text === "is" ? "wyx" : undefined) }
  })

  it.effect("rule 5 locates a word that was read out differently, even if it occurs again later", () =>
    Effect.map(noisy, (call) => {
      const first = items((item) =>
        item._tag === "AgentTextSent" ? [{ ...item, content: item.content.replace("call wyx", "call is") }] : [item]
      )(call)
      assert.notDeepEqual(first.history, call.history)
      assert.deepStrictEqual(Rules.breaches(first), [])
    })
  )

  it.effect("rule 5 catches losses after a word that was read out differently", () =>
    Effect.map(noisy, (call) => {
      const cut = items((item) =>
        item._tag === "AgentTextSent" ? [{ ...item, content: item.content.replace(/wyx.*/, "") }] : [item]
      )
      assert.deepStrictEqual(
        Rules.breaches(cut(call)).map(({ rule }) => rule),
        [5]
      )
    })
  )

  it.effect("check dies with the shortest failing call, and its seed fails again", () =>
    Effect.gen(function* () {
      const forgetful = Agent.make(
        Agent.route({
          UserDtmfSent: () => Stream.make<[Event.Output]>({ _tag: "AgentToolCalled", ...tool })
        }),
        { run: ["UserDtmfSent"] }
      )
      const exit = yield* Effect.exit(Rules.check(forgetful, { calls: 50, tempers: ["keypad"] }))
      const message = String(Exit.isFailure(exit) ? exit.cause : "")
      assert.include(message, "rule 3")
      const seed = Number(/seed (\d+)/.exec(message)?.[1])
      const steps = message.split("The script of the call:")[1]!.split("\n\n")[0]!.trim().split("\n")
      assert.strictEqual(steps.length, 1, message)
      assert.match(steps[0]!, /Presses keys: "."/)
      const again = yield* Effect.exit(Rules.check(forgetful, { calls: 1, seed, tempers: ["keypad"] }))
      assert.isTrue(Exit.isFailure(again))
    })
  )

  it.effect("check is reproducible with the same seed", () =>
    Effect.gen(function* () {
      const shaky = () => Effect.map(Random.nextInt, (n) => Agent.make(() => Stream.make(Event.sendText(`${n} `))))
      const record = () => {
        const calls: Array<string> = []
        return Effect.as(
          Rules.check(shaky, {
            calls: 20,
            seed: 5,
            onCall: ({ played }) => Effect.sync(() => void calls.push(JSON.stringify(played.entries)))
          }),
          calls
        )
      }
      assert.deepStrictEqual(yield* record(), yield* record())
    })
  )

  it.effect("check also runs the given checks", () =>
    Effect.gen(function* () {
      const polite: Rules.Check = (call) =>
        call.entries.some((entry) => entry._tag === "Spoken") ? [] : [{ rule: 0, at: 0, what: "nothing was said" }]
      const exit = yield* Effect.exit(
        Rules.check(
          Agent.make(() => Stream.empty),
          { calls: 3, also: [polite] }
        )
      )
      assert.include(String(Exit.isFailure(exit) ? exit.cause : ""), "nothing was said")
    })
  )
})
