import { assert, describe, it } from "@effect/vitest"
import * as JsonText from "../src/JsonText.ts"

const circular: Record<string, unknown> = { a: 1 }
circular["self"] = circular

/** Values, and how Python's `json.dumps` writes them. */
const written: ReadonlyArray<readonly [value: unknown, text: string]> = [
  [{}, "{}"],
  [[], "[]"],
  [[1, "a", null, true], '[1, "a", null, true]'],
  [{ a: 1, b: { c: [2, 3] } }, '{"a": 1, "b": {"c": [2, 3]}}'],
  [{ a: undefined, b: 1 }, '{"b": 1}'],
  [[undefined], "[null]"],
  ["é “q” \u007f 👍", '"\\u00e9 \\u201cq\\u201d \\u007f \\ud83d\\udc4d"'],
  ['say "no"\\\n\t', '"say \\"no\\"\\\\\\n\\t"'],
  [{ 'a "b"': 1, é: 2 }, '{"a \\"b\\"": 1, "\\u00e9": 2}'],
  [[Number.NaN, Infinity, -Infinity, -1.5e-7], "[NaN, Infinity, -Infinity, -1.5e-7]"],
  [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  [new Error("broken"), '"Error: broken"'],
  [circular, '{"a": 1, "self": "[Circular]"}'],
  [{ f: () => 1, n: 5n }, '{"f": "[Function]", "n": "5"}']
]

describe("JsonText", () => {
  for (const [value, text] of written) {
    it(`writes ${text}`, () => {
      assert.strictEqual(JsonText.stringify(value), text)
    })
  }

  it("writes numbers that are not finite under other names if asked to", () => {
    assert.strictEqual(JsonText.stringify([Number.NaN, Infinity], "null"), "[null, null]")
  })

  it("never throws", () => {
    const thrower = {
      get a() {
        throw new Error("no")
      }
    }
    assert.strictEqual(JsonText.stringify({ thrower, b: 1 }), '{"thrower": "[unserialisable]", "b": 1}')
  })
})
