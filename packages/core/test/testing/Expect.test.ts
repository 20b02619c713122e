import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Agent from "../../src/Agent.ts"
import * as Event from "../../src/Event.ts"
import * as Caller from "../../src/testing/Caller.ts"
import * as Expect from "../../src/testing/Expect.ts"
import type * as Played from "../../src/testing/Played.ts"
import * as TestCall from "../../src/testing/TestCall.ts"

const weather = { toolCallId: "1", toolName: "weather", toolArgs: { city: "Oslo", days: [1, 2] } }
const agent = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Hello, this is the weather service. How can I help you today?")),
    UserTurnEnded: () =>
      Stream.make<ReadonlyArray<Event.Output>>(
        { _tag: "AgentToolCalled", ...weather },
        { _tag: "AgentToolReturned", ...weather, result: { sky: "sunny", degrees: 21 } },
        { _tag: "AgentToolCalled", toolCallId: "2", toolName: "radar", toolArgs: {} },
        Event.sendText("It is sunny. ")
      ),
    UserDtmfSent: () => Stream.fail("no such key")
  }),
  { run: ["CallStarted", "UserTurnEnded", "UserDtmfSent"] }
)

/** The caller waits 4 s, barges in at 1 s, and waits 300 ms for an answer. */
const played = TestCall.run(agent, [
  Caller.bargesIn("And in Oslo", { at: "1 second" }, { endpointing: "300 millis" }),
  Caller.listens(),
  Caller.pauses("4 seconds"),
  Caller.presses("7"),
  Caller.listens(),
  Caller.hangsUp,
  Caller.says("Never said")
])

type Check = (call: Played.Played) => void

