import { assert, describe, it } from "@effect/vitest"
import * as Floor from "../src/Floor.ts"
import * as FloorPolicy from "../src/FloorPolicy.ts"
import * as Script from "./floorScript.ts"

const {
  dtmf,
  eagerEnd,
  final,
  heard,
  lines,
  partial,
  play,
  predict,
  pressed,
  quiet,
  released,
  said,
  silence,
  speaks,
  speech,
  still,
  sttEnded,
  sttResumed,
  thinks,
  tick,
  tools
} = Script

const stt: FloorPolicy.FloorPolicy = { ...still, endpointing: "stt" }
const deaf: FloorPolicy.FloorPolicy = { ...still, partials: false }
/** "I would like a table.", ended at 2400: silence from 2000, and the text looks complete. */
const table = [
  speech(1000),
  partial(1500, "I would like"),
  silence(2000),
  predict(2110, "I would like a table.", { endOfTurn: 1 }),
  final(2110, "I would like a table.")
]
const tableTurn = [
  "1064 TurnStarted 1 1000",
  "2210 TurnTentative 1 I would like a table.",
  "2400 TurnCommitted 1 I would like a table."
]
/** The agent speaks from 1000 on; nobody has spoken before. */
const greeting = [speaks(1000), heard(1100)]

describe("Floor: turns of the user", () => {
  it("starts with speech, becomes tentative after a short silence, and ends after a longer one", () => {
    assert.deepStrictEqual(lines(still, ...table), tableTurn)
  })

  it("waits longer for words that do not look complete", () => {
    assert.deepStrictEqual(
      lines(
        still,
        speech(1000),
        silence(2000),
        predict(2100, "my number is", { endOfTurn: 0 }),
        final(2100, "my number is")
      ),
      ["1064 TurnStarted 1 1000", "4000 TurnEnded 1 my number is"]
    )
  })

  it("waits as long as a detector says, if there is one", () => {
    assert.deepStrictEqual(
      lines(still, speech(1000), silence(2000), final(2100, "so"), predict(2100, "so", { endOfTurn: 0, waitMs: 900 })),
      ["1064 TurnStarted 1 1000", "2900 TurnEnded 1 so"]
    )
  })

  it("ignores a judgement of other words than the turn's", () => {
    const found = lines(
      still,
      speech(1000),
      silence(2000),
      predict(2100, "my number", { endOfTurn: 1 }),
      final(2100, "my")
    )
    assert.strictEqual(found.at(-1), "3040 TurnCommitted 1 my")
  })

  it("waits briefly for the final transcript of a partial", () => {
    assert.deepStrictEqual(
      lines(
        { ...still, speculations: 0 },
        speech(1000),
        partial(1900, "yes."),
        predict(1900, "yes.", { endOfTurn: 1 }),
        silence(2000)
      ),
      ["1064 TurnStarted 1 1000", "2600 TurnEnded 1 yes."]
    )
  })

  it("counts silence from its start in the audio, not from when it was detected", () => {
    const late = { ...silence(2000), at: silence(2250).at }
    const words = table.filter((event) => event._tag !== "SpeechEnded")
    assert.strictEqual(lines(still, ...words, late).at(-1), "2400 TurnCommitted 1 I would like a table.")
  })

  it("counts silence from the end of words the voice detector missed", () => {
    const found = lines(still, final(2000, "hello", 1800), predict(2000, "hello", { endOfTurn: 1 }))
    assert.deepStrictEqual(found.at(-1), "2200 TurnCommitted 1 hello")
  })

  it("continues if the user does, and reports the pause within it", () => {
    assert.deepStrictEqual(
      lines(
        still,
        speech(1000),
        silence(2000),
        final(2100, "I would like"),
        speech(2300),
        partial(2700, "a table"),
        silence(3000),
        final(3100, "a table.")
      ),
      [
        "1064 TurnStarted 1 1000",
        "2200 TurnTentative 1 I would like",
        "2700 Hesitated 1 300",
        "2700 TurnResumed 1",
        "3120 TurnTentative 1 I would like a table.",
        "4040 TurnCommitted 1 I would like a table."
      ]
    )
  })

  it("does not learn a pause that only a cough ended", () => {
    const found = lines(still, ...table.slice(0, 3), final(2110, "I would like a"), speech(2300), silence(2400))
    assert.isFalse(found.some((line) => line.includes("Hesitated")))
  })

  it("keeps a speculation interrupted by a cough, since its words are the same", () => {
    const found = lines(still, ...table, speech(2230), silence(2300))
    assert.deepStrictEqual(found, [
      "1064 TurnStarted 1 1000",
      "2210 TurnTentative 1 I would like a table.",
      "2700 TurnCommitted 1 I would like a table."
    ])
  })

  it("speculates no more often than the policy allows", () => {
    const words = Array.from({ length: 6 }, (_, index) => final(2100 + 150 * index, `w${index}`))
    const found = lines(still, speech(1000), silence(2000), ...words)
    assert.lengthOf(
      found.filter((line) => line.includes("TurnTentative")),
      still.speculations
    )
  })

  it("is committed even with better punctuation, as long as the words are the same", () => {
    const found = lines(
      still,
      speech(1000),
      partial(1900, "i'd like a table"),
      silence(2000),
      predict(2000, "I'd like a table", { endOfTurn: 1 }),
      final(2300, "I'd like a table.")
    )
    assert.deepStrictEqual(found.slice(1), [
      "2120 TurnTentative 1 i'd like a table",
      "2400 TurnCommitted 1 I'd like a table."
    ])
  })

  it("joins texts without a space in scripts that have none", () => {
    const found = lines(still, speech(1000), final(1500, "予約を"), final(1900, "お願いします。"), silence(2000))
    assert.strictEqual(found.at(-1), "3040 TurnCommitted 1 予約をお願いします。")
  })
})

