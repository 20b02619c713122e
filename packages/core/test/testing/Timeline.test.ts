import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Agent from "../../src/Agent.ts"
import { CallError } from "../../src/CallError.ts"
import * as Event from "../../src/Event.ts"
import * as Caller from "../../src/testing/Caller.ts"
import * as TestCall from "../../src/testing/TestCall.ts"
import * as Timeline from "../../src/testing/Timeline.ts"

/** The lines of a picture, without the header. */
const drawn = (happenings: ReadonlyArray<readonly [at: number, happening: Timeline.Happening]>, width = 60) =>
  Timeline.render(
    happenings.map(([at, happening]) => ({ at, ...happening })),
    { width }
  )
    .split("\n")
    .slice(1)

const sent = (output: Event.Output, turn = 1): Timeline.Happening => ({ _tag: "Sent", turn, output })
const spoken = (from: number, text: string, reported: string | null = text.trim()): Timeline.Happening => ({
  _tag: "Spoken",
  turn: 1,
  from,
  text,
  reported: reported ?? undefined
})
const reported = (report: Event.Report): Timeline.Happening => ({ _tag: "Reported", eventId: "r", report })
const left = (text: string) => `            ${text}`
const right = (text: string) => `${" ".repeat(36)}${text}`

describe("Timeline.render", () => {
  it.effect("shows the caller on the left, the agent on the right, and heard words where they were heard", () =>
    Effect.gen(function* () {
      const agent = Agent.make(
        Agent.route({
          CallStarted: () => Stream.make(Event.sendText("Bicycle shop, good morning! What can I do for you?")),
          UserTurnEnded: () =>
            Stream.make(
              Event.sendText("Good bye. ", { interruptible: false }),
              Event.endCall({ interruptible: false, reason: "done" })
            )
        })
      )
      const call = yield* TestCall.run(
        agent,
        [
          Caller.bargesIn("Nothing, sorry", { afterWords: 4 }, { transcripts: "growing", endpointing: "300 millis" }),
          Caller.listens(),
          Caller.says("Bye")
        ],
        { phone: { distorts: ({ text }) => (text === "shop," ? "chop" : undefined) } }
      )
      assert.strictEqual(
        Timeline.render(call.entries),
        [
          "            caller                                      agent",
          " 0:00.000                                               turn 1, on CallStarted",
          "                                                        sends “Bicycle shop, good morning! What can",
          "                                                        I do for you?”",
          "                                                        turn 1 is over",
          "                                                        ♪ Bicycle shop, good morning!",
          " 0:00.750                                               (“shop,” was reported as “chop”)",
          " 0:01.500   “Nothing, sorry”",
          "                                                        not spoken: “What can I do for you?”",
          " 0:02.550   has spoken",
          "                                                        turn 2, on UserTurnEnded",
          "                                                        sends “Good bye. ”",
          "                                                        wants to hang up (done)",
          "                                                        turn 2 is over",
          "                                                        ♪ Good bye.",
          " 0:03.300   ── hung up by agent (done) ──",
          "            not played: listens; says “Bye”",
          "                                                        turn 3, on CallEnded",
          "                                                        turn 3 is over",
          "            ── the call has ended ──"
        ].join("\n")
      )
    })
  )

  const pictures: ReadonlyArray<
    readonly [string, ReadonlyArray<readonly [number, Timeline.Happening]>, ReadonlyArray<string>]
  > = [
    [
      "joins what is sent in pieces, for as long as they come one after the other",
      [
        [0, sent(Event.sendText("One "))],
        [900, sent(Event.sendText("two"))],
        [2000, sent(Event.sendText("three"))]
      ],
      [
        ` 0:00.000${right("sends “One two”").slice(9)}`,
        "            … 2.0 s of silence …",
        ` 0:02.000${right("sends “three”").slice(9)}`
      ]
    ],
    [
      "joins keys that are pressed one after the other",
      [
        [0, reported({ _tag: "UserDtmfSent", button: "1" })],
        [200, reported({ _tag: "UserDtmfSent", button: "#" })]
      ],
      [" 0:00.000   presses 1#"]
    ],
    [
      "joins measurements",
      [
        [5, sent(Event.logMetric("a", 1))],
        [5, sent(Event.logMetric("b", 2))]
      ],
      [` 0:00.005${right("a = 1 · b = 2").slice(9)}`]
    ],
    [
      "joins the words of an utterance, whatever goes on meanwhile",
      [
        [100, spoken(0, "One ")],
        [150, sent(Event.logMetric("a", 1))],
        [200, spoken(100, "two ")],
        [500, spoken(400, "three")]
      ],
      [
        ` 0:00.000${right("♪ One two").slice(9)}`,
        ` 0:00.150${right("a = 1").slice(9)}`,
        ` 0:00.400${right("♪ three").slice(9)}`
      ]
    ],
    [
      "tells what was not reported",
      [[100, spoken(0, "One ", null)]],
      [` 0:00.000${right("♪ One").slice(9)}`, ` 0:00.100${right("(“One” was not").slice(9)}`, right("reported)")]
    ],
    [
      "tells long silences",
      [
        [100, spoken(0, "One ")],
        [15_100, spoken(15_000, "two")],
        [15_100, { _tag: "HungUp", by: "caller", reason: undefined }]
      ],
      [
        ` 0:00.000${right("♪ One").slice(9)}`,
        " 0:00.100   … 14.9 s of silence …",
        ` 0:15.000${right("♪ two").slice(9)}`,
        " 0:15.100   ── hung up by caller ──"
      ]
    ],
    [
      "breaks what is too long for its column, and cuts what is too long for anyone",
      [
        [0, sent(Event.sendCustom({ key: "x".repeat(300) }))],
        [61_002, reported({ _tag: "UserTextSent", content: "somebody says a thing or two" })]
      ],
      [
        ` 0:00.000${right('custom {"key":').slice(9)}`,
        ...Array.from({ length: 10 }, (_, i) => right(i === 0 ? `"${"x".repeat(22)}` : "x".repeat(23))),
        right("xx …"),
        "            … 61.0 s of silence …",
        " 1:01.002   “somebody says a thing",
        left("or two”")
      ]
    ],
    [
      "tells of tools, of work in the background and of failures",
      [
        [0, sent({ _tag: "AgentToolCalled", toolCallId: "1", toolName: "t", toolArgs: { a: 1 } })],
        [0, sent({ _tag: "AgentToolReturned", toolCallId: "1", toolName: "t", toolArgs: {}, result: 2 })],
        [0, { _tag: "WorkEnded", name: "w", respondingTo: "", delivery: "whenIdle", outcome: "Failed" }],
        [0, { _tag: "TurnFailing", turn: 1, message: "no", apology: "" }],
        [0, { _tag: "CallFailed", error: new CallError({ reason: "Turn", cause: "no" }) }],
        [0, { _tag: "Closed", fibers: 2 }]
      ],
      [
        ` 0:00.000${right('calls t({"a": 1})').slice(9)}`,
        right("t → 2"),
        right("w has ended: Failed"),
        right("turn 1 fails: no"),
        right("the call fails: no"),
        left("── 2 fibers are left ──")
      ]
    ]
  ]
  const call: Event.OutputOf<"AgentToolCalled"> = {
    _tag: "AgentToolCalled",
    toolCallId: "1",
    toolName: "find",
    toolArgs: {}
  }
  const outcome: Event.OutputOf<"AgentToolReturned"> = { ...call, _tag: "AgentToolReturned", result: "found" }
  const work = { name: "find", respondingTo: "r", delivery: "whenIdle" } as const
  const starting = { ...work, atEnd: "interrupt" } as const
  const over = { _tag: "TurnOver", turn: 1 } as const
  const background: typeof pictures = [
    [
      "says that a tool goes on when its turn leaves it, and not when its result is announced",
      [
        [0, sent(call)],
        [5, over],
        [900, { _tag: "WorkStarted", turn: 1, ...starting }],
        [900, { _tag: "WorkEnded", ...work, outcome: "Returned" }]
      ],
      [
        ` 0:00.000${right("calls find({})").slice(9)}`,
        ` 0:00.005${right("turn 1 is over").slice(9)}`,
        right("find goes on in the"),
        right("background"),
        ` 0:00.900${right("find has ended:").slice(9)}`,
        right("Returned")
      ]
    ],
    [
      "says once that a tool goes on which its agent runs as background work",
      [
        [0, sent(call)],
        [0, { _tag: "WorkStarted", turn: 1, ...starting }],
        [5, over]
      ],
      [
        ` 0:00.000${right("calls find({})").slice(9)}`,
        right("find goes on in the"),
        right("background"),
        ` 0:00.005${right("turn 1 is over").slice(9)}`
      ]
    ],
    [
      "shows the outcome of a tool that was interrupted, which goes on nowhere",
      [
        [0, sent(call)],
        [5, { _tag: "Kept", turn: 1, output: { ...outcome, result: "cancelled" } }],
        [5, over]
      ],
      [
        ` 0:00.000${right("calls find({})").slice(9)}`,
        ` 0:00.005${right('find → "cancelled"').slice(9)}`,
        right("turn 1 is over")
      ]
    ]
  ]
  for (const [name, happenings, expected] of [...pictures, ...background]) {
    it(name, () => assert.deepStrictEqual(drawn(happenings), expected))
  }

  it("keeps to its width, and never cuts a character in half", () => {
    const lines = drawn([[0, { _tag: "Noted", text: "😀".repeat(200) }]], 41)
    assert.isTrue(lines.every((line) => line.length <= 41 && line.isWellFormed()))
  })
})

describe("Timeline.note", () => {
  it.effect("does nothing outside of a simulated call", () => Timeline.note("nothing"))
})
