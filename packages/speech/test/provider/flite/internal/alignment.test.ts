import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Alignment from "../../../../src/provider/flite/internal/alignment.ts"

const segmentsOf = (text: string) =>
  Alignment.parse(
    text
      .split(" ")
      .filter((symbol) => symbol !== "")
      .map((symbol, i) => `${symbol}:${((i + 1) / 10).toFixed(3)}`)
      .join(" ")
  )
const dealt = (spoken: string, words: ReadonlyArray<string>) =>
  Alignment.deal(
    segmentsOf(spoken),
    words.map((word) => word.split(" ").filter((symbol) => symbol !== ""))
  ).map((segments) => segments.map(({ symbol }) => symbol).join(" "))

describe("alignment", () => {
  it("reads flite's output", () => {
    assert.deepStrictEqual(Alignment.parse("pau:0.222 y:0.299 ao:0.356 \n"), [
      { symbol: "pau", start: 0, end: 0.222 },
      { symbol: "y", start: 0.222, end: 0.299 },
      { symbol: "ao", start: 0.299, end: 0.356 }
    ])
    assert.deepStrictEqual(Alignment.parse("\n"), [])
  })

  for (const [name, spoken, words, expected] of [
    ["deals sounds out to words", "pau y ao r t ey b ax l pau", ["y ao r", "t ey b ax l"], ["y ao r", "t ey b ax l"]],
    ["passes over pauses within", "pau y ao r pau t uw pau", ["y ao r", "t uw"], ["y ao r", "t uw"]],
    ["a sound may be another in the sentence", "dh iy eh n d", ["dh ax", "eh n d"], ["dh iy", "eh n d"]],
    ["a sound may be missing", "w ah d y uw", ["w ah t d", "y uw"], ["w ah d", "y uw"]],
    ["a sound may be added", "p ih n k s ey", ["p ih n", "s ey"], ["p ih n k", "s ey"]],
    ["a word may have no sounds", "y ao r t uw", ["y ao r", "", "t uw"], ["y ao r", "", "t uw"]],
    ["nothing is known of any word", "y ao r", ["", ""], ["", ""]],
    ["nothing is spoken", "pau", ["y ao r"], [""]]
  ] as const) {
    it(name, () => assert.deepStrictEqual(dealt(spoken, words), [...expected]))
  }

  const Symbols = Schema.Array(Schema.Literals(["a", "b", "c", "pau"])).check(Schema.isMaxLength(20))
  const Words = Schema.Array(Schema.Array(Schema.Literals(["a", "b", "c"])).check(Schema.isMaxLength(4))).check(
    Schema.isMaxLength(6)
  )
  it.effect.prop(
    "assigns every sound to exactly one word, in order",
    { spoken: Symbols, words: Words },
    ({ spoken, words }) =>
      Effect.sync(() => {
        const segments = segmentsOf(spoken.join(" "))
        const result = Alignment.deal(segments, words).flat()
        const expected = words.flat().length === 0 ? [] : segments.filter(({ symbol }) => symbol !== "pau")
        assert.deepStrictEqual(result, expected)
      }),
    { arbitrary: { runs: 300, seed: 4 } }
  )
})