describe("Floor: reopening", () => {
  it("late text joins its turn, and retracts the reply", () => {
    assert.deepStrictEqual(lines(still, ...table, speaks(2500), final(2550, "For two.")), [
      ...tableTurn,
      "2550 Cut 1 Reopened",
      "2550 TurnResumed 1",
      "2650 TurnTentative 1 I would like a table. For two.",
      "3040 TurnCommitted 1 I would like a table. For two."
    ])
  })

  it("continued speech holds the reply, and its words join the turn", () => {
    assert.deepStrictEqual(
      lines(still, ...table, speech(2450), partial(2800, "for two"), silence(3000), final(3100, "for two.")),
      [
        ...tableTurn,
        "2514 Pause",
        "2800 Hesitated 1 450",
        "2800 Cut 1 Reopened",
        "2800 TurnResumed 1",
        "3120 TurnTentative 1 I would like a table. for two.",
        "4040 TurnCommitted 1 I would like a table. for two."
      ]
    )
  })

  it("a cough before the reply holds it for a moment, without a new reply", () => {
    assert.deepStrictEqual(lines(still, ...table, speech(2450), silence(2600)), [
      ...tableTurn,
      "2514 Pause",
      "3200 Resume"
    ])
  })

  it("once the first sample was heard, late words are a turn of their own, without repeated words", () => {
    assert.deepStrictEqual(lines(still, ...table, speaks(2500), heard(2600), final(2700, "For two.")).slice(3), [
      "2700 Cut 1 Interrupted",
      "2700 TurnStarted 2 2700",
      "2820 TurnTentative 2 For two.",
      "3740 TurnCommitted 2 For two."
    ])
  })

  it("a final transcript with the words of the partial is not reported again", () => {
    const found = lines(
      { ...still, speculations: 0 },
      speech(1000),
      partial(1900, "a table for"),
      predict(1900, "a table for", { endOfTurn: 1 }),
      silence(2000),
      speaks(2700),
      heard(2800),
      final(2900, "A table for two.")
    )
    assert.deepStrictEqual(found, [
      "1064 TurnStarted 1 1000",
      "2600 TurnEnded 1 a table for",
      "2900 Cut 1 Interrupted",
      "2900 TurnStarted 2 2900",
      "3940 TurnEnded 2 two."
    ])
  })

  it("a final transcript that only improves punctuation revises the text, and keeps the reply", () => {
    const found = lines(
      { ...still, speculations: 0 },
      speech(1000),
      partial(1900, "a table"),
      predict(1900, "a table", { endOfTurn: 1 }),
      silence(2000),
      final(2700, "A table.")
    )
    assert.deepStrictEqual(found.slice(1), ["2600 TurnEnded 1 a table", "2700 TurnRevised 1 A table."])
  })

  it("words that arrive long after an abandoned turn are answered", () => {
    const found = lines(still, speech(1000), silence(2000), final(4150, "Are you open today?"))
    assert.deepStrictEqual(found.slice(1), [
      "4000 TurnAbandoned 1 false",
      "4150 TurnStarted 2 4150",
      "4270 TurnTentative 2 Are you open today?",
      "5190 TurnCommitted 2 Are you open today?"
    ])
  })

  it("a cancelled reply cannot start speaking", () => {
    const { floor } = play(still, [...table, final(2550, "For two."), speaks(2560, 0)], 2600)
    assert.strictEqual(Floor.agent(floor), "Quiet")
    assert.strictEqual(Floor.generation(floor), 1)
  })

  it("the sound of a cancelled reply does not make a turn final", () => {
    const found = lines(still, ...table, final(2550, "For two."), heard(3100, 0), final(3150, "Tonight."))
    assert.deepStrictEqual(
      found.filter((line) => line.includes("TurnStarted")),
      ["1064 TurnStarted 1 1000"]
    )
    assert.strictEqual(found.at(-1), "3250 TurnEnded 1 I would like a table. For two. Tonight.")
  })
})

