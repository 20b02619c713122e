import { assert, describe, it } from "@effect/vitest"
import * as SpokenText from "../../../../src/model/internal/provider/spokenText.ts"

const read = (chunks: ReadonlyArray<string>, options?: SpokenText.Options) => {
  const reader = new SpokenText.SpokenText(options)
  const pieces = [...chunks.flatMap((chunk) => reader.push(chunk)), ...reader.flush()]
  const of = (kind: SpokenText.Piece["kind"]) =>
    pieces.flatMap((piece) => (piece.kind === kind ? [piece.text] : [])).join("")
  return { said: of("text"), thought: of("reasoning") }
}

describe("spokenText", () => {
  const cases: ReadonlyArray<readonly [what: string, text: string, said: string, thought: string]> = [
    ["plain words", "Hello, wörld 👋", "Hello, wörld 👋", ""],
    ["a thought before the words", "<think>\nHm, hello.\n</think>\n\nHello!", "Hello!", "\nHm, hello.\n"],
    ["an empty thought", "<think>\n\n</think>\n\nHello!", "Hello!", "\n\n"],
    ["tags in capitals", "<THINK>x</Think>Hello", "Hello", "x"],
    ["other tags", "<thinking>a</thinking><thought>b</thought>Hi", "Hi", "ab"],
    ["Mistral's tags", "[THINK]Hm[/THINK]Hi", "Hi", "Hm"],
    ["Kimi's tags", "◁think▷Hm◁/think▷Hi", "Hi", "Hm"],
    ["a thought in the middle", "One. <think>hm</think>Two.", "One. Two.", "hm"],
    ["a thought that never ends", "<think>Hm, so", "", "Hm, so"],
    ["another tag within a thought", "<think>a <b> </thin c</think>Hi", "Hi", "a <b> </thin c"],
    ["a closing tag alone", "</think>\n\nHello", "Hello", ""],
    [
      "channels",
      "<|channel|>analysis<|message|>User says hi.<|end|><|start|>assistant<|channel|>final<|message|>Hello!<|return|>",
      "Hello!",
      "User says hi."
    ],
    [
      "a call on the commentary channel",
      '<|channel|>commentary to=functions.weather <|constrain|>json<|message|>{"city":"Oslo"}<|call|>',
      "",
      '{"city":"Oslo"}'
    ],
    ["a preamble", "<|channel|>commentary<|message|>One moment.<|end|>", "One moment.", ""],
    ["a message without a channel", "<|start|>assistant<|message|>Hi<|end|>", "Hi", ""],
    ["an end token", "Bye.<|im_end|>", "Bye.", ""],
    ["what only looks like a marker", "2 < 3, a <b>, [1], [Th], <|x, <", "2 < 3, a <b>, [1], [Th], <|x, <", ""]
  ]
  for (const [what, text, said, thought] of cases) {
    it(`reads ${what}, however it is cut`, () => {
      for (let size = 1; size <= text.length; size++) {
        const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, n) =>
          text.slice(n * size, (n + 1) * size)
        )
        assert.deepStrictEqual(read(chunks), { said, thought }, `in chunks of ${size}`)
      }
    })
  }

  it("holds nothing back that cannot be a marker", () => {
    const reader = new SpokenText.SpokenText()
    assert.deepStrictEqual(reader.push("2 < 3"), [
      { kind: "text", text: "2 " },
      { kind: "text", text: "<" },
      { kind: "text", text: " 3" }
    ])
  })

  it("a reply that may start in a thought is a thought up to the closing tag, or all words", () => {
    const options = { mayBeginInThought: true }
    assert.deepStrictEqual(read(["Hm, so", " they</th", "ink>\n\nHello."], options), {
      said: "Hello.",
      thought: "Hm, so they"
    })
    assert.deepStrictEqual(read(["Hello", " you."], options), { said: "Hello you.", thought: "" })
    assert.deepStrictEqual(read(["<think>Hm</think>Hello."], options), { said: "Hello.", thought: "Hm" })
  })

  it("looks for no thoughts in the text if the provider sends them separately", () => {
    const reader = new SpokenText.SpokenText({ mayBeginInThought: true })
    assert.deepStrictEqual(reader.thoughtApart(), [])
    assert.deepStrictEqual(reader.push("Hello"), [{ kind: "text", text: "Hello" }])
  })

  it("takes time in proportion to the length of the text", () => {
    for (const unit of ["<", "<think></think>", "<think>a", "<|", "<|channel|>", "[", "a </thin"]) {
      const reader = new SpokenText.SpokenText()
      reader.push("<think>")
      let length = 0
      for (const text of [unit.repeat(200_000), "</think>", unit.repeat(200_000)]) {
        for (const piece of reader.push(text)) length += piece.text.length
      }
      assert.isAtLeast(length + reader.flush().length, 0)
    }
  })
})
