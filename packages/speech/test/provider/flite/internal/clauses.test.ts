import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Clauses from "../../../../src/provider/flite/internal/clauses.ts"

const textsOf = (text: string) => Clauses.of(text).map(({ words }) => words.join(" "))

describe("clauses", () => {
  for (const [name, text, clauses] of [
    ["nothing has none", "", []],
    ["nor has white space", " \n\t ", []],
    ["sentences are divided", "Hello there. How are you? Fine!", ["Hello there.", "How are you?", "Fine!"]],
    [
      "the first comma counts early, later ones after four words",
      "Well, yes, so it is, and then we all go home, you see.",
      ["Well, yes,", "so it is, and then we all go home,", "you see."]
    ],
    [
      "titles and abbreviations end no sentence",
      "Dr. Smith met Mr. J. Doe of the U.S.A. today.",
      ["Dr. Smith met Mr. J. Doe of the U.S.A. today."]
    ],
    [
      "closing quotes belong to the end",
      'She said "stop." Then "go!" (really.) Yes',
      ['She said "stop."', 'Then "go!"', "(really.)", "Yes"]
    ],
    ["a number with a point is one word", "It costs 3.50 today", ["It costs 3.50 today"]],
    ["words stay as they were written", "caf\u00e9 \u{1f600} \u2014 ok", ["caf\u00e9 \u{1f600} \u2014", "ok"]]
  ] as const) {
    it(name, () => assert.deepStrictEqual(textsOf(text), [...clauses]))
  }

  it("pauses longer after sentences than after commas", () => {
    const [comma, sentence] = Clauses.of("For you, madam. Yes")
    assert.isAbove(sentence!.pauseMs, comma!.pauseMs)
  })

  it("splits a long one after twelve words or 120 letters, and isolates a very long word", () => {
    const words = Array.from({ length: 30 }, (_, i) => `w${i}`)
    assert.deepStrictEqual(
      Clauses.of(words.join(" ")).map((clause) => clause.words.length),
      [12, 12, 6]
    )
    assert.deepStrictEqual(
      Clauses.of(`a ${"b".repeat(500)} c`).map((clause) => clause.words.length),
      [1, 1, 1]
    )
  })

  it.effect.prop(
    "loses, repeats or changes no word, and makes no empty clause",
    { text: Schema.String.check(Schema.isMaxLength(400)) },
    ({ text }) =>
      Effect.sync(() => {
        const clauses = Clauses.of(text)
        assert.deepStrictEqual(
          clauses.flatMap(({ words }) => words),
          text.match(/\S+/g) ?? []
        )
        for (const { words } of clauses) assert.isAbove(words.length, 0)
      }),
    { arbitrary: { runs: 300, seed: 2 } }
  )
})