describe("Floor: overlap", () => {
  it("speech pauses the agent at once, and a word interrupts it", () => {
    assert.deepStrictEqual(
      lines(still, ...greeting, speech(2000), partial(2300, "stop"), silence(2400), final(2500, "Stop.")),
      [
        "2064 Pause",
        "2300 Cut 1 Interrupted",
        "2300 TurnStarted 1 2000",
        "2520 TurnTentative 1 Stop.",
        "3440 TurnCommitted 1 Stop."
      ]
    )
  })

  it("a cough pauses the agent, which continues 600 ms after it", () => {
    assert.deepStrictEqual(lines(still, ...greeting, speech(2000), silence(2300)), ["2064 Pause", "2900 Resume"])
  })

  it("backchannel words let the agent continue, and are not a turn", () => {
    assert.deepStrictEqual(lines(still, ...greeting, speech(2000), silence(2300), final(2400, "Uh-huh. Okay.")), [
      "2064 Pause",
      "2500 Resume",
      "3500 Ignored Uh-huh. Okay. Backchannel"
    ])
  })

  it("the same words are an answer if the agent was about to finish", () => {
    const found = lines(still, ...greeting, speech(2000), silence(2300), final(2400, "Yes."), quiet(3000))
    assert.deepStrictEqual(found.slice(0, 3), ["2064 Pause", "2500 Resume", "3000 TurnStarted 1 2000"])
    assert.strictEqual(found.at(-1), "3340 TurnCommitted 1 Yes.")
  })

  it("a detector can recognise other backchannel words", () => {
    const yes = lines(
      still,
      ...greeting,
      predict(2390, "oui oui", { endOfTurn: 1, backchannel: 0.9 }),
      final(2400, "oui oui")
    )
    assert.deepStrictEqual(yes, ["3400 Ignored oui oui Backchannel"])
    const no = lines(still, ...greeting, final(2400, "okay"), predict(2450, "okay", { endOfTurn: 1, backchannel: 0.1 }))
    assert.strictEqual(no[0], "2450 Cut 1 Interrupted")
  })

  it("fewer words than an interruption requires let the agent continue", () => {
    const policy = { ...still, minWords: 2 }
    const start = [...greeting, speech(2000), partial(2300, "Boston")]
    assert.deepStrictEqual(lines(policy, ...start, silence(2400)).slice(1), [
      "3000 Resume",
      "4000 Ignored Boston TooFew"
    ])
    assert.strictEqual(lines(policy, ...start, partial(2500, "Boston please"))[1], "2500 Cut 1 Interrupted")
  })

  it("without partials, 400 ms of speech interrupt", () => {
    assert.deepStrictEqual(lines(deaf, ...greeting, speech(2000), silence(3000), final(3300, "Stop it.")).slice(0, 3), [
      "2064 Pause",
      "2400 Cut 1 Interrupted",
      "2400 TurnStarted 1 2000"
    ])
    assert.deepStrictEqual(lines(deaf, ...greeting, speech(2000), silence(2300)), ["2064 Pause", "2900 Resume"])
  })

  it("noise that interrupted the agent is reported as such, so that its words can be resumed", () => {
    const found = lines(deaf, ...greeting, speech(2000), silence(3000))
    assert.strictEqual(found.at(-1), "5000 TurnAbandoned 1 true")
  })

  it("a pause kept up by noise ends", () => {
    assert.deepStrictEqual(lines(still, ...greeting, speech(2000)), ["2064 Pause", "5000 Resume"])
  })

  it("a pause that noise renews again and again ends, and after three the noise is ignored", () => {
    const noise = Array.from({ length: 40 }, (_, index) => [
      speech(2000 + 400 * index),
      silence(2200 + 400 * index)
    ]).flat()
    const found = lines(still, ...greeting, ...noise)
    assert.deepStrictEqual(found.slice(0, 2), ["2064 Pause", "5064 Resume"])
    assert.lengthOf(
      found.filter((line) => line.endsWith("Pause")),
      still.falsePauses
    )
  })

  it("a word still interrupts while noise is ignored", () => {
    const noise = Array.from({ length: 40 }, (_, index) => [
      speech(2000 + 400 * index),
      silence(2200 + 400 * index)
    ]).flat()
    const found = lines(still, ...greeting, ...noise, final(18_300, "stop"))
    assert.include(found, "18300 Cut 1 Interrupted")
  })

  it("a pause in which the agent finishes is over", () => {
    const { floor, lines } = play(still, [...greeting, speech(2000), quiet(2100)], 2200)
    assert.deepStrictEqual(lines, ["2064 Pause", "2100 Resume", "2100 TurnStarted 1 2000"])
    assert.strictEqual(Floor.agent(floor), "Quiet")
  })

  it("the agent does not start to speak while the user is speaking", () => {
    const found = lines(still, speech(1000), speaks(1200), silence(1500))
    assert.deepStrictEqual(found.slice(0, 3), ["1064 TurnStarted 1 1000", "1200 Pause", "2100 Resume"])
  })

  it("uninterruptible speech is finished, and the user's words are answered afterwards", () => {
    assert.deepStrictEqual(
      lines(
        still,
        speaks(1000, 0, false),
        speech(2000),
        silence(2500),
        final(2600, "What does that mean?"),
        quiet(4000)
      ),
      ["4000 TurnStarted 1 2000", "4000 TurnEnded 1 What does that mean?"]
    )
  })

  it("a word during uninterruptible speech interrupts what follows it", () => {
    assert.deepStrictEqual(
      lines(still, speaks(1000, 0, false), speech(2000), silence(2500), final(2600, "Stop!"), speaks(4000)).slice(0, 2),
      ["4000 Cut 1 Interrupted", "4000 TurnStarted 1 2000"]
    )
  })

  it("an echo of the agent's voice does not interrupt it, but a real word at the same moment does", () => {
    const browser = { ...still, echo: true }
    const echo = [
      ...greeting,
      said(1500, "would you like"),
      said(2000, "a table"),
      speech(1700),
      partial(2100, "would")
    ]
    assert.deepStrictEqual(
      lines(browser, ...echo, partial(2300, "would you like"), silence(2400), final(2500, "would you like")),
      ["1764 Pause", "2500 Ignored would you like Echo", "3000 Resume"]
    )
    assert.include(lines(browser, ...echo, partial(2300, "would stop")), "2300 Cut 1 Interrupted")
  })

  it("words the agent said a while ago count as the user's", () => {
    const found = lines(
      { ...still, echo: true },
      ...greeting,
      said(1500, "red or blue"),
      quiet(2000),
      speech(3000),
      final(3400, "or blue")
    )
    assert.include(found, "3064 TurnStarted 1 3000")
    assert.isFalse(found.some((line) => line.includes("Ignored")))
  })

  it("a telephone key interrupts the agent if the policy says so", () => {
    assert.deepStrictEqual(lines(still, ...greeting, dtmf(2000, "1")), ["2000 Cut 1 Key"])
    assert.deepStrictEqual(lines({ ...still, keysCut: false }, ...greeting, dtmf(2000, "1")), [])
  })
})

