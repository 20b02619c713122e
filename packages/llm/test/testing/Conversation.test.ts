import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as History from "@antiphon/core/History"
import * as Caller from "@antiphon/core/testing/Caller"
import * as TestCall from "@antiphon/core/testing/TestCall"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Conversation from "../../src/testing/Conversation.ts"

type Sent = readonly [turn: number, item: History.Item]
type Happened = Sent | Event.Report

const history = (...items: ReadonlyArray<Happened>): History.History =>
  History.make(() =>
    items.map((line, key) =>
      "_tag" in line
        ? { key, turn: 0, item: { eventId: `e${key}`, ...line } as History.Item }
        : { key, turn: line[0], item: line[1] }
    )
  )
const says = (turn: number, text: string): Sent => [turn, Event.sendText(text)]
const heard = (content: string): Event.Report => ({ _tag: "AgentTextSent", content })
const caller = (content: string): Event.Report => ({ _tag: "UserTextSent", content })
const called = (id: string, result?: unknown): Sent => [
  1,
  result === undefined
    ? { _tag: "AgentToolCalled", toolCallId: id, toolName: "hours", toolArgs: { day: "sunday" } }
    : { _tag: "AgentToolReturned", toolCallId: id, toolName: "hours", toolArgs: { day: "sunday" }, result }
]

const text = (...items: ReadonlyArray<Happened>) =>
  Conversation.toText(Conversation.fromHistory(history(...items))).split("\n")

describe("Conversation.fromHistory", () => {
  it("shows which part of a reply was heard, and which was not", () => {
    assert.deepStrictEqual(
      text(says(1, "We are open "), says(1, "from nine to six."), heard("We are open"), caller("Thanks, bye")),
      ['agent says "We are open"; the caller does not hear the rest: "from nine to six."', 'caller says "Thanks, bye"']
    )
  })

  it("shows that nothing of a reply was heard", () => {
    assert.deepStrictEqual(text(says(1, "Hello?"), caller("Anybody there")), [
      'agent says "Hello?", of which the caller hears nothing',
      'caller says "Anybody there"'
    ])
  })

  it("skips a word that is spoken differently", () => {
    assert.deepStrictEqual(text(says(1, "It costs 5 euros. Anything else?"), heard("It costs five euros.")), [
      'agent says "It costs five euros."; the caller does not hear the rest: "Anything else?"'
    ])
  })

  it("gives up the rest of an interrupted reply once the next one is heard", () => {
    assert.deepStrictEqual(
      text(
        says(1, "The menu has soup, salad and fish."),
        heard("The menu has"),
        caller("What about bread"),
        says(2, "Bread is free."),
        heard("Bread is free.")
      ),
      [
        'agent says "The menu has"; the caller does not hear the rest: "soup, salad and fish."',
        'caller says "What about bread"',
        'agent says "Bread is free."'
      ]
    )
  })

  it("follows one report across the replies of two turns", () => {
    assert.deepStrictEqual(text(says(1, "One moment."), says(2, "It is closed."), heard("One moment. It is clo")), [
      'agent says "One moment."',
      'agent says "It is clo"; the caller does not hear the rest: "closed."'
    ])
  })

  it("follows speech in scripts without spaces", () => {
    assert.deepStrictEqual(text(says(1, "你好，我是助手。"), heard("你好，")), [
      'agent says "你好，"; the caller does not hear the rest: "我是助手。"'
    ])
  })

  it("shows words that were heard but never sent", () => {
    assert.deepStrictEqual(text(heard("Please hold.")), ['agent says "Please hold."'])
  })

  it("counts everything as heard on request", () => {
    const lines = Conversation.fromHistory(history(says(1, "Good "), says(1, "morning"), heard("Good")), {
      assumeHeard: true
    })
    assert.deepStrictEqual(lines, [{ _tag: "AgentSaid", heard: "Good morning", unheard: "" }])
  })

  it("shows a tool with its outcome where it was called, and one without", () => {
    assert.deepStrictEqual(text(called("a"), called("b"), called("a", { open: "nö" })), [
      'tool "hours" is called with {"day": "sunday"}, result "{\\"open\\": \\"nö\\"}"',
      'tool "hours" is called with {"day": "sunday"}, without a result'
    ])
  })

  it("joins key presses and partial transcripts, and notes other events", () => {
    assert.deepStrictEqual(
      text(
        caller("I want"),
        caller("a table"),
        { _tag: "UserDtmfSent", button: "1" },
        { _tag: "UserDtmfSent", button: "#" },
        [1, Event.transferCall("+49 30 1234")],
        [1, Event.endCall()],
        [1, Event.logMetric("ms", 3)]
      ),
      [
        'caller says "I want a table"',
        'caller presses "1#"',
        'note "the agent asks to transfer the call to +49 30 1234"',
        'note "the agent asks to hang up"'
      ]
    )
  })

  it("keeps line breaks and quotes within the text", () => {
    assert.deepStrictEqual(text(caller('He said "no"\ncaller says "yes"')), [
      'caller says "He said \\"no\\"\\ncaller says \\"yes\\""'
    ])
  })
})

describe("Conversation.fromPlayed", () => {
  const agent = () =>
    Effect.succeed(
      Agent.make(
        Agent.route({
          CallStarted: () => Stream.make(Event.sendText("Good morning, this is the bicycle shop in Harbour Street.")),
          UserTurnEnded: () =>
            Stream.fromEffect(Effect.as(Effect.sleep("3 seconds"), Event.sendText("We open at nine."))).pipe(
              Stream.concat(Stream.make(Event.endCall()))
            )
        })
      )
    )

  it.effect("shows a call with its times, what was cut off, and the silence", () =>
    Effect.gen(function* () {
      const played = yield* TestCall.run(
        agent,
        [Caller.bargesIn("When do you open?", { afterWords: 3 }), Caller.listens()],
        { phone: { wordsPerMinute: 120 } }
      )
      assert.deepStrictEqual(Conversation.toText(Conversation.fromPlayed(played)).split("\n"), [
        '0:00.0 agent says "Good morning, this"; the caller does not hear the rest: "is the bicycle shop in Harbour Street."',
        '0:01.5 caller says "When do you open?"',
        "0:03.0 silence of 3.0 s",
        '0:06.0 note "the agent asks to hang up"',
        '0:06.0 agent says "We open at nine."',
        '0:08.0 note "the agent has hung up"'
      ])
    })
  )

  it.effect("shows what was left unspoken when the caller hung up", () =>
    Effect.gen(function* () {
      const played = yield* TestCall.run(agent, [Caller.hears(2), Caller.hangsUp])
      assert.deepStrictEqual(Conversation.fromPlayed(played), [
        {
          _tag: "AgentSaid",
          atMs: 0,
          heard: "Good morning, ",
          unheard: "this is the bicycle shop in Harbour Street."
        },
        { _tag: "Noted", atMs: 750, text: "the caller hangs up" }
      ])
    })
  )
})

describe("Conversation.mentions", () => {
  const call = Conversation.fromHistory(
    history(says(1, "We open at nine, Mr. O'Hara."), heard("We open"), called("a", "no"))
  )

  for (const [quote, found] of [
    ["we OPEN at nine", true],
    ["at nine, Mr O’Hara", true],
    ["sunday", true],
    ["we close", false]
  ] as const) {
    it(`${found ? "finds" : "does not find"} “${quote}”`, () =>
      assert.strictEqual(Conversation.mentions(call, quote), found))
  }
})