describe("Expect", () => {
  it.effect("fails with an error that prints as its message, and carries the entries", () =>
    Effect.gen(function* () {
      const call = yield* played
      const error = yield* Effect.flip(
        Effect.try({ try: () => Expect.heard(call, "nothing"), catch: (error) => error as Expect.ExpectationError })
      )
      assert.deepStrictEqual(Object.keys(error), ["name"])
      assert.strictEqual(error.entries, call.entries)
    })
  )

  const cases: ReadonlyArray<
    readonly [name: string, met: ReadonlyArray<Check>, notMet: ReadonlyArray<readonly [Check, string]>]
  > = [
    [
      "heard",
      [
        (call) => Expect.heard(call, "Hello, this"),
        (call) => Expect.heard(call, /IS SUNNY/i),
        (call) => Expect.heard(call, "It is", "2425 millis"),
        (call) => Expect.heard(call, /is/g, { from: "2 seconds", to: "3 seconds" }),
        (call) => Expect.heard(call, "It is", { from: "2425 millis", to: "2425 millis" }),
        (call) => Expect.heard(call, "this It is")
      ],
      [
        [(call) => Expect.heard(call, "weather service"), "The caller has not heard “weather service”."],
        [(call) => Expect.heard(call, "Hello", "5 millis"), "The caller has not heard “Hello” at 5ms, but at 0."],
        [
          (call) => Expect.heard(call, /[Ii]s/, { from: "5 seconds" }),
          "The caller has not heard /[Ii]s/ from 5s, but at 375ms and 2s 800ms."
        ]
      ]
    ],
    [
      "notHeard",
      [(call) => Expect.notHeard(call, "weather")],
      [[(call) => Expect.notHeard(call, /sunny/), "The caller has heard /sunny/."]]
    ],
    [
      "said",
      [(call) => Expect.said(call, "weather service"), (call) => Expect.said(call, "It is", "2425 millis")],
      [
        [(call) => Expect.said(call, "rain"), "The agent has not said “rain”."],
        [
          (call) => Expect.said(call, "It is", { to: "1 second" }),
          "The agent has not said “It is” until 1s, but at 2s 425ms."
        ]
      ]
    ],
    [
      "output",
      [
        (call) => Expect.output(call, { _tag: "AgentSendText", text: /sunny/ }),
        (call) => Expect.output(call, { _tag: "AgentToolCalled", toolArgs: { city: "Oslo" } }, "2425 millis")
      ],
      [
        [(call) => Expect.output(call, { _tag: "AgentEndCall" }), 'The agent has sent no {"_tag": "AgentEndCall"}.'],
        [
          (call) => Expect.output(call, { _tag: "AgentToolCalled", toolArgs: { city: /Bergen/ }, toolName: "weather" }),
          'In the nearest, toolArgs.city is "Oslo", and does not match /Bergen/.'
        ],
        [
          (call) => Expect.output(call, { _tag: "AgentSendText", text: /sunny/ }, "1 second"),
          'The agent has sent no {"_tag": "AgentSendText", "text": /sunny/} at 1s, but at 2s 425ms.'
        ]
      ]
    ],
    [
      "noOutput",
      [(call) => Expect.noOutput(call, { _tag: "AgentEndCall" })],
      [
        [
          (call) => Expect.noOutput(call, { _tag: "AgentToolCalled", toolName: "radar" }),
          'The agent has sent {"_tag": "AgentToolCalled", "toolName": "radar"}.'
        ]
      ]
    ],
    [
      "event",
      [
        (call) => Expect.event(call, { _tag: "UserDtmfSent", button: "7" }),
        (call) => Expect.event(call, { _tag: "UserTurnStarted" }, "1 second"),
        (call) => Expect.event(call, { _tag: "CallStarted" }, "0 millis")
      ],
      [
        [
          (call) => Expect.event(call, { _tag: "UserDtmfSent", button: "8" }),
          'The call has no event {"_tag": "UserDtmfSent", "button": "8"}. In the nearest, button is "7", not "8".'
        ],
        [
          (call) => Expect.event(call, { _tag: "UserTextSent", content: "はい" }),
          'The call has no event {"_tag": "UserTextSent", "content": "はい"}.'
        ],
        [
          (call) => Expect.event(call, { _tag: "UserTurnStarted" }, 999),
          'The call has no event {"_tag": "UserTurnStarted"} at 999ms, but at 1s'
        ]
      ]
    ],
    [
      "tool",
      [
        (call) => Expect.tool(call, "weather"),
        (call) => Expect.tool(call, "weather", { args: { city: /^O/ }, result: { degrees: 21 } }, { to: "3 seconds" }),
        (call) => Expect.tool(call, "weather", { args: { days: [1, 2] } }),
        (call) => Expect.tool(call, "weather", { args: /Oslo/, result: /"degrees": 21/ }),
        (call) => Expect.tool(call, "weather", { args: { days: [/1/, 2] }, result: { sky: /sun/, degrees: /^2/ } })
      ],
      [
        [
          (call) => Expect.tool(call, "radar", { result: "on" }),
          'No call of radar with {"result": "on"}. In the nearest, result is missing. Called: weather({"city": "Oslo", "days": [1, 2]}) → {"sky": "sunny", "degrees": 21}, radar({}).'
        ],
        [
          (call) => Expect.tool(call, "weather", { args: { days: [1] } }),
          'No call of weather with {"args": {"days": [1]}}. In the nearest, args.days has 2 items, not 1. Called:'
        ],
        [
          (call) => Expect.tool(call, "weather", { args: { days: [1, /3/] }, result: { sky: /rain/ } }),
          'In the nearest, args.days[1] is 2, and does not match /3/; result.sky is "sunny", and does not match /rain/.'
        ],
        [
          (call) => Expect.tool(call, "weather", { result: /rain/ }),
          'result is {"sky": "sunny", "degrees": 21}, and does not match /rain/.'
        ],
        [(call) => Expect.tool(call, "weather", {}, "1 second"), "No call of weather at 1s, but at 2s 425ms."]
      ]
    ],
    [
      "noTool",
      [(call) => Expect.noTool(call, "order")],
      [[(call) => Expect.noTool(call, "radar"), "radar was called."]]
    ],
    ["prompt", [], [[(call) => Expect.prompt(call, 1, "Be brief"), "Models were asked 0 times, not 1 times."]]],
    [
      "waitAtMost",
      [(call) => Expect.waitAtMost(call, "5 seconds")],
      [[(call) => Expect.waitAtMost(call, "299 millis"), "longer than 299ms"]]
    ],
    [
      "silence",
      [
        (call) => Expect.silence(call, { after: "caller", before: "agent", lasts: "300 millis" }),
        (call) => Expect.silence(call, { lasts: { from: "4 seconds" } })
      ],
      [
        [(call) => Expect.silence(call, { before: "nobody" }), 'There was no such silence: {"before": "nobody"}.'],
        [
          (call) => Expect.silence(call, { after: "nobody", lasts: { from: 1 } }),
          'There was no such silence: {"after": "nobody", "lasts": {"from": 1}}. There were: 250ms from agent to caller, 300ms from caller to agent, 4s from agent to agent.'
        ]
      ]
    ],
    [
      "noSilence",
      [(call) => Expect.noSilence(call, { after: "caller", lasts: { from: "301 millis" } })],
      [[(call) => Expect.noSilence(call, { after: "caller" }), 'There was such a silence: {"after": "caller"}.']]
    ],
    [
      "scriptPlayed",
      [],
      [[(call) => Expect.scriptPlayed(call), "The script was not played to its end: says “Never said”."]]
    ],
    [
      "endedBy",
      [(call) => Expect.endedBy(call, "caller")],
      [
        [(call) => Expect.endedBy(call, "agent", "done"), "The call was ended by caller, not by agent (done)."],
        [(call) => Expect.endedBy(call, "agent"), "The call was ended by caller, not by agent."],
        [(call) => Expect.endedBy(call, "caller", "done"), "The call was ended by caller, not by caller (done)."]
      ]
    ],
    ["noFailure", [], [[(call) => Expect.noFailure(call), "Turn 3 has failed: no such key."]]],
    ["nothingLeft", [(call) => Expect.nothingLeft(call)], []]
  ]
  for (const [name, met, notMet] of cases) {
    it.effect(`${name} passes if it is met, and otherwise says what it expected`, () =>
      Effect.gen(function* () {
        const call = yield* played
        for (const check of met) check(call)
        for (const [check, message] of notMet) {
          assert.throws(() => check(call), Expect.ExpectationError)
          try {
            check(call)
          } catch (error) {
            const [first = "", blank, ...timeline] = (error as Error).message.split("\n")
            assert.include(first, message)
            assert.strictEqual(blank, "")
            assert.include(timeline.join("\n"), "♪ Hello, this")
          }
        }
      })
    )
  }
})
