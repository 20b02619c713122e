import { assert, describe, it } from "@effect/vitest"
import { PlainWords } from "../../../src/agent/internal/plainWords.ts"
import { hard, linear } from "../../support/linear.ts"

const read = (text: string, length = text.length) => {
  const words = new PlainWords()
  let said = ""
  for (let at = 0; at < text.length; at += length) said += words.push(text.slice(at, at + length))
  return said + words.flush()
}

const cases: ReadonlyArray<readonly [text: string, said: string]> = [
  ["Plain words, as they are.", "Plain words, as they are."],
  ["**Monday**: nine to six", "Monday: nine to six"],
  ["It is *very* good, and __really__ so.", "It is very good, and really so."],
  ["***Both***, ~~not this~~.", "Both, not this."],
  ["*Sunday*: `closed`", "Sunday: closed"],
  ["## Hours\n\nWe are open.", "Hours\n\nWe are open."],
  ["- one\n- two\n* three\n+ four", "one\ntwo\nthree\nfour"],
  ["  - nested\n    - more", "nested\nmore"],
  ["- **Monday**: 9–18\n- *Sunday*: `closed` 😀", "Monday: 9–18\nSunday: closed 😀"],
  ["1. First\n2. Second", "1. First\n2. Second"],
  ["> said so\n> and so", "said so\nand so"],
  ["> - **quoted** item", "quoted item"],
  ["See [our page](https://example.com/a?b=1).", "See our page."],
  ['See [it](https://a.test/b_(c) "A title").', "See it."],
  ["![A map](https://a.test/map.png) of it", "A map of it"],
  ["```ts\nconst a = 1\n```\nThat is it.", "const a = 1\nThat is it."],
  ["One.\n\n---\n\nTwo.", "One.\n\n\n\nTwo."],
  ["A \\* and a \\_.", "A * and a _."],
  // Not markup.
  ["Dial *67, then #31#.", "Dial *67, then #31#."],
  ["Press * or # now.", "Press * or # now."],
  ["Press *.", "Press *."],
  ["5 * 3 is 15, and 2*4 is 8.", "5 * 3 is 15, and 2*4 is 8."],
  ["Write to ann_lee@example.com or use snake_case_names.", "Write to ann_lee@example.com or use snake_case_names."],
  ["#1 in the list. # 2", "#1 in the list. # 2"],
  ["-5 degrees - that is cold", "-5 degrees - that is cold"],
  ["Wait... no! [laughs] Yes [1].", "Wait... no! [laughs] Yes [1]."],
  ["It costs ~5 euros.", "It costs ~5 euros."],
  ["A [b (c", "A [b (c"],
  ["Well!", "Well!"],
  ["Look ![A map](https://a.test/map.png)", "Look A map"],
  ["", ""],
  ["- ", "- "],
  ["*", "*"]
]

describe("a model's words without markup", () => {
  for (const [text, said] of cases) {
    it(`${JSON.stringify(text)} is spoken as ${JSON.stringify(said)}, wherever it is cut`, () => {
      for (let length = 1; length <= Math.max(1, text.length); length++) {
        assert.strictEqual(read(text, length), said, `in pieces of ${length}`)
      }
    })
  }

  it("words are not held back", () => {
    const words = new PlainWords()
    assert.strictEqual(words.push("Of"), "Of")
    assert.strictEqual(words.push(" course"), " course")
    assert.strictEqual(words.push(", **An"), ", An")
    assert.strictEqual(words.push("n"), "n")
    assert.strictEqual(words.push("*"), "")
    assert.strictEqual(words.push("*."), ".")
    assert.strictEqual(words.push(" Goodbye!"), " Goodbye!")
  })

  it("a reply after another one starts a new line", () => {
    const words = new PlainWords()
    assert.strictEqual(words.push("One.") + words.flush(), "One.")
    assert.strictEqual(words.push("- two") + words.flush(), "two")
  })
})

describe("markup of any length", () => {
  const texts = {
    ...hard,
    "links that do not end": (n: number) => "[a](b".repeat(n / 5),
    "a link that does not end": (n: number) => `[a](${"b".repeat(n)}`,
    "rules and bullets": (n: number) => "- ".repeat(n / 2),
    emphasis: (n: number) => "**a* _".repeat(n / 6),
    fences: (n: number) => "```a\n".repeat(n / 5),
    underscores: (n: number) => "_".repeat(n),
    tildes: (n: number) => "~".repeat(n),
    hashes: (n: number) => "#".repeat(n)
  }
  linear("the reader of words", texts, (text) => read(text, 3))
})
