import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TurnDetector from "../src/TurnDetector.ts"
import * as Pauses from "../src/turn/internal/pauses.ts"

const judge = (transcript: string, asked = "", ...languages: ReadonlyArray<string>) =>
  TurnDetector.judgeText(
    { transcript, history: asked === "" ? [] : [{ role: "agent", text: asked }] },
    languages.length === 0 ? {} : { languages }
  )

// Each row: complete sentences, and incomplete ones.
const sentences: { readonly [language: string]: readonly [over: ReadonlyArray<string>, open: ReadonlyArray<string>] } =
  {
    en: [
      [
        "I would like a table.",
        "Are you open today?",
        "yes please",
        "That's all, thanks",
        "I'd rather not.",
        "I'd like that."
      ],
      [
        "I would like a",
        "I would like a.",
        "and then um",
        "my number is",
        "it's because",
        "well, I",
        "hold on",
        "Let me check.",
        "five, six,"
      ]
    ],
    de: [
      [
        "Ich hätte gern einen Tisch.",
        "Haben Sie heute offen?",
        "ja gerne",
        "Das war alles, vielen Dank",
        "Ich rufe später an."
      ],
      ["ich hätte gern einen", "und dann ähm", "meine nummer ist", "weil", "einen Moment", "Warten Sie."]
    ],
    es: [
      ["Quiero una mesa.", "¿Están abiertos hoy?", "sí por favor", "eso es todo, gracias"],
      ["quiero una", "y luego eh", "mi número es", "porque", "un momento", "Déjeme ver."]
    ],
    fr: [
      ["Je voudrais une table.", "Vous êtes ouverts ?", "oui s'il vous plaît", "C'est tout, merci"],
      ["je voudrais une", "et puis euh", "mon numéro c'est", "parce que", "un instant", "Attendez."]
    ],
    ja: [
      ["予約をお願いします", "今日は開いていますか", "はい"],
      ["予約を", "それで", "電話番号は", "ちょっと待ってください"]
    ],
    zh: [
      ["我要订一张桌子吗？", "谢谢", "好的"],
      ["我想", "但是", "我的电话是", "等一下"]
    ]
  }

describe("TurnDetector: words", () => {
  for (const [language, [over, open]] of Object.entries(sentences)) {
    for (const text of over) {
      it(`${language}: "${text}" is complete`, () => assert.isAtLeast(judge(text, "", language), 0.7))
    }
    for (const text of open) {
      it(`${language}: "${text}" is incomplete`, () => assert.isAtMost(judge(text, "", language), 0.3))
    }
  }

  it("a word of another language does not keep a turn open", () => {
    assert.isAtLeast(judge("He sits in his den."), 0.7)
    assert.isAtLeast(judge("I have a car, a Mercedes.", "", "en", "klingon"), 0.7)
  })

  it("a text without a word is never complete", () => assert.isAtMost(judge(" ... "), 0.2))

  it("words without punctuation score in between", () => {
    const unknown = judge("I was looking for a table tonight at eight or nine people")
    assert.isAbove(unknown, judge("I was looking for"))
    assert.isBelow(unknown, judge("I was looking for a table."))
  })

  const asked = "What is your phone number?"

  it("expected digits keep a turn open until they are all there", () => {
    assert.isAtMost(judge("555 123", asked), 0.05)
    assert.isAtMost(judge("555 123.", asked), 0.05)
    assert.isAtMost(judge("five five five one two three", asked), 0.05)
    assert.isAtLeast(judge("555 123 4567", asked), 0.9)
    assert.isAtLeast(judge("five five five one two three four five six seven", asked), 0.9)
  })

  it("other numbers do not keep a turn open", () => {
    assert.isAtLeast(judge("For 4.", "For how many people?"), 0.9)
    assert.isAtLeast(judge("I don't have one.", asked), 0.9)
  })

  it("only the agent's last question counts", () => {
    const history = [
      { role: "agent" as const, text: asked },
      { role: "user" as const, text: "555 123 4567" },
      { role: "agent" as const, text: "And for how many?" }
    ]
    assert.isAtLeast(TurnDetector.judgeText({ transcript: "For 4.", history }), 0.9)
  })

  it("expects digits in other languages too", () => {
    assert.isAtMost(judge("null eins sieben", "Wie ist Ihre Telefonnummer?", "de"), 0.05)
    assert.isAtMost(judge("cero uno siete", "¿Cuál es su número de teléfono?", "es"), 0.05)
    assert.isAtMost(judge("zéro six douze", "Quel est votre numéro de téléphone ?", "fr"), 0.05)
  })
})