describe("Floor: a turn without a word", () => {
  it("a cough ends without a turn", () => {
    assert.deepStrictEqual(lines(still, speech(1000), silence(1200)), [
      "1064 TurnStarted 1 1000",
      "3200 TurnAbandoned 1 false"
    ])
  })

  it("blank text is not a turn", () => {
    assert.deepStrictEqual(
      lines(still, speech(1000), silence(1200), final(1300, " ... ")).at(-1),
      "3200 TurnAbandoned 1 false"
    )
  })

  it("endless sound is not a turn", () => {
    assert.deepStrictEqual(lines(still, speech(1000)).at(-1), "4000 TurnAbandoned 1 false")
  })
})

describe("Floor: a recogniser that detects turns", () => {
  it("ends turns, and its eager end starts a reply", () => {
    assert.deepStrictEqual(
      lines(stt, speech(1000), partial(1500, "a"), eagerEnd(2100, "a table"), sttEnded(2300, "a table")),
      [
        "1064 TurnStarted 1 1000",
        "2100 TurnTentative 1 a table",
        "2300 TurnCommitted 1 a table",
        "2300 Pause",
        "5100 Resume"
      ]
    )
  })

  it("can take back an eager end", () => {
    const found = lines(
      stt,
      eagerEnd(2100, "a table"),
      sttResumed(2200),
      partial(2400, "a table for"),
      sttEnded(2700, "a table for two")
    )
    assert.deepStrictEqual(found, [
      "2100 TurnStarted 1 2100",
      "2100 TurnTentative 1 a table",
      "2200 TurnResumed 1",
      "2700 TurnEnded 1 a table for two"
    ])
  })

  it("does not end a turn by silence before the timeout", () => {
    const found = lines(stt, speech(1000), partial(1500, "a table"), silence(2000))
    assert.strictEqual(found.at(-1), "8000 TurnEnded 1 a table")
  })

  it("two turns of the recogniser before the reply become one", () => {
    const found = lines(stt, sttEnded(2000, "a table"), sttEnded(2400, "for two"))
    assert.deepStrictEqual(found.slice(-3), [
      "2400 Cut 1 Reopened",
      "2400 TurnResumed 1",
      "2400 TurnEnded 1 a table for two"
    ])
  })
})

