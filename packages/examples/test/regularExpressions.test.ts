/**
 * Regular expressions that read untrusted text. If one takes time in proportion to the square of its input, or worse, a
 * provider, a caller or a page can stop all calls of a process. So each is run over texts of n and 2n characters that
 * are made to be hard for it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as RegularExpressions from "./regularExpressions.ts"

/**
 * Sources that make expressions at run time, and why none of those can be slow. If you add one, list it here, or write
 * it as a literal, which is tested by itself.
 */
const made: Readonly<Record<string, string>> = {
  "packages/core/src/Printable.ts": "characters of a class",
  "packages/core/src/agent/WordBuffer.ts": "one character of a class",
  "packages/core/src/Script.ts": "one character of a class",
  "packages/core/src/internal/spoken/pieces.ts": "one character of a class",
  "packages/core/src/testing/internal/phone/pattern.ts": "a pattern that a test gives",
  "packages/core/src/testing/internal/phone/words.ts": "a pattern that a test gives",
  "packages/llm/src/knowledge/internal/prefetch.ts": "characters of two classes that do not overlap, in runs",
  "packages/llm/src/internal/callerWords.ts": "fixed names, with bounded runs between letters; llm's linear.test",
  "packages/llm/src/internal/imitation.ts": "fixed names of tags, with bounded runs between letters",
  "packages/llm/src/model/internal/provider/spokenText.ts":
    "fixed words; spokenText is tried as a whole in llm's linear.test",
  "packages/llm/src/internal/unspaced.ts": "one character of a class, at one end of a text",
  "packages/llm/src/model/internal/plan/seamWords.ts":
    "runs of a class and of its opposite, never both at one place; llm's linear.test",
  "packages/speech/src/Clauses.ts": "three literals side by side; speech's linear.test",
  "packages/speech/src/floor/internal/words.ts":
    "words that the application gives, and one character at one end of a text",
  "packages/speech/src/testing/internal/call/acting.ts": "a pattern that a test gives",
  "packages/speech/src/text/internal/scan.ts": "anchored, characters of a class",
  "packages/speech/src/text/internal/address.ts": "anchored, one class after another; speech's linear.test",
  "packages/speech/src/text/internal/quantity.ts": "anchored, over a quantity's length; speech's linear.test"
}

const found = RegularExpressions.all()
const written = found.flatMap(({ written }) => written)

describe("regular expressions", () => {
  it("are found wherever they are written", () => {
    const code = 'const a = /x\\/[/]/g.test(b / c) ? `${/y/u}` : "/z/"\n// /no/\nconst d = a as RegExp; new RegExp(`q`)'
    const { made, written } = RegularExpressions.inProgram("some.ts", code)
    assert.deepStrictEqual(
      written.map(({ line, pattern }) => [line, String(pattern)]),
      [
        [1, "/x\\/[/]/g"],
        [1, "/y/u"]
      ]
    )
    assert.deepStrictEqual(made, [{ file: "some.ts", line: 3 }])
    assert.isAbove(written.length + RegularExpressions.all().length, 400)
  })

  const known: ReadonlyArray<readonly [RegExp, boolean]> = [
    [/\s*\n\s*/g, true],
    [/\/+$/, true],
    [/<[^>]*>/g, true],
    [/(["'])((?:[^"']*\s){3,}[^"']*)(["'])/g, true],
    [/^(a+)+$/, true],
    [/(?<!\/)\/+$/, false],
    [/<[^<>]*>/g, false],
    [/\s+/g, false],
    [/^\p{P}*(.*\P{P})?/su, false]
  ]
  for (const [pattern, isSlow] of known) {
    it(`${String(pattern)} is known to be ${isSlow ? "slow" : "linear"}`, () => {
      assert.strictEqual(RegularExpressions.slowness(pattern) !== undefined, isSlow)
    })
  }

  const files = [...new Set(written.map(({ file }) => file))]
  it.each(files)("of %s take time in proportion to their input", (file) => {
    const slow = written.flatMap(({ file: of, line, pattern }) => {
      const why = of === file ? RegularExpressions.slowness(pattern) : undefined
      return why === undefined ? [] : [`line ${line}, ${String(pattern)}: ${why}`]
    })
    assert.deepStrictEqual(slow, [])
  })

  it("are built at run time only where the list says so", () => {
    const files = found.flatMap(({ made }) => made.map(({ file }) => file))
    assert.deepStrictEqual([...new Set(files)].toSorted(), Object.keys(made).toSorted())
  })
})