describe("TurnDetector: the caller's pauses", () => {
  const input = (transcript: string) => ({ transcript, history: [], silenceMs: 0 })
  const wait = (detector: TurnDetector.Detector, transcript: string) => detector.judge(input(transcript)).waitMs!

  it("waits less after words that look complete", () => {
    const detector = TurnDetector.makeAdaptive()
    assert.isBelow(wait(detector, "Are you open?"), wait(detector, "I was looking for a table"))
    assert.isBelow(wait(detector, "I was looking for a table"), wait(detector, "I was looking for a"))
  })

  it("waits longer for a caller who pauses long, and less for one who does not", () => {
    const slow = TurnDetector.makeAdaptive()
    const fast = TurnDetector.makeAdaptive()
    const text = "I was looking for a table"
    const before = wait(slow, text)
    for (let pause = 0; pause < 30; pause++) {
      slow.learn(900 + 20 * pause)
      fast.learn(150 + 3 * pause)
    }
    assert.isAbove(wait(slow, text), before)
    assert.isBelow(wait(fast, text), before)
  })

  it("is hardly changed by one odd pause", () => {
    const detector = TurnDetector.makeAdaptive()
    const before = wait(detector, "I was looking for a table")
    detector.learn(3000)
    assert.isBelow(wait(detector, "I was looking for a table"), before * 1.8)
  })

  it("stays within its bounds", () => {
    const detector = TurnDetector.makeAdaptive({ leastMs: 300, mostMs: 1500 })
    for (let pause = 0; pause < 60; pause++) detector.learn(9000)
    assert.strictEqual(wait(detector, "I was looking for a"), 1500)
    assert.isAtLeast(wait(TurnDetector.makeAdaptive({ leastMs: 300 }), "Are you open?"), 300)
  })

  it("does not share what was learned between calls", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const { make } = yield* TurnDetector.TurnDetector
        const [first, second] = [yield* make, yield* make]
        for (let pause = 0; pause < 20; pause++) first.learn(2000)
        assert.isAbove(wait(first, "so we"), 0)
        assert.notStrictEqual(wait(first, "I was looking for a table"), wait(second, "I was looking for a table"))
      }).pipe(Effect.provide(TurnDetector.TurnDetector.adaptive()))
    ))

  it("waits longer if a false cut-off costs more", () => {
    const text = "I was looking for a table"
    const waits = [500, 2000, 8000, 32_000].map((cutOffCostMs) =>
      wait(TurnDetector.makeAdaptive({ cutOffCostMs }), text)
    )
    assert.deepStrictEqual(
      waits,
      waits.toSorted((a, b) => a - b)
    )
    assert.isBelow(waits[0]!, waits[3]!)
  })

  it("computes the normal distribution", () => {
    for (const [x, share] of [
      [0, 0.5],
      [1.959964, 0.975],
      [-2.326348, 0.01],
      [3.090232, 0.999]
    ] as const) {
      assert.approximately(Pauses.normal(x), share, 1e-6)
    }
  })
})

describe("TurnDetector: the others", () => {
  const input = { transcript: "I would like a", history: [], silenceMs: 0 }

  it.effect("fromStt leaves the decision to the recogniser", () =>
    Effect.gen(function* () {
      const { make, endpointing } = yield* TurnDetector.TurnDetector
      assert.strictEqual(endpointing, "stt")
      assert.strictEqual((yield* make).judge(input).endOfTurn, 0)
    }).pipe(Effect.provide(TurnDetector.TurnDetector.fromStt))
  )

  it.effect("none takes every silence for the end", () =>
    Effect.gen(function* () {
      const { make } = yield* TurnDetector.TurnDetector
      assert.strictEqual((yield* make).judge(input).endOfTurn, 1)
    }).pipe(Effect.provide(TurnDetector.TurnDetector.none))
  )

  it.effect("text uses the given languages", () =>
    Effect.gen(function* () {
      const { make } = yield* TurnDetector.TurnDetector
      assert.isBelow((yield* make).judge({ ...input, transcript: "ich hätte gern einen" }).endOfTurn, 0.1)
    }).pipe(Effect.provide(TurnDetector.TurnDetector.text({ languages: ["de-AT"] })))
  )
})