describe("Floor: push to talk", () => {
  const push: FloorPolicy.FloorPolicy = { ...FloorPolicy.pushToTalk, fillers: 0 }

  it("the key starts and ends a turn, and speech does not", () => {
    assert.deepStrictEqual(
      lines(
        push,
        speech(500),
        silence(900),
        pressed(1000),
        partial(1500, "a table"),
        silence(1800),
        released(2000),
        final(2200, "a table.")
      ),
      ["1000 TurnStarted 1 1000", "2200 TurnEnded 1 a table."]
    )
  })

  it("waits half a second for a final transcript", () => {
    assert.deepStrictEqual(
      lines(push, pressed(1000), partial(1500, "a table"), released(2000)).at(-1),
      "2500 TurnEnded 1 a table"
    )
  })

  it("the key interrupts the agent at once", () => {
    assert.deepStrictEqual(lines(push, ...greeting, pressed(2000)).slice(0, 2), [
      "2000 Cut 1 Interrupted",
      "2000 TurnStarted 1 2000"
    ])
  })

  it("a key pressed and released without a word is not a turn", () => {
    assert.deepStrictEqual(lines(push, pressed(1000), released(1500)).at(-1), "3500 TurnAbandoned 1 false")
  })
})

describe("Floor: silence", () => {
  const { telephone } = FloorPolicy

  it("a silent caller is asked twice, and then the call ends", () => {
    assert.deepStrictEqual(
      play(telephone, [speaks(0), quiet(2000), speaks(10_100), quiet(11_000), speaks(19_100), quiet(20_000)], 40_000)
        .lines,
      ["10000 Reprompt 1", "19000 Reprompt 2", "28000 Leave"]
    )
  })

  it("an agent that says nothing when prompted does not stop this", () => {
    assert.deepStrictEqual(play(telephone, [], 40_000).lines, ["8000 Reprompt 1", "16000 Reprompt 2", "24000 Leave"])
  })

  it("nothing happens while a tool runs; the wait starts over afterwards", () => {
    assert.deepStrictEqual(play(telephone, [tools(1000, true), tools(30_000, false)], 39_000).lines, [
      "38000 Reprompt 1"
    ])
  })

  it("nothing happens while the agent speaks or thinks", () => {
    assert.deepStrictEqual(play(telephone, [speaks(1000)], 60_000).lines, [])
    assert.deepStrictEqual(play(telephone, [thinks(1000)], 60_000).lines, [])
  })

  it("nothing happens while the user speaks, and words restart the count", () => {
    const found = play(
      telephone,
      [tick(9000), speech(9500), silence(10_000), final(10_100, "Sorry."), quiet(12_000)],
      21_000
    ).lines
    assert.deepStrictEqual(
      found.filter((line) => line.includes("Reprompt")),
      ["8000 Reprompt 1", "20000 Reprompt 1"]
    )
  })

  it("a key of the telephone is a sign of life", () => {
    assert.deepStrictEqual(play(telephone, [tick(9000), dtmf(9500, "1")], 18_000).lines, [
      "8000 Reprompt 1",
      "17500 Reprompt 1"
    ])
  })
})

