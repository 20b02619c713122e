import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Document from "../../src/knowledge/Document.ts"
import { forAll } from "../support/forAll.ts"

const cut = (text: string, options?: Document.Cut) =>
  Document.passages({ id: "d", text }, options).map(({ text }) => text)

describe("Document", () => {
  it("leaves a short text whole, and makes no passage of an empty one", () => {
    assert.deepStrictEqual(cut("One. Two."), ["One. Two."])
    assert.deepStrictEqual(cut(" \n\n "), [])
    assert.deepStrictEqual(cut("# A heading alone"), [])
  })

  it("keeps headings apart, and names the heading above each passage", () => {
    const text =
      "Intro.\n# Shop\nWe sell tea.\n## Hours\nNine to five.\n\nClosed on Sunday.\n# Returns\nWithin 30 days.\n#hashtag"
    assert.deepStrictEqual(
      Document.passages({ id: "d", text, title: "Help", url: "https://a.test", metadata: { lang: "en" } }).map(
        ({ headings, position, text }) => [position, headings.join("/"), text]
      ),
      [
        [0, "", "Intro."],
        [1, "Shop", "We sell tea."],
        [2, "Shop/Hours", "Nine to five.\n\nClosed on Sunday."],
        [3, "Returns", "Within 30 days.\n#hashtag"]
      ]
    )
  })

  it("reads any text: without what databases refuse, and with lines that only look like headings", () => {
    assert.deepStrictEqual(cut("\ufeffa\0b\ud800c"), ["ab\ufffdc"])
    const heading = `# ${"word ".repeat(100).trim()}`
    assert.deepStrictEqual(cut(heading), [heading])
    const code = "```\n# no heading\n```\ntext"
    assert.deepStrictEqual(cut(code), [code])
    assert.deepStrictEqual(cut("😀a😀", { size: 0 }).join(""), "😀a😀")
  })

  it("ends passages with sentences, and repeats the last sentence", () => {
    assert.deepStrictEqual(cut("Alpha one. Beta two. Gamma three. Delta four.", { size: 24, overlap: 12 }), [
      "Alpha one. Beta two.",
      "Beta two. Gamma three.",
      "Delta four."
    ])
    assert.deepStrictEqual(cut("Alpha one. Beta two. Gamma three.", { size: 24, overlap: 0 }), [
      "Alpha one. Beta two.",
      "Gamma three."
    ])
  })

  const alphabet = ["a", "bc ", ". ", "!\n", "\n\n", "# h\n", "👋", "東京。", " ", "word"]

  forAll("loses no word, and makes no passage longer than was asked for", (random) =>
    Effect.sync(() => {
      const size = 4 + Math.floor(random.next() * 60)
      const overlap = Math.floor(random.next() * 20)
      const text = Array.from({ length: 200 }, () => random.pick(alphabet)).join("")
      const passages = Document.passages({ id: "d", text }, { size, overlap: 0 })
      const words = (text: string) => text.replaceAll(/\s/g, "")
      const body = text
        .split("\n")
        .filter((line) => !/^#{1,6} /.test(line))
        .join("\n")
      assert.strictEqual(words(passages.map(({ text }) => text).join("")), words(body))
      for (const passage of [...passages, ...Document.passages({ id: "d", text }, { size, overlap })]) {
        assert.isAtMost(passage.text.length, size)
        assert.isTrue(passage.text.isWellFormed())
      }
    })
  )

  it("costs time in proportion to its length", () => {
    for (const text of ["#".repeat(400_000), "a".repeat(400_000), "a. ".repeat(100_000), "\n".repeat(400_000)]) {
      assert.isAtLeast(cut(text).length, 0)
    }
  }, 20_000)
})
