import { assert, describe, it } from "@effect/vitest"
import { ObjectText } from "../../../src/agent/internal/objectText.ts"
import { hard, linear } from "../../support/linear.ts"

/** What is spoken of a text that arrives in pieces of a length, and the object. */
const read = (text: string, length = text.length, speak: ReadonlyArray<string> = ["say"]) => {
  const object = new ObjectText(speak)
  const spoken: Array<string> = []
  for (let at = 0; at < text.length; at += length) spoken.push(object.push(text.slice(at, at + length)))
  return { spoken, speech: spoken.join(""), value: object.value }
}

const whole = {
  mood: "calm",
  say: 'Hello "Ann",\nhow are you? \\ 👍 é',
  nested: { say: "not this", list: [{ say: "{" }, "]", '"'] },
  n: -1.5,
  is: true,
  none: null,
  more: "also not"
}

describe("an object being written", () => {
  const texts = {
    "without spaces": JSON.stringify(whole),
    "with spaces": JSON.stringify(whole, null, 2),
    "with escapes": JSON.stringify(whole).replace(
      /[^\x20-\x7e]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`
    ),
    "in a fence": `\`\`\`json\n${JSON.stringify(whole)}\n\`\`\``,
    "with more behind it": `${JSON.stringify(whole)}\n${JSON.stringify(whole)} I hope {this} helps.`
  }
  for (const [kind, text] of Object.entries(texts)) {
    it(`yields the words of its field wherever its text is cut: ${kind}`, () => {
      for (let length = 1; length <= text.length; length++) {
        const { speech, spoken, value } = read(text, length)
        assert.strictEqual(speech, whole.say)
        assert.deepStrictEqual(value, whole)
        // No piece ends in half a character.
        for (const piece of spoken) assert.notMatch(piece, /[\uD800-\uDBFF]$/)
      }
    })
  }

  it("speaks before it is complete", () => {
    assert.deepStrictEqual(read('{"say":"One two', 5).speech, "One two")
  })

  it("speaks several fields as they come, with a space between", () => {
    assert.strictEqual(read('{"a":"One.","x":"no","b":"Two."}', 3, ["b", "a"]).speech, "One. Two.")
  })

  it("speaks only text", () => {
    for (const value of ["null", "5", '["a"]', '{"say":"b"}']) assert.strictEqual(read(`{"say":${value}}`).speech, "")
  })

  it("reads a text with line breaks in it", () => {
    const { speech, value } = read('{"say":"One,\ntwo.",\n"n":1}', 4)
    assert.deepStrictEqual([speech, value], ["One,\ntwo.", { say: "One, two.", n: 1 }])
  })

  it("has no value if it breaks off or is something else", () => {
    for (const text of ['{"say":"One', "Hello!", "[1]", "", "{", "}{", '{"a":}', "null"]) {
      assert.isUndefined(read(text).value, text)
    }
  })
})

describe("what a model writes instead of an object", () => {
  const texts = {
    ...hard,
    "a long word": (n: number) => `{"say":"${"word ".repeat(n / 5)}`,
    escapes: (n: number) => `{"say":"${"\\n".repeat(n / 2)}"}`,
    "halves of characters": (n: number) => `{"say":"${"\\ud83d".repeat(n / 6)}"}`,
    "many fields": (n: number) => `{${'"say":"a",'.repeat(n / 10)}`,
    "nested objects": (n: number) => `{"a":${'{"a":'.repeat(n / 5)}`
  }
  linear("the reader of objects", texts, (text) => read(text, 3))
})