describe("Floor: a reply that takes long", () => {
  it("is bridged once, and not while the user is audible", () => {
    const policy = { ...still, fillers: 1 }
    assert.deepStrictEqual(lines(policy, ...table).at(-1), "3900 Filler 1 1")
    assert.deepStrictEqual(lines(policy, ...table, speaks(3000), heard(3100)), tableTurn)
  })

  it("keeps the turn open during a filler", () => {
    const found = lines({ ...still, fillers: 1 }, ...table, speaks(4000), final(4300, "For two."))
    assert.include(found, "4300 TurnResumed 1")
  })
})

describe("Floor: its state", () => {
  it("shows what the user is doing", () => {
    const at = (until: number) =>
      Floor.user(
        play(
          still,
          table.filter((event) => event.at <= until),
          until
        ).floor
      )
    assert.deepStrictEqual([at(900), at(1500), at(2300), at(2500)], ["Silent", "Speaking", "Pausing", "Silent"])
  })

  it("shows the words and the silence for a detector to judge", () => {
    const { floor } = play(still, table.slice(0, 3), 2200)
    assert.strictEqual(Floor.transcript(floor), "I would like")
    assert.strictEqual(Floor.silenceMs(floor), 200)
  })

  it("is plain data", () => {
    const { floor } = play(still, table, 2300)
    assert.deepStrictEqual(structuredClone(floor), floor)
  })
})
